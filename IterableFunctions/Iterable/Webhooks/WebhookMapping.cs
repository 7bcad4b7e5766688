using IterableFunctions.Segment;

namespace IterableFunctions.Iterable.Webhooks;

/// <summary>What a system webhook's event comes to.</summary>
public abstract record WebhookMapping
{
    private WebhookMapping()
    {
    }

    /// <summary>A call to send.</summary>
    /// <param name="Event">The call.</param>
    /// <param name="Name">The event's name in Segment.</param>
    /// <param name="Type">Iterable's name of what happened.</param>
    /// <param name="IsKnown">Whether that is one of <see cref="WebhookTypes.All"/>.</param>
    /// <param name="Warning">What is odd about it, or had to be left out, in sentences; null when nothing was.</param>
    public sealed record Send(TrackingEvent Event, string Name, string Type, bool IsKnown, string? Warning) : WebhookMapping;

    /// <summary>Nothing to send, and nothing wrong.</summary>
    /// <param name="Reason">Why, in a sentence.</param>
    public sealed record Ignore(string Reason) : WebhookMapping;

    /// <summary>No event of Iterable's.</summary>
    public sealed record Reject(Rejection Rejection) : WebhookMapping;
}
