using System.Collections.Immutable;
using IterableFunctions.Personas.Queries;

namespace IterableFunctions.Personas.Evaluation;

/// <summary>A definition that was read, checked and placed among the others.</summary>
public sealed class CompiledDefinition
{
    internal CompiledDefinition(Definition source, string canonicalText, Cadence cadence, DefinitionPlans plans)
    {
        Source = source;
        CanonicalText = canonicalText;
        Cadence = cadence;
        Condition = plans.Condition;
        Scalar = plans.Scalar;
        Rows = plans.Rows;
        LeafIndices = [.. plans.LeafIndices];
        References = [.. plans.References];
        CustomTraits = plans.CustomTraits.ToImmutableHashSet(StringComparer.Ordinal);
    }

    public Definition Source { get; }

    public string Key => Source.Key;

    /// <summary>The query as the printer writes it.</summary>
    public string CanonicalText { get; }

    public Cadence Cadence { get; }

    /// <summary>The leaves it reads, as indices into <see cref="DefinitionSet.Leaves"/>.</summary>
    public ImmutableArray<int> LeafIndices { get; }

    /// <summary>The definitions it refers to, as indices into <see cref="DefinitionSet.Definitions"/>; all smaller than its own.</summary>
    public ImmutableArray<int> References { get; }

    /// <summary>The names of the custom traits it reads.</summary>
    public ImmutableHashSet<string> CustomTraits { get; }

    internal ConditionPlan? Condition { get; }

    internal ScalarPlan? Scalar { get; }

    /// <summary>The rows it reads whatever the leaf states: event name, and the greatest age in hours that matters (null: any).</summary>
    internal IReadOnlyList<(string Event, int? MaximumAge)> Rows { get; }

    internal (Value Value, int Next) Evaluate(Scope scope)
    {
        if (Condition is not null)
        {
            var (holds, until) = Condition.TestUntil(scope);
            return (Value.From(holds), until);
        }
        var value = Scalar!.At(scope);
        if (Scalar is LeafPlan leaf && leaf.FirstChange(scope, later => later != value) is { } change)
            return (value, change);
        return (value, Lookahead.FirstChange(scope, Scalar.NextEdge, later => Scalar.At(later) != value, Scalar.KnownUntil(scope)));
    }
}
