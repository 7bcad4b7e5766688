using IterableFunctions.Personas.Queries;

namespace IterableFunctions.Personas.Evaluation;

public enum CadenceKind
{
    /// <summary>Evaluated with every event or trait that may change it; a session's expiry is seen at the next full hour.</summary>
    RealTime,
    /// <summary>Evaluated at full hours only.</summary>
    Hourly,
}

/// <summary>When a definition is evaluated, and why not sooner.</summary>
/// <param name="Kind">When.</param>
/// <param name="Part">For hourly: the first part of the definition that makes it so.</param>
/// <param name="Reason">For hourly: why that part does.</param>
public sealed record Cadence(CadenceKind Kind, string? Part = null, string? Reason = null)
{
    public static Cadence RealTime { get; } = new(CadenceKind.RealTime);

    public bool IsHourly => Kind is CadenceKind.Hourly;

    internal static Cadence Of(Condition condition, Func<TraitReference, bool> isHourly) => condition switch
    {
        AndCondition and => First(and.Parts, part => Of(part, isHourly)),
        OrCondition or => First(or.Parts, part => Of(part, isHourly)),
        NotCondition not => Of(not.Inner, isHourly),
        Comparison { Comparator: RelativeDate } relative => Hourly(relative.ToString(), "a date is measured against the present hour"),
        Comparison comparison => Of(comparison.Left, isHourly) is { IsHourly: true } left ? left : First(Operands(comparison.Comparator), operand => Of(operand, isHourly)),
        _ => RealTime,
    };

    internal static Cadence Of(Scalar scalar, Func<TraitReference, bool> isHourly) => scalar switch
    {
        TraitReference trait when isHourly(trait) => Hourly(trait.ToString(), "it refers to a definition that is evaluated hourly"),
        Reduction reduction => First(reduction.Stream.Filters, filter => filter switch
        {
            Within or Between => Hourly(filter.ToString(), "events leave the window as time passes"),
            Where where => OfFilter(where.Condition),
            _ => RealTime,
        }),
        _ => RealTime,
    };

    // Inside where() anything but the event itself means that stored events are read again, and that is done hourly.
    private static Cadence OfFilter(Condition condition) => condition switch
    {
        AndCondition and => First(and.Parts, OfFilter),
        OrCondition or => First(or.Parts, OfFilter),
        NotCondition not => OfFilter(not.Inner),
        Comparison { Comparator: RelativeDate } relative => Hourly(relative.ToString(), "a date is measured against the present hour"),
        Comparison comparison => First((Scalar[])[comparison.Left, .. Operands(comparison.Comparator)], scalar => scalar switch
        {
            Reduction => Hourly(scalar.ToString(), "an event that depends on other events (a funnel) is looked up among all of them"),
            TraitReference => Hourly(scalar.ToString(), "a trait inside where(..) is compared with all events anew"),
            _ => RealTime,
        }),
        _ => RealTime,
    };

    internal static IReadOnlyList<Scalar> Operands(Comparator comparator) => comparator switch
    {
        Relation relation => [relation.Right],
        Membership membership => membership.Values,
        _ => [],
    };

    private static Cadence Hourly(string part, string reason) => new(CadenceKind.Hourly, part, reason);

    private static Cadence First<T>(IEnumerable<T> parts, Func<T, Cadence> cadence) =>
        parts.Select(cadence).FirstOrDefault(found => found.IsHourly) ?? RealTime;
}
