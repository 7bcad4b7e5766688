using System.Text.Json.Nodes;
using IterableFunctions.Iterable;

namespace IterableFunctions.Tests.Iterable.Mapping;

public class PageViewedTests
{
    [Theory]
    [InlineData(""","name":"shoppingCart" """, "shoppingCart page")]
    [InlineData(""","name":"Pricing","category":"Docs" """, "Docs Pricing page")]
    [InlineData(""","category":"Docs" """, "Docs page")]
    [InlineData("", "Loaded a page")]
    [InlineData(""","name":"","category":" " """, "Loaded a page")]
    [InlineData(""","name":null,"category":null""", "Loaded a page")]
    [InlineData(""","name":404""", "404 page")]
    [InlineData(""","name":0,"category":0""", "Loaded a page")]
    [InlineData(""","name":"Home Page" """, "Home Page page")]
    [InlineData(""","properties":{"name":"Pricing","category":"Docs"}""", "Loaded a page")]
    [InlineData(""","event":"Signed Up","name":"Order Completed" """, "Order Completed page")]
    [InlineData(""","name":"a \"b\" \\ é\ud83d\ude00" """, "a \"b\" \\ é😀 page")]
    public void Page_is_an_event_named_after_it(string more, string name)
    {
        var page = Map.Request($$"""{"type":"page","userId":"u"{{more}}}""");
        var screen = Map.Body($$"""{"type":"screen","userId":"u"{{more}}}""");

        Assert.Equal("/api/events/track", page.Endpoint.Path);
        Assert.Equal(name, (string?)JsonNode.Parse(page.Body.Span)!["eventName"]);
        Assert.Equal(name.Replace(" page", " screen", StringComparison.Ordinal), (string?)screen["eventName"]);
    }

    [Theory]
    [InlineData(""","properties":{"path":"/","at":"2024-01-02T03:04:05Z"}""", """{"path":"/","at":"2024-01-02 03:04:05 +00:00"}""")]
    [InlineData(""","name":"N","category":"C","properties":{"name":"other","category":"other","path":"/"}""", """{"path":"/","category":"C","name":"N"}""")]
    [InlineData(""","properties":{"name":"kept","category":"kept"}""", """{"name":"kept","category":"kept"}""")]
    [InlineData(""","name":404""", """{"name":404}""")]
    [InlineData(""","context":{"page":{"path":"/x"}}""", "{}")]
    public void Properties_name_and_category_are_its_fields(string more, string fields)
    {
        var actual = Map.Body($$"""{"type":"page","userId":"u"{{more}}}""")["dataFields"];

        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(fields), actual), actual!.ToJsonString());
    }

    [Fact]
    public void Page_carries_time_and_id()
    {
        var body = Map.Body("""{"type":"page","messageId":"m","userId":"u","timestamp":"2024-03-05T06:07:08Z"}""");

        Assert.Equal(1709618828, (long?)body["createdAt"]);
        Assert.Equal("m", (string?)body["id"]);
    }

    [Theory]
    [InlineData(true, false, false, "", true)]
    [InlineData(false, false, false, ""","name":"N","category":"C" """, false)]
    [InlineData(false, true, false, ""","name":"N" """, true)]
    [InlineData(false, true, false, ""","category":"C" """, false)]
    [InlineData(false, false, true, ""","category":"C" """, true)]
    [InlineData(false, false, true, ""","name":"N" """, false)]
    [InlineData(false, true, true, "", false)]
    public void Settings_decide_which_pages_are_events(bool all, bool named, bool categorized, string more, bool sent)
    {
        var settings = new PagesOptions { TrackAll = all, TrackNamed = named, TrackCategorized = categorized };
        foreach (var type in (string[])["page", "screen"])
        {
            var json = $$"""{"type":"{{type}}","userId":"u"{{more}}}""";
            if (sent)
                Map.Request(json, pages: settings);
            else
                Assert.Contains("Pages__TrackAll", Map.Reason(json, settings), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Page_without_identifier_is_rejected_whatever_the_settings_say()
        => Assert.Equal("missing_identifier", Map.Rejection("""{"type":"page","name":"N"}""").Code);
}
