namespace IterableFunctions.Personas.Queries;

/// <summary>Something that is true or false of a profile, or of an event inside <c>where</c>. An audience is one.</summary>
public abstract record Condition
{
    /// <summary>The canonical text.</summary>
    public sealed override string ToString() => QueryPrinter.Print(this);
}

/// <summary>All parts hold. Never holds another <see cref="AndCondition"/> directly: the parser flattens.</summary>
public sealed record AndCondition(NodeList<Condition> Parts) : Condition;

/// <summary>At least one part holds. Never holds another <see cref="OrCondition"/> directly: the parser flattens.</summary>
public sealed record OrCondition(NodeList<Condition> Parts) : Condition;

public sealed record NotCondition(Condition Inner) : Condition;

/// <summary>A value and what is asked of it: one primary expression.</summary>
public sealed record Comparison(Scalar Left, Comparator Comparator) : Condition;
