using IterableFunctions.Personas.Profiles;

namespace IterableFunctions.Personas.Recording;

/// <summary>What a message of the queue <c>record</c> asks for: one of these.</summary>
public sealed record RecordWork
{
    /// <summary>To be folded.</summary>
    public ProfileMessage? Message { get; init; }

    /// <summary>To be made one.</summary>
    public SamePerson? Merge { get; init; }

    /// <summary>The profile to be deleted with all that belongs to it.</summary>
    public string? Delete { get; init; }

    /// <summary>Place in the trace of what asks for it (<c>traceparent</c>), where traces are kept.</summary>
    public string? Trace { get; init; }
}

/// <summary>Two profiles that are one person.</summary>
/// <param name="One">A profile's id.</param>
/// <param name="Other">Another's.</param>
public sealed record SamePerson(string One, string Other);
