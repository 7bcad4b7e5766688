using IterableFunctions.Sending;

namespace IterableFunctions.Iterable;

/// <summary>A call to Iterable, ready to be sent, now or later.</summary>
public sealed record IterableRequest
{
    public required IterableEndpoint Endpoint { get; init; }

    /// <summary>The JSON body, UTF-8.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The Segment message that this comes from.</summary>
    public required string MessageId { get; init; }

    /// <summary>The userId that the call is addressed to, if it is.</summary>
    public string? UserId { get; init; }

    /// <summary>The email that the call is addressed to, if it is.</summary>
    public string? Email { get; init; }

    /// <summary>
    /// The messageId, where it looks like one, else a hash of it: the sender chooses it, and an email or a line break has no business in a log.
    /// </summary>
    public string LogId => LogIds.Of(MessageId);

    /// <summary>The id of the profile that the message was recorded in, if it was.</summary>
    public string? Profile { get; init; }

    /// <summary>Whether it comes from the queue or from a dead letter, so that the world may have moved on since it was made.</summary>
    public bool HasWaited { get; init; }

    /// <summary>Whether its message has come before, so that it may have been sent then.</summary>
    public bool IsRepeat { get; init; }

    /// <summary>When it happened, UTC.</summary>
    public required DateTime Timestamp { get; init; }
}
