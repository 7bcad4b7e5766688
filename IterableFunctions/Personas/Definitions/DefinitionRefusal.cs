using IterableFunctions.Personas.Queries;

namespace IterableFunctions.Personas.Definitions;

public enum RefusalReason
{
    /// <summary>It can never be taken as it was said.</summary>
    Invalid,

    /// <summary>There is no such definition.</summary>
    Missing,

    /// <summary>Other definitions are in the way.</summary>
    Conflict,

    /// <summary>The definition is not the one that the user has seen.</summary>
    Changed,

    /// <summary>Others are changing definitions all the time.</summary>
    Busy,
}

/// <summary>Why something is not done with a definition.</summary>
/// <param name="Reason">What kind of refusal it is.</param>
/// <param name="Code">For programs.</param>
/// <param name="Detail">For people: what is wrong and what to change.</param>
/// <param name="Query">Where the query cannot be read.</param>
public sealed record DefinitionRefusal(RefusalReason Reason, string Code, string Detail, QuerySyntaxException? Query = null);
