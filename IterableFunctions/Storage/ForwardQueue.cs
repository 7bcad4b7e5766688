using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using IterableFunctions.Delivering;

namespace IterableFunctions.Storage;

/// <summary>The queue <c>forward</c>: calls that wait for another attempt.</summary>
public sealed class ForwardQueue(QueueServiceClient queues, BlobServiceClient blobs)
{
    public const string Name = "forward";

    /// <summary>Where the host puts what it has given up on.</summary>
    public const string PoisonName = "forward-poison";

    /// <summary>A queue message is 64 KB of base64, so 48 KB; this leaves room.</summary>
    private const int LargestMessage = 45 * 1024;

    private readonly QueueClient _queue = queues.GetQueueClient(Name);
    private readonly BlobContainerClient _large = blobs.GetBlobContainerClient(Name);

    /// <summary>Keeps a call, unseen for a while.</summary>
    /// <param name="call">The call.</param>
    /// <param name="wait">The queue counts whole seconds, so a part of one counts as one.</param>
    /// <param name="cancellation">Whoever waits for it has gone.</param>
    /// <exception cref="RequestFailedException">Storage did not take it.</exception>
    public async Task AddAsync(PendingCall call, TimeSpan wait, CancellationToken cancellation)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(new QueuedCall { Call = call }, AppJson.Default.QueuedCall);
        if (json.Length > LargestMessage)
        {
            var name = $"{call.FirstAttempt:yyyyMMdd}/{Guid.NewGuid():N}";
            await CreatingAsync(() => _large.UploadBlobAsync(name, new BinaryData(json), cancellation), () => _large.CreateIfNotExistsAsync(cancellationToken: cancellation));
            json = JsonSerializer.SerializeToUtf8Bytes(new QueuedCall { Blob = name }, AppJson.Default.QueuedCall);
        }

        // Never expires by itself: what is too old becomes a dead letter, which an expired message could not.
        await CreatingAsync(
            () => _queue.SendMessageAsync(new BinaryData(json), TimeSpan.FromSeconds(Math.Ceiling(wait.TotalSeconds)), timeToLive: TimeSpan.FromSeconds(-1), cancellation),
            () => _queue.CreateIfNotExistsAsync(cancellationToken: cancellation));
    }

    /// <summary>The call that a message holds or points at. Null when its blob is gone: another copy of the message did the work.</summary>
    /// <exception cref="JsonException">The message is none of ours.</exception>
    public async Task<PendingCall?> ReadAsync(string message, CancellationToken cancellation)
    {
        var queued = JsonSerializer.Deserialize(message, AppJson.Default.QueuedCall);
        if (queued is null or { IsEmpty: true })
            throw new JsonException("The message holds no call.");
        if (queued.Blob is null)
            return queued.Call;
        try
        {
            var blob = await _large.GetBlobClient(queued.Blob).DownloadContentAsync(cancellation);
            return JsonSerializer.Deserialize(blob.Value.Content.ToMemory().Span, AppJson.Default.QueuedCall)!.Call;
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Deletes the blob that a message points at, once what became of the call is safe elsewhere.</summary>
    public async Task ForgetAsync(string message, CancellationToken cancellation)
    {
        if (JsonSerializer.Deserialize(message, AppJson.Default.QueuedCall)?.Blob is { } blob)
            await _large.DeleteBlobIfExistsAsync(blob, cancellationToken: cancellation);
    }

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
