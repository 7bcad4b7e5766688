using System.Text.Json;

namespace IterableFunctions.Personas.Evaluation;

/// <summary>
/// One event of a person. Page and screen calls come as <c>Page Viewed</c> and <c>Screen Viewed</c>, their name as
/// property <c>page_name</c> or <c>screen_name</c>. The store has removed duplicates.
/// </summary>
public sealed record ProfileEvent
{
    public required string Name { get; init; }

    /// <summary>UTC ticks, not later than the arrival.</summary>
    public required long Timestamp { get; init; }

    /// <summary>Breaks ties between events of one timestamp, in ordinal order.</summary>
    public required string MessageId { get; init; }

    /// <summary>A JSON object; undefined when the event had none.</summary>
    public JsonElement Properties { get; init; }

    /// <summary>A JSON object; undefined when the event had none.</summary>
    public JsonElement Context { get; init; }

    /// <summary>The id of the Segment source, if the message carried one outside its context.</summary>
    public string? Source { get; init; }

    /// <summary>
    /// The source's id: <see cref="Source"/>, else <c>context.protocols.sourceId</c>, which Segment stamps on events of
    /// sources that have a tracking plan; null when neither is there.
    /// </summary>
    internal string? KnownSource =>
        Source is not null ? Source
        : Context.ValueKind is JsonValueKind.Object
            && Context.TryGetProperty("protocols"u8, out var protocols) && protocols.ValueKind is JsonValueKind.Object
            && protocols.TryGetProperty("sourceId"u8, out var id) && id.ValueKind is JsonValueKind.String ? id.GetString()
        : null;

    /// <summary>By timestamp, then by message id.</summary>
    internal static int InOrder(ProfileEvent left, ProfileEvent right) =>
        left.Timestamp != right.Timestamp ? left.Timestamp.CompareTo(right.Timestamp) : string.CompareOrdinal(left.MessageId, right.MessageId);
}
