using IterableFunctions.Personas.Queries;

namespace IterableFunctions.Personas.Evaluation;

/// <summary>
/// How two values compare. As dates when one is a date and the other reads as one; else as numbers when one is a number
/// and the other reads as one; else as truth values likewise; else as texts in ordinal order, case-sensitive. So
/// <c>trait('vip') = 'true'</c> finds the boolean and <c>trait('size') &gt; 9</c> the text "10".
/// </summary>
internal static class ValueComparison
{
    /// <summary>The relation between two values; false as soon as one is null, even for differs.</summary>
    public static bool Holds(RelationKind kind, Value left, Value right)
    {
        if (left.IsNull || right.IsNull)
            return false;
        var order = Order(left, right);
        return kind switch
        {
            RelationKind.Equals => order == 0,
            RelationKind.Differs => order != 0,
            RelationKind.GreaterThan => order > 0,
            RelationKind.AtLeast => order >= 0,
            RelationKind.LessThan => order < 0,
            _ => order <= 0,
        };
    }

    private static int Order(Value left, Value right)
    {
        var (one, other) = (left.Kind, right.Kind);
        if ((one is ValueKind.Date || other is ValueKind.Date)
            && left.TryGetInstant(out var instant, out _) && right.TryGetInstant(out var otherInstant, out _))
            return instant.CompareTo(otherInstant);
        if ((one is ValueKind.Number || other is ValueKind.Number)
            && left.TryGetNumber(out var number) && right.TryGetNumber(out var otherNumber))
            return number.CompareTo(otherNumber);
        if ((one is ValueKind.Boolean || other is ValueKind.Boolean)
            && left.TryGetBoolean(out var boolean) && right.TryGetBoolean(out var otherBoolean))
            return boolean.CompareTo(otherBoolean);
        return string.CompareOrdinal(left.AsText(), right.AsText());
    }
}
