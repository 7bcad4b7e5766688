namespace IterableFunctions.Personas.Queries;

/// <summary>What a <see cref="Comparison"/> asks of its value.</summary>
public abstract record Comparator;

public enum RelationKind
{
    Equals,
    Differs,
    GreaterThan,
    AtLeast,
    LessThan,
    AtMost,
}

/// <summary><c>= != &gt; &gt;= &lt; &lt;=</c> and their spelt-out forms.</summary>
public sealed record Relation(RelationKind Kind, Scalar Right) : Comparator;

/// <summary><c>exists()</c>, or <c>absent()</c>.</summary>
public sealed record Presence(bool Exists) : Comparator;

public enum TextMatchKind
{
    Contains,
    Omits,
    StartsWith,
    EndsWith,
}

/// <summary>Substring comparators, case-sensitive. Only contains and omits take several texts.</summary>
public sealed record TextMatch(TextMatchKind Kind, NodeList<string> Texts) : Comparator;

/// <summary><c>one_of</c>, or <c>none_of</c>.</summary>
public sealed record Membership(bool Listed, NodeList<Scalar> Values) : Comparator;

/// <summary><c>before_date</c> or <c>after_date</c>, strict.</summary>
/// <param name="Before">before_date rather than after_date.</param>
/// <param name="Instant">The bound: a text or date that is an ISO 8601 date or timestamp.</param>
public sealed record DateBound(bool Before, Literal Instant) : Comparator;

public enum RelativeDateKind
{
    /// <summary>H − d ≤ value ≤ H.</summary>
    WithinLast,
    /// <summary>H ≤ value ≤ H + d.</summary>
    WithinNext,
    /// <summary>value ≤ H − d.</summary>
    BeforeLast,
    /// <summary>value ≥ H + d.</summary>
    AfterNext,
}

/// <summary>A date measured against the hour H of the evaluation: what makes a definition hourly.</summary>
public sealed record RelativeDate(RelativeDateKind Kind, Duration Duration) : Comparator;
