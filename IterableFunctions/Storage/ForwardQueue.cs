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

    private readonly LargeMessages _messages = new(queues, blobs, Name);

    /// <summary>Keeps a call, unseen for a while.</summary>
    /// <exception cref="RequestFailedException">Storage did not take it.</exception>
    public Task AddAsync(PendingCall call, TimeSpan wait, CancellationToken cancellation)
        => _messages.AddAsync(JsonSerializer.SerializeToUtf8Bytes(new QueuedCall(call), AppJson.Default.QueuedCall), call.FirstAttempt, wait, cancellation);

    /// <summary>The call that a message holds or points at. Null when its blob is gone: another copy of the message did the work.</summary>
    /// <exception cref="JsonException">The message is none of ours.</exception>
    public async Task<PendingCall?> ReadAsync(string message, CancellationToken cancellation)
    {
        if (await _messages.ReadAsync(message, cancellation) is not { } json)
            return null;
        return JsonSerializer.Deserialize(json.ToMemory().Span, AppJson.Default.QueuedCall) is { IsEmpty: false } queued ? queued.Call : throw new JsonException("The message holds no call.");
    }

    /// <summary>Deletes the blob that a message points at, once what became of the call is safe elsewhere.</summary>
    public Task ForgetAsync(string message, CancellationToken cancellation) => _messages.ForgetAsync(message, cancellation);
}
