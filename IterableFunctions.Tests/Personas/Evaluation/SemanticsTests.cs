using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Queries;

namespace IterableFunctions.Tests.Personas.Evaluation;

/// <summary>The decisions where Segment's documentation is silent, one row each (docs/query-language.md).</summary>
public sealed class SemanticsTests
{
    private const string Noon = "2024-05-01T12:00:00Z";

    [Theory]
    // null
    [InlineData("trait('x') = 'a'", null, false)]
    [InlineData("trait('x') != 'a'", null, false)]
    [InlineData("NOT trait('x') = 'a'", null, true)]
    [InlineData("trait('x') > 1", null, false)]
    [InlineData("trait('x') <= 1", null, false)]
    [InlineData("trait('x').absent()", null, true)]
    [InlineData("trait('x').exists()", null, false)]
    [InlineData("trait('x').omits('a')", null, true)]
    [InlineData("trait('x').contains('a')", null, false)]
    [InlineData("trait('x').none_of('a')", null, true)]
    [InlineData("trait('x').one_of('a')", null, false)]
    [InlineData("trait('x').within_last(1 day)", null, false)]
    [InlineData("trait('x').absent()", "null", true)]
    [InlineData("trait('x') = trait('y')", "1", false)]
    [InlineData("trait('x') != trait('y')", "1", false)]
    // numbers
    [InlineData("trait('x') = 10", "10.0", true)]
    [InlineData("trait('x') = 10", "\"10\"", true)]
    [InlineData("trait('x') = 10", "\"10.00\"", true)]
    [InlineData("trait('x') > 9", "\"10\"", true)]
    [InlineData("trait('x') > '9'", "10", true)]
    [InlineData("trait('x') > '9'", "\"10\"", false)] // two texts: "10" sorts before "9"
    [InlineData("trait('x') = 'ten'", "10", false)]
    [InlineData("trait('x') != 'ten'", "10", true)]
    [InlineData("trait('x') = 0.3", "0.30", true)]
    [InlineData("trait('x') > 1e29", "1e30", true)]
    [InlineData("trait('x') < 1e29", "5", true)]
    [InlineData("trait('x') = 1e400", "1e400", true)] // both are the largest number
    // booleans
    [InlineData("trait('x') = true", "true", true)]
    [InlineData("trait('x') = 'true'", "true", true)]
    [InlineData("trait('x') = true", "\"true\"", true)]
    [InlineData("trait('x') = true", "\"True\"", false)]
    [InlineData("trait('x') = true", "1", false)]
    [InlineData("trait('x') != true", "false", true)]
    // texts
    [InlineData("trait('x') = 'abc'", "\"ABC\"", false)]
    [InlineData("trait('x') = ''", "\"\"", true)]
    [InlineData("trait('x').exists()", "\"\"", true)]
    [InlineData("trait('x').contains('b', 'z')", "\"abc\"", true)]
    [InlineData("trait('x').contains('B')", "\"abc\"", false)]
    [InlineData("trait('x').omits('b')", "\"abc\"", false)]
    [InlineData("trait('x').omits('y', 'b')", "\"abc\"", false)]
    [InlineData("trait('x').starts_with('ab')", "\"abc\"", true)]
    [InlineData("trait('x').ends_with('ab')", "\"abc\"", false)]
    [InlineData("trait('x').starts_with('12')", "123", true)]
    [InlineData("trait('x').one_of('a', 2)", "2", true)]
    [InlineData("trait('x').one_of('a', 2)", "\"a\"", true)]
    [InlineData("trait('x').none_of('a', 2)", "3", true)]
    // dates
    [InlineData("trait('x').before_date('2024-05-01')", "\"2024-04-30T23:59:59Z\"", true)]
    [InlineData("trait('x').before_date('2024-05-01')", "\"2024-05-01T00:00:00Z\"", false)]
    [InlineData("trait('x').after_date('2024-05-01T00:00:00+02:00')", "\"2024-04-30T22:30:00Z\"", true)]
    [InlineData("trait('x').after_date('2024-05-01')", "\"soon\"", false)]
    [InlineData("trait('x').after_date('2024-05-01')", "1714600000", false)]
    [InlineData("trait('x') = 2024-05-01T10:00:00Z", "\"2024-05-01T12:00:00+02:00\"", true)]
    [InlineData("trait('x') > 2024-04-01", "\"2024-05-01T12:00:00+02:00\"", true)]
    // dates against the hour: inclusive on both ends, seen at 12:00
    [InlineData("trait('x').within_last(2 hours)", "\"2024-05-01T10:00:00Z\"", true)]
    [InlineData("trait('x').within_last(2 hours)", "\"2024-05-01T09:59:59Z\"", false)]
    [InlineData("trait('x').within_last(2 hours)", "\"2024-05-01T12:00:00Z\"", true)]
    [InlineData("trait('x').within_last(2 hours)", "\"2024-05-01T12:00:01Z\"", false)]
    [InlineData("trait('x').within_next(2 hours)", "\"2024-05-01T14:00:00Z\"", true)]
    [InlineData("trait('x').within_next(2 hours)", "\"2024-05-01T14:00:01Z\"", false)]
    [InlineData("trait('x').within_next(2 hours)", "\"2024-05-01T11:59:59Z\"", false)]
    [InlineData("trait('x').before_last(2 hours)", "\"2024-05-01T10:00:00Z\"", true)]
    [InlineData("trait('x').before_last(2 hours)", "\"2024-05-01T10:00:01Z\"", false)]
    [InlineData("trait('x').after_next(2 hours)", "\"2024-05-01T14:00:00Z\"", true)]
    [InlineData("trait('x').after_next(2 hours)", "\"2024-05-01T13:59:59Z\"", false)]
    // a day counts as a day: today, though it began twelve hours ago
    [InlineData("trait('x').within_next(3 days)", "\"2024-05-01\"", true)]
    [InlineData("trait('x').within_next(3 days)", "\"2024-05-04\"", true)]
    [InlineData("trait('x').within_next(3 days)", "\"2024-05-05\"", false)]
    [InlineData("trait('x').within_last(1 day)", "\"2024-04-30\"", true)]
    [InlineData("trait('x').before_last(1 day)", "\"2024-05-01\"", false)]
    // nesting, escapes, arrays
    [InlineData("trait('x.a') = 1", "{\"a\":1}", true)]
    [InlineData("trait('x.a.b') = 1", "{\"a\":{\"b\":1}}", true)]
    [InlineData("trait('x.a').absent()", "5", true)]
    [InlineData("trait('x.a\\.b') = 1", "{\"a.b\":1}", true)]
    [InlineData("trait('x.a\\\\.b') = 1", "{\"a.b\":1}", true)]
    [InlineData("trait('x.\\$') = 1", "{\"$\":1}", true)]
    [InlineData("trait('x') = '[\"a\",\"b\"]'", "[ \"a\", \"b\" ]", true)]
    [InlineData("trait('x').contains('é')", "[\"café\"]", true)]
    [InlineData("trait('x.$') = 'b'", "[\"a\",\"b\"]", true)]
    [InlineData("trait('x.$') != 'b'", "[\"a\",\"b\"]", true)]
    [InlineData("trait('x.$') != 'b'", "[\"b\"]", false)]
    [InlineData("trait('x.$').none_of('b')", "[\"a\",\"b\"]", false)]
    [InlineData("trait('x.$').omits('b')", "[\"a\",\"b\"]", false)]
    [InlineData("trait('x.$').absent()", "[]", true)]
    [InlineData("trait('x.$.p') > 5", "[{\"p\":1},{\"p\":9}]", true)]
    // half a surrogate pair is valid JSON and no text
    [InlineData("trait('x').ends_with('\\ud83d')", "\"a\\ud83d\"", true)]
    [InlineData("trait('x').contains('ud83d')", "[\"\\ud83d\"]", true)]
    [InlineData("trait('x.a').absent()", "{\"\\ud83d\":1}", true)]
    // what decimals cannot hold
    [InlineData("trait('x') = 0", "1e-40", true)]
    [InlineData("trait('x') = 0.1234567890123456789012345678", "0.12345678901234567890123456781", true)]
    public void A_condition_on_a_trait(string query, string? json, bool expected)
    {
        var person = Person.With(DefinitionKind.Audience, query);
        if (json is not null)
            person.Set("x", json);

        Assert.Equal(Value.From(expected), person.Look(Person.HourOf(Noon))["d"]);
    }

