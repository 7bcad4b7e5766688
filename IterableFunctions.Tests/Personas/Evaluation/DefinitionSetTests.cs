using System.Buffers;
using System.Globalization;
using System.Text.Json;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Queries;

namespace IterableFunctions.Tests.Personas.Evaluation;

public sealed class DefinitionSetTests
{
    [Theory]
    [InlineData("event('E').count() >= 1", null)]
    [InlineData("event('E').expires_after(1 hour).count() >= 1", null)]
    [InlineData("event('E').where(property('d').after_date('2024-01-01')).count() >= 1", null)]
    [InlineData("trait('x') = 1 AND event('E').sum(property('n')) > event('F').count()", null)]
    [InlineData("trait('x') = 1 OR event('E').within(7 days).count() >= 1", "within(7 days)")]
    [InlineData("NOT event('E').between(1 day, 2 days).count() >= 1", "between(1 day, 2 days)")]
    [InlineData("trait('x').within_next(3 days)", "trait('x').within_next(3 days)")]
    [InlineData("event('E').count() > event('E').within(1 day).count()", "within(1 day)")]
    [InlineData("event('E').where(event('F').count() = 0).count() > 0", "event('F').count()")]
    [InlineData("event('E').where(property('n') > trait('x')).count() > 0", "trait('x')")]
    [InlineData("event('E').where(property('d').within_last(1 day)).count() > 0", "property('d').within_last(1 day)")]
    public void Cadence_follows_from_the_definition_and_names_the_part(string query, string? part)
    {
        var cadence = DefinitionSet.Compile([new Definition("d", DefinitionKind.Audience, query)]).Definitions[0].Cadence;

        Assert.Equal(part is not null, cadence.IsHourly);
        Assert.Equal(part, cadence.Part);
        Assert.Equal(part is not null, cadence.Reason is not null);
    }

    [Fact]
    public void Hourly_spreads_to_whatever_refers_to_it()
    {
        var set = DefinitionSet.Compile([
            new Definition("c", DefinitionKind.Audience, "trait('b') = true"),
            new Definition("b", DefinitionKind.Audience, "trait('a') > 1 AND trait('other') = 1"),
            new Definition("a", DefinitionKind.ComputedTrait, "event('E').within(1 day).count()")]);

        Assert.Equal(["a", "b", "c"], set.Definitions.Select(definition => definition.Key));
        Assert.All(set.Definitions, definition => Assert.True(definition.Cadence.IsHourly));
        Assert.Equal("trait('a')", set.Definitions[1].Cadence.Part);
        Assert.True(set.HourlyReadsTrait("other"));
        Assert.False(set.HourlyReadsTrait("a"));
        Assert.True(set.HourlyRefersTo("a"));
        Assert.False(set.HourlyRefersTo("c"));
    }

    [Fact]
    public void A_reference_means_the_definition_before_the_custom_trait()
    {
        var person = new Person(DefinitionSet.Compile([
            new Definition("buyers", DefinitionKind.Audience, "trait('orders') >= 1"),
            new Definition("orders", DefinitionKind.ComputedTrait, "event('E').count()"),
            new Definition("nested", DefinitionKind.Audience, "trait('orders.total') = 7")]));
        person.Set("orders", """{"total":7}""");
        var hour = Person.HourOf("2024-05-01T12:00:00Z");

        Assert.Equal(Value.False, person.Look(hour)["buyers"]);
        Assert.Equal(Value.True, person.Look(hour)["nested"]); // a path of several names is never a key
        person.Record(Person.Event("2024-05-01T11:00:00Z E", "m"));
        Assert.Equal(Value.True, person.Look(hour)["buyers"]);
    }

