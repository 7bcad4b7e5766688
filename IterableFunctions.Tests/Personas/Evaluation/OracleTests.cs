using System.Buffers;
using System.Text;
using System.Text.Json;
using CsCheck;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Queries;
using IterableFunctions.Tests.Personas.Evaluation.Oracle;

namespace IterableFunctions.Tests.Personas.Evaluation;

/// <summary>Random definitions over random histories, hour by hour, against an oracle that scans. LONG_TESTS=1 runs many more.</summary>
public sealed class OracleTests
{
    // Longer than the longest window behind the last event, so that every change to come is seen coming.
    private const int Horizon = 75;

    private static long Cases(int few) => Environment.GetEnvironmentVariable("LONG_TESTS") == "1" ? few * 50L : few;

    [Fact]
    public void Any_definition_gives_the_oracles_answer_at_every_hour_and_announces_no_change_too_late() =>
        Gen.Select(OracleGen.Definitions, OracleGen.History, OracleGen.Traits, Gen.Int[0, 1_000_000])
            .Sample((definitions, history, traits, seed) => Run(new Case(definitions, history, traits, seed), exact: false), iter: Cases(600), print: Show);

    [Fact]
    public void Events_compared_with_a_fixed_value_announce_the_very_hour_of_the_change() =>
        Gen.Select(OracleGen.ReductionComparison, OracleGen.History, OracleGen.Traits, Gen.Int[0, 1_000_000])
            .Sample((definitions, history, traits, seed) => Run(new Case(definitions, history, traits, seed), exact: true), iter: Cases(600), print: Show);

    [Fact]
    public void Sessions_come_out_right_in_whatever_order_their_events_arrive() =>
        Gen.Select(OracleGen.ScrambledSessions, Gen.Int[0, 1_000_000])
            .Sample((sessions, seed) => Run(new Case(sessions.Item1, sessions.Item2, [], seed), exact: false), iter: Cases(300));

    [Fact]
    public void A_definition_printed_canonically_reads_as_the_same_definition() =>
        Gen.Select(OracleGen.Definitions, Gen.Int[0, 1_000_000]).Sample((definitions, seed) =>
        {
            foreach (var definition in definitions)
            {
                var text = new OracleText(seed).Write(definition);
                if (definition.Condition is not null)
                {
                    var tree = QueryParser.ParseAudience(text);
                    Assert.Equal(tree, QueryParser.ParseAudience(tree.ToString()));
                    Assert.Equal(tree.ToString(), QueryParser.ParseAudience(tree.ToString()).ToString());
                }
                else
                {
                    var tree = QueryParser.ParseTrait(text);
                    Assert.Equal(tree, QueryParser.ParseTrait(tree.ToString()));
                }
            }
        }, iter: Cases(5000));

    [Fact]
    public void Text_of_any_kind_is_read_or_refused_as_a_syntax_error()
    {
        var pieces = OracleGen.Among("event('A')", "event(", "trait('x')", ".count()", ".within(", "7 days", "parent:", ")", "(", "NOT", "AND", "OR", "= 1", ">=", "'", "\"", "\\", ".", ",",
            "property('n')", "where(", "unique(", "mode(", " as ", "string", "{exclude:", "}", "[", "]", "2024-01-01", "1e999999", "-1", "99999999999999999999999999999999", "literal(", "ANY", "é", "\n", "\0", "\ud800", "expires_after(1 second)");
        Gen.OneOf(
                pieces.Array[0, 40].Select(parts => string.Concat(parts)),
                pieces.Array[0, 40].Select(parts => string.Join(' ', parts)),
                Gen.String,
                Mutated())
            .Sample(text =>
            {
                OnlySyntaxErrors(() => QueryParser.ParseAudience(text));
                OnlySyntaxErrors(() => QueryParser.ParseTrait(text));
            }, iter: Cases(20_000));
    }

