using System.Globalization;
using IterableFunctions.Personas.Queries;

namespace IterableFunctions.Personas.Evaluation;

/// <summary>What evaluating a definition needs.</summary>
internal sealed class DefinitionPlans
{
    public ConditionPlan? Condition { get; set; }

    public ScalarPlan? Scalar { get; set; }

    public List<(string Event, int? MaximumAge)> Rows { get; } = [];

    public SortedSet<int> LeafIndices { get; } = [];

    public SortedSet<int> References { get; } = [];

    public HashSet<string> CustomTraits { get; } = new(StringComparer.Ordinal);
}

/// <summary>
/// Turns syntax trees into plans, one definition after another, and collects the leaves they share. A reduction whose
/// filter reads only the event becomes a leaf; every other is read from the rows.
/// </summary>
internal sealed class DefinitionCompiler(Func<TraitReference, int?> definitionOf)
{
    private readonly Dictionary<LeafId, int> _leafIndices = [];
    private DefinitionPlans _plans = new();

    public List<Leaf> Leaves { get; } = [];

    public DefinitionPlans Compile(Condition condition)
    {
        _plans = new DefinitionPlans();
        _plans.Condition = Plan(condition, outer: null);
        return _plans;
    }

    public DefinitionPlans Compile(Scalar scalar)
    {
        _plans = new DefinitionPlans();
        _plans.Scalar = Plan(scalar, outer: null);
        return _plans;
    }

    private ConditionPlan Plan(Condition condition, Enclosing? outer) => condition switch
    {
        AndCondition and => new JunctionPlan(all: true, [.. and.Parts.Select(part => Plan(part, outer))]),
        OrCondition or => new JunctionPlan(all: false, [.. or.Parts.Select(part => Plan(part, outer))]),
        NotCondition not => new NegationPlan(Plan(not.Inner, outer)),
        Comparison comparison => Plan(comparison, outer),
        _ => throw new InvalidOperationException("There is no other condition."),
    };

    private ComparisonPlan Plan(Comparison comparison, Enclosing? outer)
    {
        var left = Plan(comparison.Left, outer, NewestThatDecide(Cadence.Operands(comparison.Comparator)));
        return comparison.Comparator switch
        {
            Relation relation => new RelationPlan(left, relation.Kind, Plan(relation.Right, outer, NewestThatDecide([comparison.Left]))),
            Presence presence => new PresencePlan(left, presence.Exists),
            TextMatch match => new TextMatchPlan(left, match),
            Membership membership => new MembershipPlan(left, membership.Listed, [.. membership.Values.Select(value => Plan(value, outer))]),
            DateBound bound when bound.Instant.Value.TryGetInstant(out var instant, out _) => new DateBoundPlan(left, bound.Before, instant),
            RelativeDate relative => new RelativeDatePlan(left, relative),
            _ => throw new InvalidOperationException("There is no other comparator."),
        };
    }

    private ScalarPlan Plan(Scalar scalar, Enclosing? outer, int newestThatDecide = 0)
    {
        switch (scalar)
        {
            case Literal literal:
                return new ConstantPlan(literal.Value);
            case TraitReference trait when definitionOf(trait) is { } definition:
                _plans.References.Add(definition);
                return new DefinitionPlan(definition);
            case TraitReference trait:
                _plans.CustomTraits.Add(trait.Path.Head);
                return new CustomTraitPlan(trait.Path);
            case FieldReference field:
                return new FieldPlan(field);
            case Reduction reduction:
                return Plan(reduction, outer, newestThatDecide);
            default:
                throw new InvalidOperationException("There is no other value.");
        }
    }

    private ScalarPlan Plan(Reduction reduction, Enclosing? outer, int newestThatDecide)
    {
        var stream = reduction.Stream;
        var conditions = stream.Filters.OfType<Where>()
            .SelectMany(where => where.Condition is AndCondition and ? and.Parts : (IEnumerable<Condition>)[where.Condition])
            .Distinct().ToList();
        var (own, dependent) = (conditions.FindAll(ReadsOnlyTheEvent), conditions.FindAll(condition => !ReadsOnlyTheEvent(condition)));
        string[] sources = [.. stream.Filters.OfType<ExcludeSources>().SelectMany(excluded => excluded.Sources).Distinct().Order(StringComparer.Ordinal)];
        var excludedSources = sources.Length == 0 ? null : sources.ToHashSet(StringComparer.Ordinal);
        var window = WindowOf(stream);
        var session = stream.Filters.OfType<ExpiresAfter>().Select(filter => filter.Inactivity.Ticks).SingleOrDefault();

        if (outer is null && dependent.Count == 0)
        {
            var keep = window is { From: 0 } ? Keep(reduction.Reducer, newestThatDecide) : 0;
            var parts = new LeafParts(LeafText(stream.Event, own, sources, window, session, reduction.Reducer, keep),
                stream.Event, excludedSources, reduction.Reducer, window, session, keep);
            var index = IndexOf(new Leaf(parts, [.. own.Select(condition => Plan(condition, new Enclosing(null)))]));
            _plans.LeafIndices.Add(index);
            return new LeafPlan(index, Leaves[index]);
        }

        // Events of a nested stream come after their parent, so the parent's window bounds them too.
        var maximumAge = (window?.To, outer?.MaximumAge) switch
        {
            ({ } mine, { } parents) => Math.Min(mine, parents),
            var (mine, parents) => mine ?? parents,
        };
        _plans.Rows.Add((stream.Event, maximumAge));
        var inner = new Enclosing(maximumAge);
        return new RowsPlan
        {
            Event = stream.Event,
            ExcludedSources = excludedSources,
            Filter = [.. own.Select(condition => Plan(condition, inner))],
            Dependent = [.. dependent.Select(condition => Plan(condition, inner))],
            Reducer = reduction.Reducer,
            Field = reduction.Reducer.Field is { } field ? new FieldPlan(field) : null,
            Window = window,
            SessionTicks = session,
            Nested = outer is not null,
            AfterParent = DistanceOf(stream),
        };
    }

