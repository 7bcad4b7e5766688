using IterableFunctions.Personas.Runs;
using IterableFunctions.Storage;
using Microsoft.Azure.Functions.Worker;

namespace IterableFunctions.Functions;

/// <summary>Works on parts of runs: an hour's, or a backfill's.</summary>
public sealed class Recompute(RunWorker worker)
{
    [Function(nameof(Recompute))]
    public Task RunAsync([QueueTrigger(RecomputeQueue.Name)] string message, CancellationToken cancellation) => worker.RunAsync(message, cancellation);
}
