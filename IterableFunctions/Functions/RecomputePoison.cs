using IterableFunctions.Personas.Runs;
using IterableFunctions.Storage;
using Microsoft.Azure.Functions.Worker;

namespace IterableFunctions.Functions;

/// <summary>Gives parts of runs that the host has given up on another chance, later.</summary>
public sealed class RecomputePoison(RunWorker worker)
{
    [Function(nameof(RecomputePoison))]
    public Task RunAsync([QueueTrigger(RecomputeQueue.PoisonName)] string message, CancellationToken cancellation) => worker.ReviveAsync(message, cancellation);
}
