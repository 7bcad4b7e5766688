namespace IterableFunctions.Personas.Definitions;

/// <summary>What a user says of a definition; what is not said has its default.</summary>
public sealed record DefinitionDraft
{
    /// <summary>Null where it is to be made of the name, or stands in the address.</summary>
    public string? Key { get; init; }

    /// <summary>Null only where nothing is to be saved.</summary>
    public string? Name { get; init; }

    public required string Query { get; init; }

    public string? Description { get; init; }

    public bool Enabled { get; init; } = true;

    public bool SendIdentify { get; init; } = true;

    public bool SendTrack { get; init; }

    /// <summary>Null for the default.</summary>
    public string? EnterEvent { get; init; }

    /// <summary>Null for the default.</summary>
    public string? ExitEvent { get; init; }

    /// <summary>Null for the default.</summary>
    public string? TrackEvent { get; init; }

    public bool IncludeAnonymousUsers { get; init; }

    /// <summary>A definition as it is with all that is said; nothing is left of what was said before.</summary>
    public DefinitionRecord Onto(DefinitionRecord before)
    {
        var defaults = new DefinitionRecord { Key = before.Key, Kind = before.Kind, Name = before.Name, Query = Query };
        return before with
        {
            Name = Name ?? before.Name,
            Query = Query,
            Description = Description,
            Enabled = Enabled,
            SendIdentify = SendIdentify,
            SendTrack = SendTrack,
            EnterEvent = EnterEvent ?? defaults.EnterEvent,
            ExitEvent = ExitEvent ?? defaults.ExitEvent,
            TrackEvent = TrackEvent ?? defaults.TrackEvent,
            IncludeAnonymousUsers = IncludeAnonymousUsers,
        };
    }
}
