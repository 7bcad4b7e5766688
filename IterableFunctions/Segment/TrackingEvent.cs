namespace IterableFunctions.Segment;

/// <summary>A track call for a Segment source, ready to be sent, now or later.</summary>
public sealed record TrackingEvent
{
    /// <summary>Most bytes of one call: Segment says 32 KB; the smaller reading of it is the safer one.</summary>
    public const int MaxBytes = 32_000;

    /// <summary>The JSON of the call, UTF-8, without the write key.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>By which Segment drops a repeat.</summary>
    public required string MessageId { get; init; }

    /// <summary>Whom it is about, if it is known.</summary>
    public string? UserId { get; init; }

    /// <summary>Whom it is about, if it is known.</summary>
    public string? Email { get; init; }

    /// <summary>When it happened, UTC.</summary>
    public required DateTime Timestamp { get; init; }
}
