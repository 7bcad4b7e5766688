using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;

namespace IterableFunctions.Storage;

/// <summary>
/// A queue whose messages, JSON objects, may be larger than a queue takes: those stand in a blob, and the message names it, <c>{"blob":"…"}</c>. Queue and container are created by
/// the first message.
/// </summary>
internal sealed class LargeMessages(QueueServiceClient queues, BlobServiceClient blobs, string name)
{
    /// <summary>How long work rests that the host has given up on and that is put back: it is kept for as long as it takes, for nothing else holds it.</summary>
    public static readonly TimeSpan Rest = TimeSpan.FromMinutes(30);

    /// <summary>A queue message is 64 KB of base64, so 48 KB; this leaves room.</summary>
    private const int LargestMessage = 45 * 1024;

    private readonly QueueClient _queue = queues.GetQueueClient(name);
    private readonly BlobContainerClient _large = blobs.GetBlobContainerClient(name);

    /// <summary>Keeps a message, unseen for a while.</summary>
    /// <param name="json">An object without a member <c>blob</c>.</param>
    /// <param name="day">The day that its blob's name begins with, should it need one.</param>
    /// <param name="wait">How long it is unseen. The queue counts whole seconds, so a part of one counts as one.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    /// <exception cref="RequestFailedException">Storage did not take it.</exception>
    public async Task AddAsync(byte[] json, DateTime day, TimeSpan wait, CancellationToken cancellation)
    {
        if (json.Length > LargestMessage)
        {
            var blob = $"{day:yyyyMMdd}/{Guid.NewGuid():N}";
            await CreatingAsync(() => _large.UploadBlobAsync(blob, new BinaryData(json), cancellation), () => _large.CreateIfNotExistsAsync(cancellationToken: cancellation));
            json = JsonSerializer.SerializeToUtf8Bytes(new BlobReference(blob), AppJson.Default.BlobReference);
        }

        // Never expires by itself: what is given up is given up in the open.
        await CreatingAsync(
            () => _queue.SendMessageAsync(new BinaryData(json), TimeSpan.FromSeconds(Math.Ceiling(wait.TotalSeconds)), timeToLive: TimeSpan.FromSeconds(-1), cancellation),
            () => _queue.CreateIfNotExistsAsync(cancellationToken: cancellation));
    }

    /// <summary>What was kept. Null when its blob is gone: another copy of the message did the work.</summary>
    /// <exception cref="JsonException">The message is no JSON object.</exception>
    public async Task<BinaryData?> ReadAsync(string message, CancellationToken cancellation)
    {
        if (BlobOf(message) is not { } blob)
            return new BinaryData(message);
        try
        {
            var content = await _large.GetBlobClient(blob).DownloadContentAsync(cancellation);
            return content.Value.Content;
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Deletes the blob that a message points at, once what became of it is safe elsewhere.</summary>
    public async Task ForgetAsync(string message, CancellationToken cancellation)
    {
        if (BlobOf(message) is { } blob)
            await _large.DeleteBlobIfExistsAsync(blob, cancellationToken: cancellation);
    }

    private static string? BlobOf(string message) => JsonSerializer.Deserialize(message, AppJson.Default.BlobReference)?.Blob;

    /// <summary>Does something, after creating what it needs if that is not there yet: once in an account's life.</summary>
    private static async Task CreatingAsync(Func<Task> act, Func<Task> create)
    {
        try
        {
            await act();
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            await create();
            await act();
        }
    }
}

/// <summary>What a queue message holds whose content is too large for a queue.</summary>
/// <param name="Blob">The blob's name; null in messages that hold their content themselves.</param>
internal sealed record BlobReference(string? Blob);
