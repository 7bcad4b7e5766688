using CsCheck;

namespace IterableFunctions.Tests.Personas.Evaluation.Oracle;

/// <summary>Generates definitions and histories: small alphabets, so that things meet; round times, so that edges are hit.</summary>
internal static class OracleGen
{
    public static readonly DateTime Start = new(2024, 5, 1, 0, 0, 0, DateTimeKind.Utc);

    public const int HistoryHours = 24;

    private static readonly Gen<string> EventName = Among("A", "B");
    private static readonly Gen<string> PropertyName = Among("n", "s", "d", "missing");
    private static readonly Gen<string> Symbol = Among("=", "!=", ">", ">=", "<", "<=");
    private static readonly Gen<int> Hours = Among(1, 1, 2, 3, 5, 8, 12, 24);

    // Minutes since the start, often on the hour.
    private static readonly Gen<int> Minute = Gen.Frequency(
        (3, Gen.Int[0, HistoryHours * 60]),
        (2, Gen.Int[0, HistoryHours].Select(hour => hour * 60)),
        (1, Gen.Int[0, HistoryHours * 4].Select(quarter => quarter * 15)));

    private static readonly Gen<object> Literal = Gen.OneOf(
        Among<object>(0m, 1m, 2m, 3m, 0.3m, 2.5m, -1m),
        Among<object>("a", "b", "ab", "2", "true", "it's \\ \"x\""),
        Among<object>(true, false),
        Gen.OneOf(Gen.Int[0, 3].Select(day => (object)Start.AddDays(day)), Minute.Select(minute => (object)Start.AddMinutes(minute).AddSeconds(1))));

    private static readonly Gen<object?> PropertyValue = Gen.OneOf(
        Among<object?>(0m, 1m, 2m, 3m, 0.1m, 0.2m, 2.5m, -1m),
        Among<object?>("a", "b", "ab", "2", "0.1", "true", ""),
        Among<object?>(true, false, null),
        DateText());

    public static readonly Gen<Dictionary<string, object?>> Traits = Gen.Select(PropertyValue, DateText(), PropertyValue, (number, date, any) =>
        new Dictionary<string, object?> { ["t0"] = number, ["t1"] = date, ["t2"] = any });

    public static readonly Gen<OArrival[]> History = Gen.Select(
            Gen.Select(
                Minute, Gen.Frequency((4, Gen.Const(0)), (1, Gen.Int[0, 90]), (1, Gen.Int[0, 40].Select(hours => hours * 60))), EventName, PropertyValue, PropertyValue, DateText(),
                Among<string?>(null, "src1", "src2"), Gen.Int[0, 30],
                (minute, late, name, n, s, d, source, id) => new OArrival(
                    Start.AddMinutes(minute),
                    new OEvent(name, Start.AddMinutes(minute - late), "m" + id, source, new Dictionary<string, object?> { ["n"] = n, ["s"] = s, ["d"] = d }))).Array[0, 25],
            Gen.Int[0, 1000])
        .Select((arrivals, seed) => WithDuplicates(arrivals, new Random(seed)));

    /// <summary>Definitions that refer only to earlier ones.</summary>
    public static readonly Gen<ODefinition[]> Definitions = Gen.Int[1, 4].SelectMany(count => Definition(0).SelectMany(first => More([first], count)));

    /// <summary>Events brought down to a value that is compared with a fixed one, mostly a count: what the next hour is exact for.</summary>
    public static readonly Gen<ODefinition[]> ReductionComparison = Gen.Select(
        Stream(1, nested: false, keys: 0, allowSession: true),
        Gen.Frequency((3, Gen.Const("count")), (2, Among("sum", "avg", "min", "max", "min_text", "max_text", "first", "last", "unique_count"))),
        Among("n", "s"), Symbol, Gen.Int[0, 4],
        (stream, reducer, property, symbol, bound) => (ODefinition[])[new ODefinition(
            "d0", new ORelation(new OReduction(stream, reducer, reducer == "count" ? "" : property), symbol, new OLiteral((decimal)bound)), null)]);