    [Theory]
    [InlineData("a=trait('a') = 1", "a → a")]
    [InlineData("a=trait('b') = 1|b=trait('c') = 1|c=event('E').where(property('n') > trait('a')).count() > 0", "a → b → c → a")]
    public void A_circle_of_references_is_refused_and_shown(string definitions, string circle)
    {
        var error = Assert.Throws<DefinitionException>(() => DefinitionSet.Compile(definitions.Split('|').Select(text => text.Split('=', 2))
            .Select(parts => new Definition(parts[0], DefinitionKind.Audience, parts[1]))));
        Assert.EndsWith(circle, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_stands_once_over_audiences_and_traits() =>
        Assert.Equal("a", Assert.Throws<DefinitionException>(() => DefinitionSet.Compile([
            new Definition("a", DefinitionKind.Audience, "trait('x') = 1"),
            new Definition("a", DefinitionKind.ComputedTrait, "event('E').count()")])).Key);

    [Fact]
    public void An_unreadable_definition_is_named()
    {
        var error = Assert.Throws<DefinitionException>(() => DefinitionSet.Compile([new Definition("a", DefinitionKind.Audience, "evnt('x')")]));
        Assert.Equal("a", error.Key);
        Assert.IsType<QuerySyntaxException>(error.InnerException);
    }

    [Theory]
    [InlineData("event('E').where(property('a') = 1 AND property('b') = 2).within(7 days).sum(property('n')) > 1", "event('E').within(168 hours).where(property('b') = 2).where(property('a').equals(1)).sum(property('n')) < 5", 1)]
    [InlineData("event('E').within(7 days).count() >= 1", "event('E').within(7 days).count() = 0", 1)]
    [InlineData("event('E').within(7 days).count() >= 1", "event('E').within(7 days).count() >= 3", 2)]
    [InlineData("event('E').count() >= 1", "event('E').count() >= 3", 1)]
    [InlineData("event('E').count() >= 1", "event('F').count() >= 1", 2)]
    [InlineData("event('E').sources({exclude:'a','b'}).count() >= 1", "event('E').sources({exclude:'b'}).sources({exclude:'a'}).count() >= 1", 1)]
    public void What_measures_the_same_is_one_leaf(string one, string other, int leaves) =>
        Assert.Equal(leaves, DefinitionSet.Compile([new Definition("a", DefinitionKind.Audience, one), new Definition("b", DefinitionKind.Audience, other)]).Leaves.Length);

    // sha256sum of: event('E') aged 0 to 168 hours reduced by count() over the newest 2
    [Fact]
    public void A_leafs_id_does_not_change_between_versions_of_the_app() =>
        Assert.Equal("2db9fabe88fd1895", DefinitionSet.Compile([new Definition("d", DefinitionKind.Audience, "event('E').within(7 days).count() >= 1")]).Leaves[0].Id.ToString()[..16]);

    [Fact]
    public void States_are_read_back_as_they_were_written()
    {
        var set = DefinitionSet.Compile([
            new Definition("a", DefinitionKind.ComputedTrait, "event('E').within(7 days).mode(property('v'), 1)"),
            new Definition("b", DefinitionKind.ComputedTrait, "event('E').avg(property('n'))"),
            new Definition("c", DefinitionKind.ComputedTrait, "event('E').expires_after(1 hour).last(property('v'))"),
            new Definition("d", DefinitionKind.ComputedTrait, "event('E').min(property('n'))")]);
        var person = new Person(set);
        for (var i = 0; i < 20; i++)
            person.Record(Person.Event($$"""2024-05-01T{{i:00}}:10:00Z E {"n":{{(i * 1.7m).ToString(CultureInfo.InvariantCulture)}},"v":"v{{i % 3}}"}""", "m" + i));

        var buffer = new ArrayBufferWriter<byte>();
        person.States.Write(buffer);
        var back = LeafStates.Read(buffer.WrittenMemory, out var read);

        Assert.Equal(buffer.WrittenCount, read);
        Assert.Equal(person.States.All, back.All);
        Assert.Equal(4, back.Count);
    }

    [Fact]
    public void Bytes_that_are_no_state_are_refused()
    {
        Assert.Throws<InvalidDataException>(() => LeafState.Read(new byte[] { 9, 2, 0 }));
        Assert.Throws<InvalidDataException>(() => LeafState.Read(new byte[] { 1 }));
        Assert.Throws<InvalidDataException>(() => LeafStates.Read(new byte[] { 1, 0, 0, 0, 5 }, out _));
    }

    [Fact]
    public void A_state_that_grows_past_the_cap_gives_way_to_the_rows()
    {
        var set = DefinitionSet.Compile([new Definition("d", DefinitionKind.ComputedTrait, "event('E').unique(property('v')).count()")]);
        var person = new Person(set);
        var largest = 0;
        for (var i = 0; i < 500; i++)
        {
            Assert.False(person.Record(Person.Event($$"""2024-05-01T10:00:00Z E {"v":"a value of some length {{i}}"}""", "m" + i)).HourlyNeedsLook);
            largest = Math.Max(largest, person.States[set.Leaves[0].Id].Size);
            Assert.Equal(Value.From(i + 1), person.Look(Person.HourOf("2024-05-01T10:00:00Z"), EvaluationScope.RealTime)["d"]);
        }

        Assert.InRange(largest, 3000, LeafState.MaximumSize);
        Assert.True(person.States[set.Leaves[0].Id].IsFromRows);
        Assert.Equal([new RowsNeed("E", 0)], set.RowsNeeded(person.States, new Hour(0), EvaluationScope.RealTime));
    }

    [Theory]
    [InlineData("event('E').within(90 days).count() >= 1", 24)]
    [InlineData("event('E').within(90 days).count() >= 20", 150)]
    [InlineData("event('E').within(90 days).last(property('v')) = 'x'", 120)]
    [InlineData("event('E').expires_after(30 minutes).count() >= 1", 64)]
    public void A_state_keeps_only_what_its_questions_need(string query, int bytes)
    {
        var set = DefinitionSet.Compile([new Definition("d", DefinitionKind.Audience, query)]);
        var person = new Person(set);
        for (var i = 0; i < 2000; i++)
            person.Record(new ProfileEvent { Name = "E", MessageId = "m" + i, Timestamp = Person.At("2024-05-01") + i * TimeSpan.TicksPerHour, Properties = JsonDocument.Parse("""{"v":"x"}""").RootElement });

        Assert.InRange(person.States[set.Leaves[0].Id].Size, 3, bytes);
        Assert.Equal(Value.From(!query.Contains("expires", StringComparison.Ordinal)), person.Look(Hour.Containing(person.Rows[^1].Timestamp).Next)["d"]);
    }

    [Fact]
    public void States_of_leaves_that_nobody_reads_any_more_can_be_dropped()
    {
        var set = DefinitionSet.Compile([
            new Definition("a", DefinitionKind.Audience, "event('E').count() > 0"),
            new Definition("b", DefinitionKind.Audience, "event('E').sum(property('n')) > 0")]);
        var person = new Person(set);
        person.Record(Person.Event("""2024-05-01T10:00:00Z E {"n":1}""", "m"));
        var kept = set.Definitions.Single(definition => definition.Key == "a").LeafIndices.Select(index => set.Leaves[index].Id).ToList();

        Assert.Equal(2, person.States.Count);
        Assert.Equal(kept, person.States.Where(id => kept.Contains(id)).All.Select(entry => entry.Key));
    }

    [Fact]
    public void Rows_that_were_not_loaded_are_missed_aloud()
    {
        var set = DefinitionSet.Compile([new Definition("d", DefinitionKind.Audience, "event('E').where(event('F').count() = 0).count() > 0")]);
        var error = Assert.Throws<InvalidOperationException>(() => set.Evaluate(new ProfileView(), new Hour(1000), EvaluationScope.All));
        Assert.Contains("'E'", error.Message);
    }

    [Fact]
    public void Only_the_rows_that_matter_are_asked_for()
    {
        var set = DefinitionSet.Compile([
            new Definition("a", DefinitionKind.Audience, "event('A').where(event('B').within(parent: 1 day).count() = 0).within(2 days).count() > 0"),
            new Definition("b", DefinitionKind.Audience, "event('B').count() > 0")]);

        var from = new Hour(952).Ticks;
        Assert.Equal([new RowsNeed("A", from), new RowsNeed("B", from)], set.RowsNeeded(LeafStates.None, new Hour(1000), EvaluationScope.All));
        Assert.Empty(set.RowsNeeded(LeafStates.None, new Hour(1000), EvaluationScope.RealTime));
    }

    [Fact]
    public void A_definition_whose_leaf_is_not_built_is_left_out_with_all_that_refer_to_it()
    {
        var set = DefinitionSet.Compile([
            new Definition("a", DefinitionKind.Audience, "event('A').count() > 0"),
            new Definition("b", DefinitionKind.Audience, "trait('a') = true"),
            new Definition("c", DefinitionKind.Audience, "event('C').count() = 0")]);

        var result = set.Evaluate(new ProfileView { IsBuilt = leaf => leaf.Event != "A" }, new Hour(1000), EvaluationScope.All);
        Assert.Equal(["c"], result.Results.Select(found => found.Definition.Key));
    }

    [Theory]
    [InlineData("E", true)]
    [InlineData("F", true)]
    [InlineData("G", false)]
    [InlineData("H", false)]
    public void A_fold_says_whether_an_hourly_definition_needs_a_look(string name, bool expected)
    {
        var set = DefinitionSet.Compile([
            new Definition("a", DefinitionKind.Audience, "event('E').within(1 day).count() > 0"),
            new Definition("b", DefinitionKind.Audience, "event('F').where(event('F').count() = 0).count() > 0"),
            new Definition("c", DefinitionKind.Audience, "event('G').count() > 0")]);

        Assert.Equal(expected, new Person(set).Record(Person.Event($"2024-05-01T10:00:00Z {name}", "m")).HourlyNeedsLook);
    }

    [Fact]
    public void An_event_that_the_filter_drops_changes_nothing()
    {
        var set = DefinitionSet.Compile([new Definition("a", DefinitionKind.Audience, "event('E').where(property('n') > 1).within(1 day).count() > 0")]);
        var folded = new Person(set).Record(Person.Event("""2024-05-01T10:00:00Z E {"n":1}""", "m"));

        Assert.False(folded.HourlyNeedsLook);
        Assert.Equal(0, folded.States.Count);
    }

    [Fact]
    public void A_condition_that_must_meet_another_is_not_looked_at_before_both_can()
    {
        var person = Person.With(DefinitionKind.Audience, "event('A').between(5 hours, 6 hours).count() = 1 AND event('B').between(20 hours, 30 hours).count() = 1",
            "2024-05-01T10:00:00Z A", "2024-05-01T10:00:00Z B");

        Assert.Equal(Person.HourOf("2024-05-02T07:00:00Z"), person.Look(Person.HourOf("2024-05-01T10:00:00Z")).NextHour);
    }
}
