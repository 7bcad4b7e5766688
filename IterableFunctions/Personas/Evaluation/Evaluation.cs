using System.Collections.Immutable;
using IterableFunctions.Personas.Queries;

namespace IterableFunctions.Personas.Evaluation;

public enum EvaluationScope
{
    /// <summary>What a fold evaluates: definitions that do not depend on the clock.</summary>
    RealTime,
    /// <summary>What a look at a full hour evaluates: everything.</summary>
    All,
}

/// <summary>What an evaluation found.</summary>
/// <param name="Results">One per evaluated definition, referred ones first; definitions with a leaf that is not built are missing.</param>
/// <param name="NextHour">
/// The next full hour at which any of the values can change although nothing more arrives; null if never. Never later than
/// the first real change. Exactly that hour for events compared with a fixed value, except where finding it would take too
/// much work (<see cref="Lookahead"/>: funnels over long histories); for conditions joined by AND or OR it may be earlier.
/// </param>
public sealed record ProfileEvaluation(ImmutableArray<DefinitionResult> Results, Hour? NextHour)
{
    /// <summary>The value of a definition; not null even if the definition's value is (then <see cref="Value.IsNull"/>).</summary>
    /// <exception cref="KeyNotFoundException">The definition was not evaluated.</exception>
    public Value this[string key]
    {
        get
        {
            foreach (var result in Results)
            {
                if (string.Equals(result.Definition.Key, key, StringComparison.Ordinal))
                    return result.Value;
            }
            throw new KeyNotFoundException($"'{key}' was not evaluated.");
        }
    }
}

/// <summary>One definition's value, and the next hour at which time alone can change it.</summary>
public readonly record struct DefinitionResult(CompiledDefinition Definition, Value Value, Hour? NextHour);

/// <summary>What a fold did.</summary>
/// <param name="States">All states after it.</param>
/// <param name="HourlyNeedsLook">
/// Whether it touched anything that an hourly definition reads, so that the profile must be looked at at the next full hour.
/// </param>
public readonly record struct FoldResult(LeafStates States, bool HourlyNeedsLook);
