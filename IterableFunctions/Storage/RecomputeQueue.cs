using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using IterableFunctions.Personas.Runs;

namespace IterableFunctions.Storage;

/// <summary>The queue <c>recompute</c>: runs, in parts that fit into one execution.</summary>
public sealed class RecomputeQueue(QueueServiceClient queues, BlobServiceClient blobs, TimeProvider time)
{
    public const string Name = "recompute";

    /// <summary>Where the host puts what has failed too often in a row.</summary>
    public const string PoisonName = "recompute-poison";

    private readonly LargeMessages _messages = new(queues, blobs, Name);

    /// <summary>Adds a part of a run, unseen for a while.</summary>
    /// <exception cref="RequestFailedException">Storage did not take it.</exception>
    public Task AddAsync(RunWork work, TimeSpan wait, CancellationToken cancellation)
        => _messages.AddAsync(JsonSerializer.SerializeToUtf8Bytes(work, AppJson.Default.RunWork), time.GetUtcNow().UtcDateTime, wait, cancellation);

    /// <summary>What a message asks for.</summary>
    /// <exception cref="JsonException">The message is none of ours.</exception>
    public static RunWork Read(string message) => JsonSerializer.Deserialize(message, AppJson.Default.RunWork) is { Run.Length: > 0 } work ? work : throw new JsonException("The message names no run.");
}