    private int IndexOf(Leaf leaf)
    {
        if (_leafIndices.TryGetValue(leaf.Id, out var index))
            return index;
        _leafIndices[leaf.Id] = Leaves.Count;
        Leaves.Add(leaf);
        return Leaves.Count - 1;
    }

    private static bool ReadsOnlyTheEvent(Condition condition) => condition switch
    {
        AndCondition and => and.Parts.All(ReadsOnlyTheEvent),
        OrCondition or => or.Parts.All(ReadsOnlyTheEvent),
        NotCondition not => ReadsOnlyTheEvent(not.Inner),
        Comparison { Comparator: RelativeDate } => false,
        Comparison comparison => ReadsOnlyTheEvent(comparison.Left) && Cadence.Operands(comparison.Comparator).All(ReadsOnlyTheEvent),
        _ => false,
    };

    private static bool ReadsOnlyTheEvent(Scalar scalar) => scalar is Literal or FieldReference { OfParent: false };

    private static AgeWindow? WindowOf(EventStream stream)
    {
        AgeWindow? window = null;
        foreach (var filter in stream.Filters)
        {
            AgeWindow? added = filter switch
            {
                Within { OfParent: false } within => new AgeWindow(0, within.Duration.Hours),
                Between { OfParent: false } between => new AgeWindow(Math.Min(between.First.Hours, between.Second.Hours), Math.Max(between.First.Hours, between.Second.Hours)),
                _ => null,
            };
            if (added is { } more)
                window = window?.And(more) ?? more;
        }
        return window;
    }

    private static (long From, long To)? DistanceOf(EventStream stream)
    {
        (long From, long To)? distance = null;
        foreach (var filter in stream.Filters)
        {
            (long From, long To)? added = filter switch
            {
                Within { OfParent: true } within => (0, within.Duration.Ticks),
                Between { OfParent: true } between => (Math.Min(between.First.Ticks, between.Second.Ticks), Math.Max(between.First.Ticks, between.Second.Ticks)),
                _ => null,
            };
            if (added is { } more)
                distance = distance is { } before ? (Math.Max(before.From, more.From), Math.Min(before.To, more.To)) : more;
        }
        return distance;
    }

    /// <summary>How many of the newest events decide every comparison with these fixed numbers; 0 when that is not known.</summary>
    private static int NewestThatDecide(IReadOnlyList<Scalar> others)
    {
        const int Worthwhile = 255;
        var most = 0;
        foreach (var other in others)
        {
            if (other is not Literal literal || !literal.Value.TryGetNumber(out var number) || number > Number.From(Worthwhile - 1m))
                return 0;
            most = Math.Max(most, (int)Math.Floor(number.AsDouble) + 1);
        }
        return others.Count == 0 ? 0 : Math.Max(most, 1);
    }

    // A last value is decided by the newest hour. Counts round up to a power of two, so that >= 1 and = 0 and > 1 share a leaf.
    private static int Keep(Reducer reducer, int newestThatDecide) => reducer.Kind switch
    {
        ReducerKind.Last => 1,
        ReducerKind.Count when newestThatDecide > 0 => (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(2, newestThatDecide)),
        _ => 0,
    };

    private static string LeafText(string name, List<Condition> conditions, string[] sources, AgeWindow? window, long session, Reducer reducer, int keep)
    {
        var text = new System.Text.StringBuilder("event(").Append(QueryPrinter.Quote(name)).Append(')');
        // The order of conditions joined by AND does not matter, so it must not make another leaf.
        foreach (var condition in conditions.Select(QueryPrinter.Print).Order(StringComparer.Ordinal))
            text.Append(".where(").Append(condition).Append(')');
        if (sources.Length > 0)
            text.Append(".sources({exclude: ").AppendJoin(", ", sources.Select(QueryPrinter.Quote)).Append("})");
        if (window is { } ages)
            text.Append(CultureInfo.InvariantCulture, $" aged {ages.From} to {ages.To} hours");
        if (session > 0)
            text.Append(CultureInfo.InvariantCulture, $" in sessions of {session / TimeSpan.TicksPerSecond} seconds");
        text.Append(" reduced by ").Append(reducer);
        if (keep > 0)
            text.Append(CultureInfo.InvariantCulture, $" over the newest {keep}");
        return text.ToString();
    }

    /// <summary>The event stream around an expression.</summary>
    /// <param name="MaximumAge">The greatest age in hours that matters there; null for any.</param>
    private sealed record Enclosing(int? MaximumAge);
}
