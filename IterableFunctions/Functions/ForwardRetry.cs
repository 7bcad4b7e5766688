using IterableFunctions.Delivering;
using IterableFunctions.Storage;
using Microsoft.Azure.Functions.Worker;

namespace IterableFunctions.Functions;

/// <summary>Tries again what Iterable could not take.</summary>
public sealed class ForwardRetry(Forwarder forwarder)
{
    [Function(nameof(ForwardRetry))]
    public Task RunAsync([QueueTrigger(ForwardQueue.Name)] string message, CancellationToken cancellation) => forwarder.RetryAsync(message, cancellation);
}
