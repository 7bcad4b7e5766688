using System.Text.Encodings.Web;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using IterableFunctions.Personas.Recording;
using IterableFunctions.Telemetry;

namespace IterableFunctions.Storage;

/// <summary>The queue <c>record</c>: messages still to be folded, merges and deletions to be finished.</summary>
public sealed class RecordQueue(QueueServiceClient queues, BlobServiceClient blobs, TimeProvider time)
{
    public const string Name = "record";

    /// <summary>Where the host puts what has failed too often in a row.</summary>
    public const string PoisonName = "record-poison";

    /// <summary>With as few escapes as there can be: what is read back is written as it stands.</summary>
    private static readonly AppJson Json = new(new JsonSerializerOptions(AppJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    private readonly LargeMessages _messages = new(queues, blobs, Name);

    /// <summary>Keeps work, unseen for a while.</summary>
    /// <exception cref="RequestFailedException">Storage did not take it.</exception>
    public Task AddAsync(RecordWork work, TimeSpan wait, CancellationToken cancellation)
        => _messages.AddAsync(JsonSerializer.SerializeToUtf8Bytes(work with { Trace = work.Trace ?? Tracing.Keep() }, Json.RecordWork), time.GetUtcNow().UtcDateTime, wait, cancellation);

    /// <summary>The work that a message holds or points at. Null when its blob is gone: another copy of the message did it.</summary>
    /// <exception cref="JsonException">The message is none of ours.</exception>
    public async Task<RecordWork?> ReadAsync(string message, CancellationToken cancellation)
        => await _messages.ReadAsync(message, cancellation) is { } json ? JsonSerializer.Deserialize(json.ToMemory().Span, AppJson.Default.RecordWork) : null;

    /// <summary>Deletes the blob that a message points at, once the work is done.</summary>
    public Task ForgetAsync(string message, CancellationToken cancellation) => _messages.ForgetAsync(message, cancellation);
}
