namespace IterableFunctions.Personas.Definitions;

/// <summary>What a wish of a user's does to the catalog.</summary>
public abstract record DefinitionChange
{
    private DefinitionChange()
    {
    }

    /// <summary>Nothing, and why.</summary>
    public sealed record Refused(DefinitionRefusal Refusal) : DefinitionChange;

    /// <summary>Nothing: it is as it is wished to be.</summary>
    public sealed record Nothing(DefinitionRecord Definition) : DefinitionChange;

    /// <param name="Definition">The definition as it is to be.</param>
    /// <param name="IsNew">Whether it is not there yet.</param>
    /// <param name="NeedsRun">Whether every profile has to be brought up to it.</param>
    /// <param name="Resends">Whether that run tells members again of what Iterable was told before.</param>
    public sealed record Put(DefinitionRecord Definition, bool IsNew, bool NeedsRun, bool Resends = false) : DefinitionChange;

    /// <summary>It goes.</summary>
    public sealed record Remove : DefinitionChange;
}