    [Theory]
    [InlineData("event('E').count()", "0", "3")]
    [InlineData("event('E').within(1 hour).count()", "0", "2")]
    [InlineData("event('E').sum(property('n'))", "0.0", "0.3")]
    [InlineData("event('E').avg(property('n'))", "null", "0.15")]
    [InlineData("event('E').min(property('n'))", "null", "0.1")]
    [InlineData("event('E').max(property('n'))", "null", "0.2")]
    [InlineData("event('E').max(property('w'))", "null", "10.0")]
    [InlineData("event('E').max(property('t') as string)", "null", "\"b\"")]
    [InlineData("event('E').min(property('n') as string)", "null", "\"0.1\"")]
    [InlineData("event('E').mode(property('t'), 2)", "null", "\"a\"")]
    [InlineData("event('E').mode(property('t'), 3)", "null", "null")]
    [InlineData("event('E').mode(property('n'), 1)", "null", "\"0.1\"")]
    [InlineData("event('E').first(property('t'))", "null", "\"a\"")]
    [InlineData("event('E').last(property('n'))", "null", "\"0.2\"")]
    [InlineData("event('E').last(property('w'))", "null", "\"x\"")]
    [InlineData("event('E').first(context('page.url'))", "null", "\"/a\"")]
    [InlineData("event('E').unique(property('t'))", "[]", "[\"a\",\"b\"]")]
    [InlineData("event('E').unique(property('t')).count()", "0", "2")]
    [InlineData("event('E').unique(property('p.$.s'))", "[]", "[\"u\",\"v\"]")]
    [InlineData("event('E').mode(property('p.$.s') as array, 1)", "null", "\"[\\\"u\\\",\\\"v\\\"]\"")]
    [InlineData("event('E').last(property('p.$.s'))", "null", "\"u\"")]
    [InlineData("event('E').sum(property('p.$.q'))", "0.0", "6.0")]
    [InlineData("event('E').last(property('p'))", "null", "\"[{\\\"s\\\":\\\"u\\\",\\\"q\\\":3}]\"")]
    [InlineData("event('E').where(property('t') = 'b').count()", "0", "1")]
    [InlineData("event('E').sources({exclude: 'src1'}).count()", "0", "2")]
    public void A_computed_trait_is_worth_this_without_and_with_events(string query, string without, string with)
    {
        Assert.Equal(without, Person.With(DefinitionKind.ComputedTrait, query).Look(Person.HourOf(Noon))["d"].ToJson());

        var person = Person.With(DefinitionKind.ComputedTrait, query,
            """2024-05-01T10:30:00Z E {"n":0.1,"t":"a","p":[{"s":"u","q":1},{"s":"v","q":2}]} {"page":{"url":"/a"},"protocols":{"sourceId":"src1"}}""",
            """2024-05-01T11:10:00Z E {"n":"0.2","t":"a","w":10} {"protocols":{"sourceId":"src2"}}""",
            """2024-05-01T11:40:00Z E {"n":null,"t":"b","w":"x","p":[{"s":"u","q":3}]}""");
        Assert.Equal(with, person.Look(Person.HourOf(Noon))["d"].ToJson());
    }

