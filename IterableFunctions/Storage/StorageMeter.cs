using Azure.Core;
using Azure.Core.Pipeline;

namespace IterableFunctions.Storage;

/// <summary>Counts the table transactions of whatever runs while it is open, as far as that began here.</summary>
public sealed class StorageMeter : IDisposable
{
    private static readonly AsyncLocal<StorageMeter?> Open = new();

    private long _transactions;

    /// <summary>For the clients that are to be counted.</summary>
    public static HttpPipelinePolicy Policy { get; } = new Counting();

    public long Transactions => Interlocked.Read(ref _transactions);

    public static StorageMeter Begin() => Open.Value = new();

    public void Dispose() => Open.Value = null;

    private sealed class Counting : HttpPipelineSynchronousPolicy
    {
        public override void OnSendingRequest(HttpMessage message)
        {
            if (Open.Value is { } meter)
                Interlocked.Increment(ref meter._transactions);
        }
    }
}
