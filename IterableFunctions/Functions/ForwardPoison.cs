using IterableFunctions.Delivering;
using IterableFunctions.Storage;
using Microsoft.Azure.Functions.Worker;

namespace IterableFunctions.Functions;

/// <summary>Turns what the host has given up on into dead letters, where a person sees it.</summary>
public sealed class ForwardPoison(Forwarder forwarder)
{
    [Function(nameof(ForwardPoison))]
    public Task RunAsync([QueueTrigger(ForwardQueue.PoisonName)] string message, CancellationToken cancellation) => forwarder.BuryAsync(message, cancellation);
}
