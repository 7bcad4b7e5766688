namespace IterableFunctions.Tests.Iterable.Webhooks;

/// <summary>The messageId: the same for a repeat, another for everything else.</summary>
public class EventIdentityTests
{
    private const string Click = """{"email":"Ann@Example.org","userId":"u-1","eventName":"emailClick","dataFields":{"createdAt":"2026-03-04 05:06:07 +00:00","messageId":"m-1","linkId":"7","hrefIndex":2,"userAgent":"Mozilla","workflowId":null}}""";

    [Theory]
    [InlineData("the same bytes", "", "")]
    [InlineData("the email in another case", "Ann@Example.org", "ann@example.org")]
    [InlineData("a field that was null is gone", ""","workflowId":null""", "")]
    [InlineData("blanks", ",", " , ")]
    public void Repeat_has_the_same_id(string what, string text, string instead)
    {
        Assert.NotEmpty(what);
        Assert.Equal(Map.Id(Click), Map.Id(text.Length == 0 ? Click : Click.Replace(text, instead, StringComparison.Ordinal)));
    }

    [Fact]
    public void Order_of_members_does_not_matter_where_all_of_them_count()
        => Assert.Equal(
            Map.Id("""{"email":"a@b.c","eventName":"emailSubscribe","dataFields":{"createdAt":"2026-03-04 05:06:07 +00:00","emailListIds":[1],"deep":{"x":1,"y":[2]}}}"""),
            Map.Id("""{"eventName":"emailSubscribe","dataFields":{"deep":{"y":[2],"x":1},"emailListIds":[1],"createdAt":"2026-03-04 05:06:07 +00:00"},"email":"a@b.c"}"""));

    [Theory]
    [InlineData("emailClick", "emailOpen")]
    [InlineData("Ann@Example.org", "ben@example.org")]
    [InlineData("u-1", "u-2")]
    [InlineData("m-1", "m-2")]
    [InlineData("05:06:07", "05:06:08")]
    [InlineData("\"7\"", "\"8\"")]
    [InlineData("\"hrefIndex\":2", "\"hrefIndex\":3")]
    public void Event_that_differs_in_what_counts_has_another_id(string text, string instead)
        => Assert.NotEqual(Map.Id(Click), Map.Id(Click.Replace(text, instead, StringComparison.Ordinal)));

    [Theory]
    [InlineData("""{"emailListIds":[1,2]}""", """{"emailListIds":[12]}""")]
    [InlineData("""{"emailListIds":[1]}""", """{"channelIds":[1]}""")]
    [InlineData("""{"smsMessage":"STOP"}""", """{"smsMessage":"START"}""")]
    [InlineData("""{"fromPhoneNumber":"1","toPhoneNumber":"23"}""", """{"fromPhoneNumber":"12","toPhoneNumber":"3"}""")]
    [InlineData("""{"a":{"b":1}}""", """{"a":{},"b":1}""")]
    [InlineData("""{"a":["b",1]}""", """{"a":["b"],"1":1}""")]
    [InlineData("""{"a":"1"}""", """{"a":1}""")]
    [InlineData("{}", """{"a":""}""")]
    public void Events_without_a_message_differ_by_all_that_they_say(string one, string other)
        => Assert.NotEqual(Of(one), Of(other));

    private static string Of(string fields) => Map.Id($$"""{"email":"a@b.c","eventName":"emailSubscribe","dataFields":{{fields}} }""");

    [Fact]
    public void Two_sources_do_not_share_ids_and_no_id_gives_the_key_away()
    {
        Assert.NotEqual(Map.Id(Click, "key-1"), Map.Id(Click, "key-2"));
        Assert.Matches("^itbl-[0-9a-f]{40}$", Map.Id(Click, "key-1"));
    }

    [Fact]
    public void Lists_in_another_order_are_the_same_lists()
        => Assert.Equal(
            Map.Id(Map.Open("\"emailListIds\":[1,2]")),
            Map.Id(Map.Open("\"emailListIds\":[2,1]")));

    [Fact]
    public void No_two_different_events_share_an_id()
    {
        // Values of which one ends as another begins.
        var events =
            from type in new[] { "emailOpen", "emailClick", "pushOpen" }
            from email in new[] { "a@b.c", "b@b.c", "a@b.cm" }
            from user in new[] { "", "m", "ma@b.c" }
            from message in new[] { "", "1", "m1", "\\n1" }
            from second in new[] { 0, 1, 2 }
            from link in new[] { "", "1", "17", "7" }
            select $$"""{"email":"{{email}}","userId":"{{user}}","eventName":"{{type}}","dataFields":{"createdAt":"2026-03-04 05:06:0{{second}} +00:00","messageId":"{{message}}","linkId":"{{link}}"} }""";

        var ids = events.Select(json => Map.Id(json)).ToList();

        Assert.Equal(3 * 3 * 3 * 4 * 3 * 4, ids.Distinct().Count());
    }
}