    /// <summary>Sessions over events of five hours that arrive after them in any order: many short ones, joined one by one.</summary>
    public static readonly Gen<(ODefinition[], OArrival[])> ScrambledSessions = Gen.Select(
        Among("count", "sum", "last", "unique"), Among(20, 30, 60),
        Gen.Select(Gen.Int[300, 359], Gen.Int[0, 300], PropertyValue, (arrives, happens, n) => (arrives, happens, n)).Array[10, 45],
        (reducer, minutes, arrivals) => (
            (ODefinition[])[new ODefinition("d0", null, new OReduction(new OStream("A", [], null, null, minutes, null), reducer, reducer == "count" ? "" : "n"))],
            (OArrival[])[.. arrivals.Select((arrival, i) => new OArrival(
                Start.AddMinutes(arrival.arrives),
                new OEvent("A", Start.AddMinutes(arrival.happens), "m" + i, null, new Dictionary<string, object?> { ["n"] = arrival.n })))
                .OrderBy(arrival => arrival.At)]));

    public static Gen<T> Among<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(index => values[index]);

    private static Gen<ODefinition[]> More(ODefinition[] sofar, int count) => sofar.Length == count
        ? Gen.Const(sofar)
        : Definition(sofar.Length).SelectMany(next => More([.. sofar, next], count));

    private static Gen<ODefinition> Definition(int index) => Gen.Frequency(
        (3, Condition(2, around: 0, index).Select(condition => new ODefinition("d" + index, condition, null))),
        (2, Reduction(2, nested: false, index, lists: true).Select(value => new ODefinition("d" + index, null, value))),
        (1, Trait(index).Select(value => new ODefinition("d" + index, null, value))));

    /// <param name="depth">How much further it may nest.</param>
    /// <param name="around">0 outside events, 1 inside where, 2 inside where of a nested event.</param>
    /// <param name="keys">How many definitions there are to refer to.</param>
    private static Gen<OCondition> Condition(int depth, int around, int keys)
    {
        var comparison = Comparison(depth, around, keys);
        if (depth == 0)
            return comparison;
        var inner = Condition(depth - 1, around, keys);
        return Gen.Frequency(
            (5, comparison),
            (1, inner.Array[2, 3].Select(parts => (OCondition)new OAll(parts))),
            (1, inner.Array[2, 3].Select(parts => (OCondition)new OAny(parts))),
            (1, inner.Select(part => (OCondition)new ONot(part))));
    }

    private static Gen<OCondition> Comparison(int depth, int around, int keys)
    {
        var left = Value(depth, around, keys);
        return Gen.Frequency(
            (5, Gen.Select(left, Symbol, Gen.OneOf(Literal.Select(value => (OValue)new OLiteral(value)), left), (one, symbol, other) => (OCondition)new ORelation(one, symbol, other))),
            (1, Gen.Select(left, Gen.Bool, (one, exists) => (OCondition)new OExists(one, exists))),
            (1, Gen.Select(left, Among("contains", "omits"), Among("a", "b", "0", ",", "").Array[1, 2], (one, name, texts) => (OCondition)new OText(one, name, texts))),
            (1, Gen.Select(left, Among("starts_with", "ends_with"), Among("a", "b", "2", "[", ""), (one, name, text) => (OCondition)new OText(one, name, [text]))),
            (1, Gen.Select(left, Gen.Bool, Literal.Select(value => (OValue)new OLiteral(value)).Array[1, 3], (one, listed, options) => (OCondition)new OListed(one, listed, options))),
            (1, Gen.Select(left, Gen.Bool, Minute, (one, before, minute) => (OCondition)new OBefore(one, before, Start.AddMinutes(minute)))),
            (1, Gen.Select(left, Among("within_last", "within_next", "before_last", "after_next"), Gen.Int[1, 6], Gen.Bool, (one, name, amount, days) =>
                (OCondition)new ORelative(one, name, days ? 1 + amount % 2 : amount, days))));
    }

