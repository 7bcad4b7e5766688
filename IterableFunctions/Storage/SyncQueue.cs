using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using IterableFunctions.Personas.Sync;

namespace IterableFunctions.Storage;

/// <summary>The queue <c>sync</c>: profiles to be looked at, because Iterable may not know yet what it should.</summary>
public sealed class SyncQueue(QueueServiceClient queues, BlobServiceClient blobs, TimeProvider time)
{
    public const string Name = "sync";

    /// <summary>Where the host puts what has failed too often in a row.</summary>
    public const string PoisonName = "sync-poison";

    private readonly LargeMessages _messages = new(queues, blobs, Name);

    /// <summary>Asks for a look, after a while.</summary>
    /// <exception cref="RequestFailedException">Storage did not take it.</exception>
    public Task AddAsync(Look look, TimeSpan wait, CancellationToken cancellation)
        => _messages.AddAsync(JsonSerializer.SerializeToUtf8Bytes(look, AppJson.Default.Look), time.GetUtcNow().UtcDateTime, wait, cancellation);

    /// <summary>The look that a message asks for.</summary>
    /// <exception cref="JsonException">The message is none of ours.</exception>
    public static Look Read(string message) => JsonSerializer.Deserialize(message, AppJson.Default.Look) is { Profile.Length: > 0 } look ? look : throw new JsonException("The message names no profile.");
}
