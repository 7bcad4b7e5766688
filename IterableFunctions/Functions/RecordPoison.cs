using IterableFunctions.Personas.Recording;
using IterableFunctions.Storage;
using Microsoft.Azure.Functions.Worker;

namespace IterableFunctions.Functions;

/// <summary>Gives what the host has given up on another chance, later.</summary>
public sealed class RecordPoison(RecordWorker worker)
{
    [Function(nameof(RecordPoison))]
    public Task RunAsync([QueueTrigger(RecordQueue.PoisonName)] string message, CancellationToken cancellation) => worker.ReviveAsync(message, cancellation);
}
