using System.Text;
using System.Text.Json.Nodes;
using IterableFunctions.Iterable;
using IterableFunctions.Iterable.Webhooks;
using IterableFunctions.Segment;
using SegmentMap = IterableFunctions.Tests.Iterable.Mapping.Map;

namespace IterableFunctions.Tests.Iterable.Webhooks;

public class WebhookMapperTests
{
    private static readonly string File = Path.Combine(AppContext.BaseDirectory, "Iterable", "Webhooks", "system-webhooks.ndjson");

    private static List<JsonNode> Cases() => [.. System.IO.File.ReadLines(File).Select(line => JsonNode.Parse(line)!)];

    public static IEnumerable<object[]> Rows() => Cases().Select((row, index) => new object[] { index, (string)row["webhook"]!["eventName"]! });

    [Theory]
    [MemberData(nameof(Rows))]
    public void Webhook_becomes_the_track_call_of_its_type(int index, string type)
    {
        var row = Cases()[index];
        var sent = Map.Send(row["webhook"]!.ToJsonString());
        var track = JsonNode.Parse(sent.Event.Body.Span)!.AsObject();
        var expected = row["track"]!.AsObject();

        Assert.Equal(sent.Event.MessageId, (string?)track["messageId"]);
        track.Remove("messageId");
        if (!expected.ContainsKey("timestamp"))
            expected["timestamp"] = "2026-06-01T12:00:00.000Z";
        Assert.True(JsonNode.DeepEquals(expected, track), $"expected {expected.ToJsonString()}, got {track.ToJsonString()}");
        Assert.Equal(((string?)expected["event"], type), (sent.Name, sent.Type));
        Assert.Equal((string?)expected["userId"], sent.Event.UserId);
    }

    [Fact]
    public void Every_type_of_the_table_has_a_webhook_here()
        => Assert.Empty(WebhookTypes.All.Select(type => type.Name).Except(Cases().Select(row => (string)row["webhook"]!["eventName"]!)));

    [Theory]
    [MemberData(nameof(Rows))]
    public void What_went_to_Segment_is_not_forwarded_when_Segment_posts_it_to_us(int index, string type)
    {
        var track = Map.Track(Cases()[index]["webhook"]!.ToJsonString());
        // As a Segment webhook delivers it.
        foreach (var time in (string[])["originalTimestamp", "receivedAt", "sentAt"])
            track[time] = "2026-06-01T12:00:01.000Z";
        (track["version"], track["channel"], track["projectId"]) = (2, "server", "p-1");

        SegmentMap.Reason(track.ToJsonString());
        // A destination function or a webhook's mapping may drop the one or change the other.
        track.Remove("integrations");
        Assert.Contains("came from Iterable", SegmentMap.Reason(track.ToJsonString()), StringComparison.Ordinal);
        track["integrations"] = new JsonObject { ["All"] = true };
        Assert.Contains("came from Iterable", SegmentMap.Reason(track.ToJsonString()), StringComparison.Ordinal);
        Assert.NotEmpty(type);
    }

    [Theory]
    [InlineData(WebhookNames.Segment, "campaign_id link_url email_subject iterable_message_id", "campaignId linkUrl emailSubject messageId ip userAgent")]
    [InlineData(WebhookNames.Iterable, "campaignId linkUrl emailSubject messageId ip userAgent", "campaign_id link_url email_subject iterable_message_id")]
    [InlineData(WebhookNames.Both, "campaign_id link_url email_subject iterable_message_id campaignId linkUrl emailSubject messageId ip userAgent", "inAppBody")]
    public void Properties_have_the_names_that_the_setting_chooses(WebhookNames names, string there, string missing)
    {
        const string fields = """
            "campaignId":7,"linkUrl":"https://example.org","emailSubject":"Hi","ip":"203.0.113.9","userAgent":"Mozilla","templateId":9,"inAppBody":"<html>"
            """;
        var track = Map.Track(Map.Open(fields), names);
        var properties = track["properties"]!.AsObject();

        Assert.All(there.Split(' '), name => Assert.True(properties.ContainsKey(name), name));
        Assert.All(missing.Split(' '), name => Assert.False(properties.ContainsKey(name), name));
        Assert.Equal(9, (int?)properties["templateId"]);
        Assert.Equal("203.0.113.9", (string?)track["context"]!["ip"]);
    }

    [Fact]
    public void Numbers_are_texts_where_Segments_spec_has_texts()
    {
        var properties = Map.Track(Map.Open("""
            "campaignId":810001,"linkId":3145000111,"emailListIds":[3,1,2],"email_id":"not ours","emailId":"c1"
            """))["properties"]!;

        Assert.Equal(("810001", "3145000111", "3,1,2", "c1"), ((string?)properties["campaign_id"], (string?)properties["link_id"], (string?)properties["list_id"], (string?)properties["email_id"]));
        Assert.Equal("[3,1,2]", properties["emailListIds"]!.ToJsonString());
    }

