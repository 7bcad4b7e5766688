namespace IterableFunctions.Personas.Queries;

public enum ReducerKind
{
    Count,
    Sum,
    Average,
    Minimum,
    Maximum,
    Mode,
    First,
    Last,
    Unique,
    UniqueCount,
}

public enum ReducerType
{
    /// <summary>Nothing written: numbers for min and max, texts for mode.</summary>
    Default,
    Number,
    Text,
    /// <summary>Only for mode: an array reached through <c>$</c> counts whole.</summary>
    Array,
}

/// <summary>How events become one value.</summary>
/// <param name="Kind">The function.</param>
/// <param name="Field">What is reduced; null only for <see cref="ReducerKind.Count"/>.</param>
/// <param name="As">The type written behind <c>as</c>.</param>
/// <param name="MinimumFrequency">Only for mode: how often a value must have been seen; at least 1.</param>
public sealed record Reducer(ReducerKind Kind, FieldReference? Field, ReducerType As = ReducerType.Default, int MinimumFrequency = 0)
{
    /// <summary>The canonical text, without the leading dot.</summary>
    public override string ToString() => QueryPrinter.Print(this);
}