    private static Gen<string> Mutated() => Gen.Select(OracleGen.Definitions, Gen.Int[0, 1_000_000], Gen.Int[1, 5]).Select((definitions, seed, changes) =>
    {
        var random = new Random(seed);
        var text = new StringBuilder(new OracleText(seed).Write(definitions[^1]));
        for (; changes > 0 && text.Length > 2; changes--)
        {
            var at = random.Next(text.Length - 1);
            switch (random.Next(4))
            {
                case 0:
                    text.Remove(at, 1 + random.Next(Math.Min(8, text.Length - at)));
                    break;
                case 1:
                    text.Insert(at, (char)random.Next(32, 127));
                    break;
                case 2:
                    text[at] = (char)random.Next(32, 127);
                    break;
                default:
                    text.Insert(at, text.ToString(at, random.Next(text.Length - at)));
                    break;
            }
        }
        return text.ToString();
    });

    private static void OnlySyntaxErrors(Func<object> parse)
    {
        try
        {
            // What is read can be printed, and read again.
            if (parse() is Condition condition)
                Assert.Equal(condition, QueryParser.ParseAudience(condition.ToString()));
        }
        catch (QuerySyntaxException error)
        {
            Assert.True(error.Line >= 1 && error.Column >= 1);
        }
    }

    private static void Run(Case @case, bool exact)
    {
        var set = DefinitionSet.Compile(@case.Definitions.Zip(@case.Texts, (definition, text) =>
            new Definition(definition.Key, definition.Condition is null ? DefinitionKind.ComputedTrait : DefinitionKind.Audience, text)));
        var person = new Person(set);
        foreach (var (name, value) in @case.Traits)
            person.Set(name, JsonSerializer.Serialize(value));

        var known = new List<OEvent>();
        var arrivals = new Queue<OArrival>(@case.History);
        for (var hour = OracleGen.Start; hour <= OracleGen.Start.AddHours(OracleGen.HistoryHours + 6); hour = hour.AddHours(1))
        {
            // The look comes two minutes after the hour, so events of the running hour may be there already.
            while (arrivals.TryPeek(out var arrival) && arrival.At <= hour.AddMinutes(2))
            {
                arrivals.Dequeue();
                person.Record(Product(arrival.Event));
                if (known.TrueForAll(e => e.Id != arrival.Event.Id))
                    known.Add(arrival.Event);
                var running = arrival.At.Date.AddHours(arrival.At.Hour);
                Compare(@case, known, running, person.Look(Hour.Containing(running), EvaluationScope.RealTime), "in a fold");
            }
            var look = person.Look(Hour.Containing(hour));
            Assert.Equal(set.Definitions.Length, look.Results.Length);
            Compare(@case, known, hour, look, "at a look");
            if (hour.Hour % 3 == 1)
                CompareAnnouncements(@case, known, hour, look, exact);
        }
        CompareOtherWaysToTheSameState(@case, set, person, known);
    }

    private static void Compare(Case @case, List<OEvent> known, DateTime hour, ProfileEvaluation look, string when)
    {
        var oracle = new Oracle.Oracle(@case.Definitions, @case.Traits, known, hour);
        foreach (var result in look.Results)
        {
            var expected = oracle.Answer(@case.Definitions.Single(definition => definition.Key == result.Definition.Key));
            Assert.True(Same(expected, result.Value), $"{result.Definition.Key} {when} {hour:s}: expected {Shown(expected)}, found {result.Value}");
        }
    }

    private static void CompareAnnouncements(Case @case, List<OEvent> known, DateTime hour, ProfileEvaluation look, bool exact)
    {
        foreach (var result in look.Results)
        {
            var definition = @case.Definitions.Single(definition => definition.Key == result.Definition.Key);
            DateTime? change = null;
            for (var later = hour.AddHours(1); change is null && later <= hour.AddHours(Horizon); later = later.AddHours(1))
            {
                if (!Same(new Oracle.Oracle(@case.Definitions, @case.Traits, known, later).Answer(definition), result.Value))
                    change = later;
            }
            var announced = result.NextHour?.Start.UtcDateTime;
            if (change is not null)
                Assert.True(announced is not null && announced <= change, $"{definition.Key} at {hour:s} announced {announced:s}, but changes at {change:s}");
            if (exact)
                Assert.True(announced == change || (change is null && announced > hour.AddHours(Horizon)), $"{definition.Key} at {hour:s} announced {announced:s}, and changes at {change:s}");
            Assert.True(announced is null || announced > hour);
        }
        Assert.Equal(look.Results.Select(result => result.NextHour).Where(next => next is not null).Min(), look.NextHour);
    }

