using Azure;
using Azure.Identity;
using Azure.Storage.Queues;

namespace IterableFunctions.Readiness;

/// <summary>Whether a queue answers and is drained.</summary>
/// <param name="queues">The account.</param>
/// <param name="name">The queue's name.</param>
/// <param name="longestWait">The longest that a message waits unseen before its turn: what can be seen and is much older has not been fetched.</param>
public sealed class QueueCheck(QueueServiceClient queues, string name, TimeSpan longestWait) : IReadinessCheck
{
    /// <summary>As many as storage shows at a time. They come roughly in their order, so the oldest is among them.</summary>
    private const int Most = 32;

    public async Task<string?> ReasonAsync(CancellationToken cancellation)
    {
        try
        {
            var messages = await queues.GetQueueClient(name).PeekMessagesAsync(Most, cancellation);
            // Both times are storage's: no other clock has to agree with them.
            return messages.Value.Min(message => message.InsertedOn) is { } oldest && messages.GetRawResponse().Headers.Date - oldest > longestWait
                ? $"The queue {name} is not drained: a message has been in it since {oldest:u}."
                : null;
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            // Nothing was ever put there.
            return null;
        }
        catch (Exception e) when (e is RequestFailedException or AggregateException or AuthenticationFailedException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return $"The queue {name} does not answer.";
        }
    }
}
