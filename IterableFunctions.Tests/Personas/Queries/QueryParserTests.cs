using IterableFunctions.Personas.Queries;

namespace IterableFunctions.Tests.Personas.Queries;

public sealed class QueryParserTests
{
    [Theory]
    // Segment's own examples
    [InlineData("event('Shoes Bought').where( property('price') >= 100 ).within(7 days).count() >= 1", "event('Shoes Bought').where(property('price') >= 100).within(7 days).count() >= 1")]
    [InlineData("event('Shoes Bought').where( \nproperty('price') >= trait('avg_spend')\nAND \nevent('Shoes Returned').within(parent: 5 days).count() >= 1 \n).within(30 days).count() >= 1", "event('Shoes Bought').where(property('price') >= trait('avg_spend') AND event('Shoes Returned').within(parent: 5 days).count() >= 1).within(30 days).count() >= 1")]
    [InlineData("NOT ( event('Shoes Bought').count() >= 1 AND trait('total_spend') > 200 )", "NOT (event('Shoes Bought').count() >= 1 AND trait('total_spend') > 200)")]
    // symbols and names are one
    [InlineData("trait('a').equals(1)", "trait('a') = 1")]
    [InlineData("trait('a') == 1", "trait('a') = 1")]
    [InlineData("trait('a').differs('x')", "trait('a') != 'x'")]
    [InlineData("trait('a').greater_than(1)", "trait('a') > 1")]
    [InlineData("trait('a').at_least(1)", "trait('a') >= 1")]
    [InlineData("trait('a').less_than(1)", "trait('a') < 1")]
    [InlineData("trait('a').at_most(1)", "trait('a') <= 1")]
    [InlineData("event('E').count().at_least(2)", "event('E').count() >= 2")]
    // every other comparator
    [InlineData("trait('a').absent()", "trait('a').absent()")]
    [InlineData("trait('a').exists()", "trait('a').exists()")]
    [InlineData("trait('a').contains('x','y')", "trait('a').contains('x', 'y')")]
    [InlineData("trait('a').contains(['x','y'])", "trait('a').contains('x', 'y')")]
    [InlineData("trait('a').omits('x')", "trait('a').omits('x')")]
    [InlineData("trait('a').starts_with('x')", "trait('a').starts_with('x')")]
    [InlineData("trait('a').ends_with('x')", "trait('a').ends_with('x')")]
    [InlineData("trait('a').one_of('x', 2, true)", "trait('a').one_of('x', 2, true)")]
    [InlineData("trait('a').none_of('x')", "trait('a').none_of('x')")]
    [InlineData("trait('a').before_date('2023-12-07T18:50:00Z')", "trait('a').before_date('2023-12-07T18:50:00Z')")]
    [InlineData("trait('a').after_date(2023-12-07)", "trait('a').after_date(2023-12-07)")]
    [InlineData("trait('a').within_last(7 days)", "trait('a').within_last(7 days)")]
    [InlineData("trait('a').within_next(1 days)", "trait('a').within_next(1 day)")]
    [InlineData("trait('a').before_last(24 hour)", "trait('a').before_last(24 hours)")]
    [InlineData("trait('a').after_next(7days)", "trait('a').after_next(7 days)")]
    // literals
    [InlineData("trait('a') = literal(100)", "trait('a') = 100")]
    [InlineData("trait('a') = literal('x')", "trait('a') = 'x'")]
    [InlineData("trait('a') = -1.50", "trait('a') = -1.5")]
    [InlineData("trait('a') = 1e3", "trait('a') = 1000")]
    [InlineData("trait('a') = 2024-05-01T10:00:00.5+02:00", "trait('a') = 2024-05-01T10:00:00.5+02:00")]
    [InlineData("5 < trait('a')", "5 < trait('a')")]
    [InlineData("trait(\"it's\") = 'say \"hi\"'", "trait('it\\'s') = 'say \"hi\"'")]
    [InlineData("trait('a') = 'it\\'s'", "trait('a') = 'it\\'s'")]
    [InlineData("trait('a') = 'back\\slash'", "trait('a') = 'back\\\\slash'")]
    // junctions
    [InlineData("trait('a') = 1 OR trait('b') = 2 AND trait('c') = 3", "trait('a') = 1 OR trait('b') = 2 AND trait('c') = 3")]
    [InlineData("(trait('a') = 1 OR trait('b') = 2) AND trait('c') = 3", "(trait('a') = 1 OR trait('b') = 2) AND trait('c') = 3")]
    [InlineData("((trait('a') = 1 AND (trait('b') = 2 AND trait('c') = 3)))", "trait('a') = 1 AND trait('b') = 2 AND trait('c') = 3")]
    [InlineData("NOT NOT trait('a') = 1", "NOT NOT trait('a') = 1")]
    [InlineData("not trait('a') = 1 and trait('b') = 2", "NOT trait('a') = 1 AND trait('b') = 2")]
    // streams
    [InlineData("event('E').sources({exclude: 'a','b'}).count() = 0", "event('E').sources({exclude: 'a', 'b'}).count() = 0")]
    [InlineData("event('E').sources(exclude: ['a']).count() = 0", "event('E').sources({exclude: 'a'}).count() = 0")]
    [InlineData("event('E').between(30 days, 90 days).count() >= 1", "event('E').between(30 days, 90 days).count() >= 1")]
    [InlineData("event('E').expires_after(1 hour).count() >= 3", "event('E').expires_after(1 hour).count() >= 3")]
    [InlineData("event('E').where({property('a') = 1}).count() > 0", "event('E').where(property('a') = 1).count() > 0")]
    [InlineData("event('E').unique(property('a')).count() > 2", "event('E').unique(property('a')).count() > 2")]
    [InlineData("event('A').within(7 days).count() > event('B').count()", "event('A').within(7 days).count() > event('B').count()")]
    [InlineData("event('A').where(event('B').where(property('id') = property(parent: 'id')).between(parent: 1 hour, parent: 2 hours).count() = 0).count() > 0", "event('A').where(event('B').where(property('id') = property(parent: 'id')).between(parent: 1 hour, 2 hours).count() = 0).count() > 0")]
    public void An_audience_is_read_and_printed_canonically(string source, string canonical)
    {
        Assert.Equal(canonical, QueryParser.ParseAudience(source).ToString());
        Assert.Equal(QueryParser.ParseAudience(source), QueryParser.ParseAudience(canonical));
    }

