using IterableFunctions.Personas.Sync;
using IterableFunctions.Storage;
using Microsoft.Azure.Functions.Worker;

namespace IterableFunctions.Functions;

/// <summary>Tells Iterable what it could not be told at once.</summary>
public sealed class SyncRetry(Looker looker)
{
    [Function(nameof(SyncRetry))]
    public Task RunAsync([QueueTrigger(SyncQueue.Name)] string message, CancellationToken cancellation) => looker.RunAsync(message, cancellation);
}
