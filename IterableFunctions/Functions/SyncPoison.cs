using IterableFunctions.Personas.Sync;
using IterableFunctions.Storage;
using Microsoft.Azure.Functions.Worker;

namespace IterableFunctions.Functions;

/// <summary>Gives looks that the host has given up on another chance, later.</summary>
public sealed class SyncPoison(Looker looker)
{
    [Function(nameof(SyncPoison))]
    public Task RunAsync([QueueTrigger(SyncQueue.PoisonName)] string message, CancellationToken cancellation) => looker.ReviveAsync(message, cancellation);
}