    [Theory]
    [InlineData("Carrier Pigeon Send", "carrierPigeonSend")]
    [InlineData("XYZ Send", "XYZSend")]
    [InlineData("Fax Send Skip", "fax_send-skip")]
    [InlineData("2nd Try", "2ndTry")]
    [InlineData("!?", "!?")]
    public void Type_that_is_not_known_is_passed_on_under_its_words_with_a_warning(string name, string type)
    {
        var sent = Map.Send($$"""{"email":"ann@example.org","eventName":"{{type}}","dataFields":{"createdAt":"2026-03-04 05:06:07 +00:00"} }""");

        Assert.Equal(name, sent.Name);
        Assert.False(sent.IsKnown);
        Assert.Contains("not known", sent.Warning, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2026-03-04 05:06:07 +00:00", "2026-03-04T05:06:07.000Z")]
    [InlineData("2026-03-04 05:06:07 -08:00", "2026-03-04T13:06:07.000Z")]
    [InlineData("2026-03-04T05:06:07.123456Z", "2026-03-04T05:06:07.123Z")]
    public void Time_is_that_of_the_event(string createdAt, string timestamp)
    {
        var sent = Map.Send($$"""{"email":"ann@example.org","eventName":"emailOpen","dataFields":{"createdAt":"{{createdAt}}"} }""");
        Assert.Equal(timestamp, (string?)JsonNode.Parse(sent.Event.Body.Span)!["timestamp"]);
        Assert.Null(sent.Warning);
    }

    [Theory]
    [InlineData("")]
    [InlineData(""","dataFields":null""")]
    [InlineData(""","dataFields":{"createdAt":null}""")]
    [InlineData(""","dataFields":{"createdAt":"soon"}""")]
    public void Event_without_a_time_has_that_of_its_arrival_and_says_so(string rest)
    {
        var sent = Map.Send($$"""{"email":"ann@example.org","eventName":"emailOpen"{{rest}}}""");
        Assert.Equal(Map.Now, sent.Event.Timestamp);
        Assert.Contains("createdAt", sent.Warning, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"eventName":"inAppRecall","dataFields":{"campaignId":1,"total":12}}""")]
    [InlineData("""{"eventName":"emailOpen","email":" ","userId":"","dataFields":{"email":null}}""")]
    public void Event_of_nobody_is_ignored_with_the_reason(string webhook)
        => Assert.Contains("neither", Assert.IsType<WebhookMapping.Ignore>(Map.Webhook(webhook)).Reason, StringComparison.Ordinal);

    [Theory]
    [InlineData("7", "not_an_object")]
    [InlineData("{}", "missing_event_name")]
    [InlineData("""{"eventName":null,"email":"a@b.c"}""", "missing_event_name")]
    [InlineData("""{"eventName":7,"email":"a@b.c"}""", "missing_event_name")]
    [InlineData("""{"eventName":"\u00a0","email":"a@b.c"}""", "missing_event_name")]
    [InlineData("""{"eventName":"emailOpen","email":["a@b.c"]}""", "invalid_email")]
    [InlineData("""{"eventName":"emailOpen","userId":{}}""", "invalid_user_id")]
    [InlineData("""{"eventName":"emailOpen","email":"a@b.c","dataFields":[]}""", "invalid_data_fields")]
    [InlineData("""{"eventName":"emailOpen","email":"a@b.c","email":"d@e.f"}""", "repeated_field")]
    [InlineData("""{"eventName":"emailOpen","email":"a@b.c","\u0065mail":"d@e.f"}""", "repeated_field")]
    public void What_is_no_event_is_refused_by_name(string webhook, string code)
        => Assert.Equal(code, Assert.IsType<WebhookMapping.Reject>(Map.Webhook(webhook)).Rejection.Code);

    [Fact]
    public void Identifiers_and_types_longer_than_any_of_Iterables_are_refused()
    {
        var text = new string('x', 1_001);
        Assert.Equal("identifier_too_long", Refusal($$"""{"eventName":"emailOpen","userId":"{{text}}"}"""));
        Assert.Equal("identifier_too_long", Refusal($$"""{"eventName":"emailOpen","email":"{{text}}"}"""));
        Assert.Equal("event_name_too_long", Refusal($$"""{"eventName":"{{text}}","email":"a@b.c"}"""));

        static string Refusal(string webhook) => Assert.IsType<WebhookMapping.Reject>(Map.Webhook(webhook)).Rejection.Code;
    }

    [Theory]
    [InlineData(1, 40_000, "f0")]
    [InlineData(3, 15_000, "f0")]
    [InlineData(400, 300, "f0")]
    public void Event_that_Segment_would_not_take_for_its_size_loses_its_largest_fields(int count, int length, string first)
    {
        var fields = string.Join(',', Enumerable.Range(0, count).Select(i => $"\"f{i}\":\"{new string('x', length - (i / 2))}\""));
        var sent = Map.Send(Map.Open($"{fields},\"campaignId\":7"));

        Assert.InRange(sent.Event.Body.Length, 1, TrackingEvent.MaxBytes);
        var properties = JsonNode.Parse(sent.Event.Body.Span)!["properties"]!.AsObject();
        Assert.Equal("7", (string?)properties["campaign_id"]);
        Assert.False(properties.ContainsKey(first));
        Assert.Contains($"{first}", sent.Warning, StringComparison.Ordinal);
        // Not more than has to be.
        if (count == 3)
            Assert.Equal(2, properties.Count(property => property.Key.StartsWith('f')));
    }

    [Fact]
    public void Event_of_32_000_bytes_is_complete()
    {
        var rest = Map.Send(Map.Open("\"text\":\"\"")).Event.Body.Length;
        var whole = Map.Send(Map.Open($"\"text\":\"{new string('x', TrackingEvent.MaxBytes - rest - 1)}\""));
        Assert.Null(whole.Warning);
        Assert.NotNull(Map.Send(Map.Open($"\"text\":\"{new string('x', TrackingEvent.MaxBytes - rest + 1)}\"")).Warning);
    }

    [Fact]
    public void Odd_names_and_texts_arrive_as_they_were()
    {
        var track = Map.Track(Map.Open("""
            "a\"b":"x\ud83d\ude00","":null,"ü":[1e5,{"c":"2026-03-04T05:06:07Z"}],"twice":1,"twice":2,"ip":"127.0.0.1\r\nX: y"
            """));

        var properties = track["properties"]!.AsObject();
        Assert.Equal(("x😀", 2), ((string?)properties["a\"b"], (int?)properties["twice"]));
        Assert.Equal("""[1e5,{"c":"2026-03-04T05:06:07Z"}]""", properties["ü"]!.ToJsonString());
        Assert.Equal("127.0.0.1\r\nX: y", (string?)track["context"]!["ip"]);
    }

    [Theory]
    [InlineData(WebhookNames.Segment)]
    [InlineData(WebhookNames.Iterable)]
    [InlineData(WebhookNames.Both)]
    public void Address_that_Iterable_made_up_is_nobodys_email(WebhookNames names)
    {
        var track = Map.Track("""{"email":"u-9123@Placeholder.email","eventName":"pushSend","dataFields":{"email":" u-9123@placeholder.email "}}""", names);
        Assert.Equal("u-9123@Placeholder.email", (string?)track["anonymousId"]);
        Assert.Null(track["context"]!["traits"]);
        // Where readers of an event look for the person's email; our own profiles do.
        Assert.Null(track["properties"]!["email"]);
    }

    [Fact]
    public void What_is_too_long_for_the_context_stays_among_the_properties()
    {
        var agent = new string('x', 2_000);
        var track = Map.Track(Map.Open($"\"userAgent\":\"{agent}\",\"ip\":7"));
        Assert.Equal((agent, 7), ((string?)track["properties"]!["userAgent"], (int?)track["properties"]!["ip"]));
        Assert.Equal(["integration", "traits"], track["context"]!.AsObject().Select(member => member.Key));
    }

    [Fact]
    public void Warning_names_some_of_very_many_fields_that_are_left_out()
    {
        var sent = Map.Send(Map.Open(string.Join(',', Enumerable.Range(0, 10_000).Select(i => $"\"field{i}\":{i}"))));
        Assert.InRange(sent.Warning!.Length, 100, 1_000);
        Assert.Matches("createdAt, .* and [0-9]{4} others", sent.Warning);
    }

    [Fact]
    public void The_page_about_the_webhooks_lists_every_type_with_its_event()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!System.IO.File.Exists(Path.Combine(folder.FullName, "docs", "iterable-webhooks.md")))
            folder = folder.Parent ?? throw new FileNotFoundException("docs/iterable-webhooks.md is not above the tests.");
        var rows = System.IO.File.ReadAllLines(Path.Combine(folder.FullName, "docs", "iterable-webhooks.md"), Encoding.UTF8).Where(line => line.StartsWith("| `", StringComparison.Ordinal)).ToList();

        Assert.All(WebhookTypes.All, type => Assert.Contains($"| `{type.Name}` | {type.Event} |{(type.Published ? "" : " ours")} |", rows.Select(row => row.Replace("  ", " ", StringComparison.Ordinal))));
    }
}