    [Theory]
    [InlineData("event('E').count()", "event('E').count()")]
    [InlineData("event('E').sum(property('a.b'))", "event('E').sum(property('a.b'))")]
    [InlineData("event('E').avg( context('x') )", "event('E').avg(context('x'))")]
    [InlineData("event('E').min(property('a') as number)", "event('E').min(property('a'))")]
    [InlineData("event('E').max(property('a') as string)", "event('E').max(property('a') as string)")]
    [InlineData("event('E').mode(property('a'),2)", "event('E').mode(property('a'), 2)")]
    [InlineData("event('E').mode(property('a') as string, 2)", "event('E').mode(property('a'), 2)")]
    [InlineData("event('E').mode(property('a.$.b') as array, 2)", "event('E').mode(property('a.$.b') as array, 2)")]
    [InlineData("event('E').first(property('a'))", "event('E').first(property('a'))")]
    [InlineData("event('E').within(30 days).last(property('a'))", "event('E').within(30 days).last(property('a'))")]
    [InlineData("event('E').unique(property('a'))", "event('E').unique(property('a'))")]
    [InlineData("event('E').unique(property('a')).count()", "event('E').unique(property('a')).count()")]
    [InlineData("event('E').expires_after(90 seconds).count()", "event('E').expires_after(90 seconds).count()")]
    [InlineData("trait('a.b')", "trait('a.b')")]
    [InlineData("event('E').first(property('a\\.b'))", "event('E').first(property('a\\\\.b'))")]
    [InlineData("event('E').first(property('a\\\\.b'))", "event('E').first(property('a\\\\.b'))")]
    public void A_computed_trait_is_read_and_printed_canonically(string source, string canonical)
    {
        Assert.Equal(canonical, QueryParser.ParseTrait(source).ToString());
        Assert.Equal(QueryParser.ParseTrait(source), QueryParser.ParseTrait(canonical));
    }

    [Fact]
    public void Fifty_conditions_are_read() =>
        Assert.Equal(50, Assert.IsType<OrCondition>(QueryParser.ParseAudience(Joined(50))).Parts.Count);

    [Fact]
    public void A_fifty_first_condition_is_refused() =>
        Assert.Contains("at most 50 conditions", Assert.Throws<QuerySyntaxException>(() => QueryParser.ParseAudience(Joined(51))).Problem);

    [Theory]
    [InlineData("(")]
    [InlineData("NOT ")]
    [InlineData("event('E').where(")]
    [InlineData("trait('a') = literal(")]
    [InlineData("literal(")]
    public void Text_nested_without_end_is_refused_before_the_stack_ends(string opening) =>
        Assert.Throws<QuerySyntaxException>(() => QueryParser.ParseAudience(string.Concat(Enumerable.Repeat(opening, 10_000 / opening.Length))));

    [Fact]
    public void A_text_longer_than_ten_thousand_characters_is_refused() =>
        Assert.Contains("at most 10000 characters", Assert.Throws<QuerySyntaxException>(() => QueryParser.ParseAudience(new string(' ', 10_001))).Problem);

    private static string Joined(int conditions) => string.Join(" OR ", Enumerable.Range(0, conditions).Select(i => $"trait('t{i}') = {i}"));
}