    private static void CompareOtherWaysToTheSameState(Case @case, DefinitionSet set, Person person, List<OEvent> known)
    {
        var end = OracleGen.Start.AddHours(OracleGen.HistoryHours + 6);
        var hour = Hour.Containing(end);

        var buffer = new ArrayBufferWriter<byte>();
        person.States.Write(buffer);
        person.States = LeafStates.Read(buffer.WrittenMemory, out _);
        Compare(@case, known, end, person.Look(hour), "after storing");

        person.States = States(leaf => leaf.Build(person.Rows.Reverse()));
        Compare(@case, known, end, person.Look(hour), "built from rows");

        person.States = States(leaf => leaf.Join(leaf.Build(person.Rows.Where((_, i) => i % 3 == 0)), leaf.Build(person.Rows.Where((_, i) => i % 3 != 0))));
        Compare(@case, known, end, person.Look(hour), "joined");

        person.States = States(_ => LeafState.FromRows);
        Compare(@case, known, end, person.Look(hour), "read from rows");

        LeafStates States(Func<Leaf, LeafState> state) => set.Leaves.Aggregate(LeafStates.None, (states, leaf) => states.With(leaf.Id, state(leaf)));
    }

    private static ProfileEvent Product(OEvent e) => new()
    {
        Name = e.Name,
        Timestamp = e.Time.Ticks,
        MessageId = e.Id,
        Properties = JsonDocument.Parse(OracleText.Json(e.Properties)).RootElement,
        Context = e.Source is null ? default : JsonDocument.Parse($$$"""{"protocols":{"sourceId":"{{{e.Source}}}"}}""").RootElement,
    };

    private static bool Same(object? expected, Value found) => expected switch
    {
        null => found.IsNull,
        bool truth => found == Value.From(truth),
        string text => found == Value.From(text),
        decimal number => found.Kind is ValueKind.Number && found.Number.Exact == number,
        List<string> list => found.Kind is ValueKind.List && found.Items.SequenceEqual(list),
        _ => false,
    };

    private static bool Same(object? one, object? other) =>
        one is List<string> list && other is List<string> otherList ? list.SequenceEqual(otherList) : Equals(one, other);

    private static string Shown(object? value) => value is List<string> list ? "[" + string.Join(",", list) + "]" : value?.ToString() ?? "null";

    private static string Show((ODefinition[] Definitions, OArrival[] History, Dictionary<string, object?> Traits, int Seed) generated)
    {
        var @case = new Case(generated.Definitions, generated.History, generated.Traits, generated.Seed);
        var text = new StringBuilder("\n");
        for (var i = 0; i < @case.Texts.Length; i++)
            text.Append(@case.Definitions[i].Key).Append(": ").Append(@case.Texts[i]).Append('\n');
        foreach (var (name, value) in @case.Traits)
            text.Append(name).Append(" = ").Append(value).Append('\n');
        foreach (var arrival in @case.History)
            text.Append($"{arrival.At:s} {arrival.Event.Name} of {arrival.Event.Time:s} {arrival.Event.Id} from {arrival.Event.Source} {OracleText.Json(arrival.Event.Properties)}\n");
        return text.ToString();
    }

    private sealed record Case(ODefinition[] Definitions, OArrival[] History, Dictionary<string, object?> Traits, int Seed)
    {
        public string[] Texts { get; } = [.. Definitions.Select(definition => new OracleText(Seed).Write(definition))];
    }
}
