using IterableFunctions.Personas.Evaluation;

namespace IterableFunctions.Personas.Definitions;

/// <summary>An audience or computed trait with all that a user has said about it, as it stands in storage.</summary>
public sealed record DefinitionRecord
{
    /// <summary>Unique over audiences and computed traits, and the name of its field at Iterable. Never changes.</summary>
    public required string Key { get; init; }

    public required DefinitionKind Kind { get; init; }

    public required string Name { get; init; }

    /// <summary>In Segment's query language, as it was written.</summary>
    public required string Query { get; init; }

    public string? Description { get; init; }

    /// <summary>Whether Iterable is told. One that is not enabled is evaluated on, so that others can refer to it.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>Whether Iterable is told by <c>users/update</c>: the field <see cref="Key"/>.</summary>
    public bool SendIdentify { get; init; } = true;

    /// <summary>Whether Iterable is told by <c>events/track</c>.</summary>
    public bool SendTrack { get; init; }

    /// <summary>Of an audience: the event's name when somebody enters.</summary>
    public string EnterEvent { get; init; } = "Audience Entered";

    /// <summary>Of an audience: the event's name when somebody leaves.</summary>
    public string ExitEvent { get; init; } = "Audience Exited";

    /// <summary>Of a computed trait: the event's name when the value changes.</summary>
    public string TrackEvent { get; init; } = "Trait Computed";

    /// <summary>Whether it is evaluated for persons without user_id and email as well, of whom Iterable is never told.</summary>
    public bool IncludeAnonymousUsers { get; init; }

    /// <summary>The version of the catalog in which its query was last changed: values of an earlier one mean nothing.</summary>
    public int Version { get; init; }

    /// <summary>Of an audience that is being deleted: everybody leaves it first.</summary>
    public bool Retiring { get; init; }

    /// <summary>The run that brings every profile up to it; null once that is done.</summary>
    public string? Run { get; init; }

    /// <summary>UTC.</summary>
    public DateTime Created { get; init; }

    /// <summary>UTC.</summary>
    public DateTime Changed { get; init; }

    /// <summary>When the last run that brought every profile up to it ended, UTC; null before the first.</summary>
    public DateTime? Synced { get; init; }

    /// <summary>Whether Iterable is to be told anything.</summary>
    internal bool IsSent => (Enabled || Retiring) && (SendIdentify || SendTrack);
}