    private static Gen<OValue> Value(int depth, int around, int keys)
    {
        var choices = new List<(int, Gen<OValue>)> { (1, Trait(keys)) };
        if (around > 0)
            choices.Add((6, Gen.Select(PropertyName, around > 1 ? Gen.Bool : Gen.Const(false), (name, parent) => (OValue)new OProperty(name, parent))));
        if (depth > 0)
            choices.Add((around == 0 ? 5 : 2, Reduction(depth - 1, around > 0, keys, lists: false)));
        return Gen.Frequency([.. choices]);
    }

    private static Gen<OValue> Trait(int keys) =>
        Gen.Int[0, keys + 2].Select(index => (OValue)new OTrait(index < keys ? "d" + index : "t" + (index - keys)));

    private static Gen<OValue> Reduction(int depth, bool nested, int keys, bool lists)
    {
        var reducers = new List<string> { "sum", "avg", "min", "max", "min_text", "max_text", "mode", "first", "last", "unique_count" };
        if (lists)
            reducers.Add("unique");
        return Gen.Select(
            Stream(depth, nested, keys, allowSession: !nested),
            Gen.Frequency((5, Gen.Const("count")), (6, Among([.. reducers]))),
            PropertyName, Gen.Int[1, 2],
            (stream, reducer, property, frequency) => (OValue)new OReduction(stream, reducer, reducer == "count" ? "" : property, reducer == "mode" ? frequency : 0));
    }

    private static Gen<OStream> Stream(int depth, bool nested, int keys, bool allowSession)
    {
        var around = nested ? 2 : 1;
        var window = Gen.Frequency<(int, int)?>(
            (2, Gen.Const(((int, int)?)null)),
            (3, Hours.Select(to => ((int, int)?)(0, to))),
            (1, Gen.Select(Hours, Hours, (one, length) => ((int, int)?)(one, one + length))));
        var behind = nested
            ? Gen.Frequency<(int, int)?>(
                (1, Gen.Const(((int, int)?)null)),
                (2, Gen.Int[1, 4].Select(to => ((int, int)?)(0, to * 60))),
                (1, Gen.Select(Gen.Int[1, 3], Gen.Int[1, 3], (from, length) => ((int, int)?)(from * 60, (from + length) * 60))))
            : Gen.Const(((int, int)?)null);
        var session = allowSession ? Gen.Frequency((3, Gen.Const(0)), (1, Among(30, 60, 90, 180))) : Gen.Const(0);
        // Seldom deep: funnels in funnels are rare, and the oracle's work grows with every level.
        var where = Gen.Frequency(
            (2, Gen.Const(Array.Empty<OCondition>())),
            (2, Condition(Math.Min(depth, 1), around, keys).Array[1, 2]));
        return Gen.Select(EventName, where, window, behind, session, Gen.Frequency((5, Gen.Const((string?)null)), (1, Gen.Const((string?)"src1"))),
            (name, wheres, ages, distance, minutes, source) => new OStream(name, wheres, minutes > 0 ? null : ages, distance, minutes, source));
    }

    private static Gen<object?> DateText() => Gen.OneOf(
        Gen.Int[-1, 3].Select(day => (object?)Start.AddDays(day).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture)),
        Minute.Select(minute => (object?)Start.AddMinutes(minute).ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture)));

    // Ids are unique per event; a duplicate is the same event arriving again, later.
    private static OArrival[] WithDuplicates(OArrival[] arrivals, Random random)
    {
        var all = arrivals.Select((arrival, i) => arrival with { Event = arrival.Event with { Id = $"{arrival.Event.Id}-{i}" } }).ToList();
        foreach (var arrival in all.ToArray())
        {
            if (random.Next(6) == 0)
                all.Add(arrival with { At = arrival.At.AddMinutes(random.Next(300)) });
        }
        return [.. all.OrderBy(arrival => arrival.At)];
    }
}