    [Theory]
    [InlineData("2024-05-01T10:00:00Z", true)]
    [InlineData("2024-05-01T09:59:59.9999999Z", false)]
    [InlineData("2024-05-01T11:59:59.9999999Z", true)]
    [InlineData("2024-05-01T12:00:00Z", false)]
    public void A_window_holds_its_oldest_moment_and_not_the_present_one(string timestamp, bool expected) =>
        Assert.Equal(Value.From(expected), Person.With(DefinitionKind.Audience, "event('E').within(2 hours).count() = 1", timestamp + " E").Look(Person.HourOf(Noon))["d"]);

    [Theory]
    [InlineData("2024-05-01T09:00:00Z", true)]
    [InlineData("2024-05-01T08:59:59Z", false)]
    [InlineData("2024-05-01T10:59:59Z", true)]
    [InlineData("2024-05-01T11:00:00Z", false)]
    public void A_band_is_the_same_in_either_order(string timestamp, bool expected)
    {
        foreach (var band in (string[])["1 hour, 3 hours", "3 hours, 1 hour"])
            Assert.Equal(Value.From(expected), Person.With(DefinitionKind.Audience, $"event('E').between({band}).count() = 1", timestamp + " E").Look(Person.HourOf(Noon))["d"]);
    }

    [Theory]
    [InlineData("2024-05-01T10:00:00Z", false)] // the same moment is not after
    [InlineData("2024-05-01T10:00:01Z", true)]
    [InlineData("2024-05-01T11:00:00Z", true)]  // the end belongs to it
    [InlineData("2024-05-01T11:00:01Z", false)]
    [InlineData("2024-05-01T09:00:00Z", false)]
    public void A_funnels_child_comes_after_its_parent(string timestamp, bool expected) =>
        Assert.Equal(Value.From(expected), Person.With(DefinitionKind.Audience,
            "event('A').where(event('B').within(parent: 1 hour).count() >= 1).count() >= 1",
            "2024-05-01T10:00:00Z A", timestamp + " B").Look(Person.HourOf("2024-05-01T15:00:00Z"))["d"]);

