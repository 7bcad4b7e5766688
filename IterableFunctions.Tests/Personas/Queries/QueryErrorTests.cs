using IterableFunctions.Personas.Queries;

namespace IterableFunctions.Tests.Personas.Queries;

public sealed class QueryErrorTests
{
    [Theory]
    [InlineData("", 1, 1, "found the end; expected event(..), trait(..) or a fixed value")]
    [InlineData("evnt('E').count() > 1", 1, 1, "found 'evnt'", "did you mean 'event'?")]
    [InlineData("event('E').wihtin(7 days).count() > 1", 1, 12, "found 'wihtin'", "did you mean 'within'?")]
    [InlineData("event('E').cuont() > 1", 1, 12, "did you mean 'count'?")]
    [InlineData("trait('a').start_with('x')", 1, 12, "did you mean 'starts_with'?")]
    [InlineData("event('E').within(7 dyas).count() > 1", 1, 21, "expected hours or days", "did you mean 'days'?")]
    [InlineData("event('E').within(2 weeks).count() > 1", 1, 21, "found 'weeks'; expected hours or days")]
    [InlineData("event('E').within(2.5 days).count() > 1", 1, 19, "expected a whole number, at least 1")]
    [InlineData("event('E').within(0 days).count() > 1", 1, 19, "expected a whole number, at least 1")]
    [InlineData("event('E').within(-3 days).count() > 1", 1, 19, "expected a whole number, at least 1")]
    [InlineData("event('E').within(40000 days).count() > 1", 1, 19, "at most a hundred years")]
    [InlineData("trait('a') = 1 adn trait('b') = 2", 1, 16, "did you mean 'AND'?")]
    [InlineData("trait('a') = 1\n  OR\n  trait('b') = ", 3, 16, "found the end")]
    [InlineData("event('E').count()", 1, 19, "a value alone is not a condition", "'>= 2'")]
    [InlineData("event('E')", 1, 11, "events alone are not a value")]
    [InlineData("event('E').equals(1)", 1, 12, "reduce the events first")]
    [InlineData("event('E').count().within(7 days) > 1", 1, 20, "comes too late")]
    [InlineData("event(E).count() > 1", 1, 7, "found 'E'; expected the name of an event in quotes")]
    [InlineData("event('').count() > 1", 1, 7, "an event needs a name")]
    [InlineData("event('E.count() > 1", 1, 7, "this text is not closed")]
    [InlineData("event(‘E’).count() > 1", 1, 7, "typographic quote")]
    [InlineData("trait('a') = null", 1, 14, ".absent()")]
    [InlineData("trait('a') && trait('b')", 1, 12, "write AND")]
    [InlineData("trait('a..b') = 1", 1, 7, "a path needs a name")]
    [InlineData("property('a') = 1", 1, 1, "property belongs to an event")]
    [InlineData("event('E').where(property(parent: 'a') = 1).count() > 0", 1, 27, "there is none here")]
    [InlineData("event('E').within(parent: 1 day).count() > 0", 1, 19, "there is none here")]
    [InlineData("event('E').where(trait('d').within_last(parent: 1 day)).count() > 0", 1, 41, "a whole number and a unit")]
    [InlineData("event('E').where(event('F').expires_after(1 hour).count() > 0).count() > 0", 1, 29, "cannot stand inside where")]
    [InlineData("event('E').within(7 days).expires_after(1 hour).count() > 0", 1, 27, "cannot both limit")]
    [InlineData("event('E').between(1 day, 24 hours).count() > 0", 1, 27, "both ends of the band are the same")]
    [InlineData("event('E').unique(property('a')) = 1", 1, 34, "gives a list")]
    [InlineData("event('E').unique(property('a')).contains('x')", 1, 34, "of a list only the size can be asked")]
    [InlineData("event('E').sum(trait('a')) > 1", 1, 16, "expected property(..) or context(..)")]
    [InlineData("event('E').sum(property('a') as number) > 1", 1, 33, "takes no type")]
    [InlineData("event('E').mode(property('a')) = 'x'", 1, 30, "the minimum frequency")]
    [InlineData("event('E').max(property('a') as nubmer) = 1", 1, 33, "did you mean 'number'?")]
    [InlineData("trait('a').before_date('soon')", 1, 24, "is no date")]
    [InlineData("trait('a').contains(trait('b'))", 1, 21, "a text in quotes")]
    [InlineData("ANY event('E').count() > 1", 1, 1, "account audiences are not supported")]
    [InlineData("trait('a') = 1 AND ALL (event('E').count() > 1)", 1, 20, "account audiences are not supported")]
    [InlineData("(trait('a') = 1", 1, 16, "expected AND, OR or ')'")]
    [InlineData("trait('a') = 1)", 1, 15, "found ')'; expected AND, OR or the end")]
    public void An_audience_that_cannot_be_read_says_where_and_why(string source, int line, int column, params string[] fragments)
    {
        var error = Assert.Throws<QuerySyntaxException>(() => QueryParser.ParseAudience(source));

        Assert.Equal((line, column), (error.Line, error.Column));
        Assert.All(fragments, fragment => Assert.Contains(fragment, error.Problem));
    }

    [Theory]
    [InlineData("event('E').count() >= 1", 1, 20, "a condition is an audience")]
    [InlineData("trait('a').exists()", 1, 11, "a condition is an audience")]
    [InlineData("NOT trait('a') = 1", 1, 1, "this begins a condition")]
    [InlineData("'x'", 1, 1, "this is a fixed value")]
    [InlineData("event('E').count() 5", 1, 20, "expected the end")]
    public void A_computed_trait_that_cannot_be_read_says_where_and_why(string source, int line, int column, string fragment)
    {
        var error = Assert.Throws<QuerySyntaxException>(() => QueryParser.ParseTrait(source));

        Assert.Equal((line, column), (error.Line, error.Column));
        Assert.Contains(fragment, error.Problem);
    }

    [Fact]
    public void An_error_shows_its_line_with_a_caret_under_the_spot()
    {
        var error = Assert.Throws<QuerySyntaxException>(() => QueryParser.ParseAudience("trait('a') = 1 AND\n\tevent('E').wihtin(7 days).count() > 1"));

        Assert.Equal(" event('E').wihtin(7 days).count() > 1\n            ^", error.Excerpt);
        Assert.StartsWith("line 2, column 13: found 'wihtin'; expected a filter", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_error_far_into_a_long_line_shows_only_what_is_around_it()
    {
        var error = Assert.Throws<QuerySyntaxException>(() => QueryParser.ParseAudience(new string(' ', 500) + "trait('a') ? 1" + new string(' ', 500)));

        var lines = error.Excerpt.Split('\n');
        Assert.Equal(100, lines[0].Length);
        Assert.Equal('?', lines[0][lines[1].IndexOf('^')]);
    }
}
