using System.Text.Json;

namespace IterableFunctions.Personas.Evaluation;

/// <summary>What an evaluation may know of a profile. Everything is in memory: whoever calls has loaded it.</summary>
public sealed record ProfileView
{
    /// <summary>Custom traits by name; names that are definitions' keys are never read from here.</summary>
    public IReadOnlyDictionary<string, JsonElement> Traits { get; init; } = new Dictionary<string, JsonElement>();

    public LeafStates States { get; init; } = LeafStates.None;

    /// <summary>The rows that <see cref="DefinitionSet.RowsNeeded"/> asked for.</summary>
    public EventHistory History { get; init; } = EventHistory.None;

    /// <summary>
    /// Whether the profile's state of a leaf is complete; an absent state of a built leaf means that nothing ever matched.
    /// Definitions with a leaf that is not built are left out of the result.
    /// </summary>
    public Func<Leaf, bool> IsBuilt { get; init; } = static _ => true;
}