    [Fact]
    public void Did_not_within_an_hour_waits_for_the_hour_to_pass()
    {
        var person = Person.With(DefinitionKind.Audience, "event('A').where(event('B').within(parent: 1 hour).count() = 0).count() >= 1", "2024-05-01T10:20:00Z A");

        var soon = person.Look(Person.HourOf("2024-05-01T11:00:00Z"));
        Assert.Equal(Value.False, soon["d"]);
        Assert.Equal(Person.HourOf("2024-05-01T12:00:00Z"), soon.NextHour);
        Assert.Equal(Value.True, person.Look(Person.HourOf("2024-05-01T12:00:00Z"))["d"]);
    }

    [Fact]
    public void Every_parent_is_a_candidate_of_its_own()
    {
        const string Query = "event('Added').where(event('Ordered').count() = 0).count() >= 1";
        string[] bought = ["2024-05-01T10:00:00Z Added", "2024-05-01T10:30:00Z Ordered"];

        Assert.Equal(Value.False, Person.With(DefinitionKind.Audience, Query, bought).Look(Person.HourOf(Noon))["d"]);
        Assert.Equal(Value.True, Person.With(DefinitionKind.Audience, Query, [.. bought, "2024-05-01T11:00:00Z Added"]).Look(Person.HourOf(Noon))["d"]);
    }

    [Fact]
    public void A_child_may_be_compared_with_its_parent_and_with_a_trait()
    {
        const string Query = "event('A').where(event('B').where(property('id') = property(parent: 'id') AND property('n') > trait('x')).count() = 1).count() = 1";
        var person = Person.With(DefinitionKind.Audience, Query,
            """2024-05-01T10:00:00Z A {"id":1}""", """2024-05-01T10:01:00Z B {"id":1,"n":5}""", """2024-05-01T10:02:00Z B {"id":2,"n":9}""");

        person.Set("x", "4");
        Assert.Equal(Value.True, person.Look(Person.HourOf(Noon))["d"]);
        person.Set("x", "5");
        Assert.Equal(Value.False, person.Look(Person.HourOf(Noon))["d"]);
    }

    [Fact]
    public void A_session_counts_at_once_and_expires_at_a_full_hour()
    {
        var person = Person.With(DefinitionKind.ComputedTrait, "event('E').expires_after(30 minutes).count()",
            "2024-05-01T09:00:00Z E", "2024-05-01T10:05:00Z E", "2024-05-01T10:34:00Z E");

        var look = person.Look(Person.HourOf("2024-05-01T10:00:00Z"), EvaluationScope.RealTime);
        Assert.Equal(Value.From(2), look["d"]);
        Assert.Equal(Person.HourOf("2024-05-01T12:00:00Z"), look.NextHour); // 11:04 is past at 12:00
        Assert.Equal(Value.From(2), person.Look(Person.HourOf("2024-05-01T11:00:00Z"))["d"]);
        Assert.Equal(Value.From(0), person.Look(Person.HourOf("2024-05-01T12:00:00Z"))["d"]);
    }

    [Fact]
    public void A_late_event_joins_two_sessions()
    {
        var person = Person.With(DefinitionKind.ComputedTrait, "event('E').expires_after(1 hour).sum(property('n'))",
            """2024-05-01T10:00:00Z E {"n":1}""", """2024-05-01T11:30:00Z E {"n":2}""");
        Assert.Equal("2.0", person.Look(Person.HourOf("2024-05-01T11:00:00Z"))["d"].ToJson());

        person.Record(Person.Event("""2024-05-01T10:45:00Z E {"n":4}""", "late"));
        Assert.Equal("7.0", person.Look(Person.HourOf("2024-05-01T11:00:00Z"))["d"].ToJson());
    }

    [Fact]
    public void First_and_last_break_ties_by_message_id()
    {
        var set = DefinitionSet.Compile([
            new Definition("first", DefinitionKind.ComputedTrait, "event('E').first(property('v'))"),
            new Definition("last", DefinitionKind.ComputedTrait, "event('E').last(property('v'))")]);
        var person = new Person(set);
        foreach (var id in (string[])["m2", "m1", "m3"])
            person.Record(Person.Event($$"""2024-05-01T10:00:00Z E {"v":"{{id}}"}""", id));

        var look = person.Look(Person.HourOf(Noon));
        Assert.Equal(Value.From("m1"), look["first"]);
        Assert.Equal(Value.From("m3"), look["last"]);
    }

    [Fact]
    public void A_sum_beyond_decimal_goes_on_in_double() =>
        Assert.Equal("1.2E+29", Person.With(DefinitionKind.ComputedTrait, "event('E').sum(property('n'))",
            """2024-05-01T10:00:00Z E {"n":6e28}""", """2024-05-01T10:00:00Z E {"n":6e28}""").Look(Person.HourOf(Noon))["d"].ToJson());
}
