namespace IterableFunctions.Personas.Definitions;

/// <summary>What became of a wish of a user's.</summary>
public abstract record DefinitionEdit
{
    private DefinitionEdit()
    {
    }

    /// <param name="Definition">As it stands now.</param>
    /// <param name="Catalog">That it stands in.</param>
    /// <param name="IsNew">Whether it was not there before.</param>
    public sealed record Saved(DefinitionRecord Definition, Catalog Catalog, bool IsNew) : DefinitionEdit;

    public sealed record Deleted : DefinitionEdit;

    public sealed record Refused(DefinitionRefusal Refusal) : DefinitionEdit;
}
