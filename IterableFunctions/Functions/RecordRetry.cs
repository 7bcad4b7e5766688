using IterableFunctions.Personas.Recording;
using IterableFunctions.Storage;
using Microsoft.Azure.Functions.Worker;

namespace IterableFunctions.Functions;

/// <summary>Folds what could not be recorded at once; finishes merges and deletions.</summary>
public sealed class RecordRetry(RecordWorker worker)
{
    [Function(nameof(RecordRetry))]
    public Task RunAsync([QueueTrigger(RecordQueue.Name)] string message, CancellationToken cancellation) => worker.RunAsync(message, cancellation);
}
