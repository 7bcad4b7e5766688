using System.Text.Json.Nodes;
using Outcome = IterableFunctions.Iterable.Mapping.Mapping;

namespace IterableFunctions.Tests.Iterable.Mapping;

public class TrackTests
{
    [Theory]
    // With a zone, without one (UTC), with a blank for the T; fractions cut, never rounded.
    [InlineData("2015-12-10T04:08:31Z", "2015-12-10 04:08:31 +00:00")]
    [InlineData("2015-12-10T04:08:31.999Z", "2015-12-10 04:08:31 +00:00")]
    [InlineData("2015-12-10T04:08:31,5Z", "2015-12-10 04:08:31 +00:00")]
    [InlineData("2015-12-10T04:08:31.123456789012Z", "2015-12-10 04:08:31 +00:00")]
    [InlineData("2015-12-10T04:08", "2015-12-10 04:08:00 +00:00")]
    [InlineData("2015-12-10T0408", "2015-12-10 04:08:00 +00:00")]
    [InlineData("2015-12-10T040831Z", "2015-12-10 04:08:31 +00:00")]
    [InlineData("2015-12-10 04:08:31", "2015-12-10 04:08:31 +00:00")]
    [InlineData("2015-12-10 04:08:31+02:00", "2015-12-10 02:08:31 +00:00")]
    [InlineData("2015-12-10T04:08:31+0230", "2015-12-10 01:38:31 +00:00")]
    [InlineData("2015-12-10T04:08:31-05", "2015-12-10 09:08:31 +00:00")]
    [InlineData("2016-02-29T00:00:00Z", "2016-02-29 00:00:00 +00:00")]
    // Date-only is no instant; impossible dates and other spellings stay text.
    [InlineData("2015-12-10", "2015-12-10")]
    [InlineData("2015-02-29T00:00:00Z", "2015-02-29T00:00:00Z")]
    [InlineData("2015-13-10T04:08:31Z", "2015-13-10T04:08:31Z")]
    [InlineData("2015-12-10T24:08:31Z", "2015-12-10T24:08:31Z")]
    [InlineData("2015-12-10T04:60:31Z", "2015-12-10T04:60:31Z")]
    [InlineData("2015-12-10T04:08:60Z", "2015-12-10T04:08:60Z")]
    [InlineData("0000-12-10T04:08:31Z", "0000-12-10T04:08:31Z")]
    [InlineData("0001-01-01T00:00:00+01:00", "0001-01-01T00:00:00+01:00")]
    [InlineData("2015-12-10T04:08:31z", "2015-12-10T04:08:31z")]
    [InlineData("2015-12-10T04:08:31 Z", "2015-12-10T04:08:31 Z")]
    [InlineData("2015-12-10T04:08:31+1", "2015-12-10T04:08:31+1")]
    [InlineData("2015-12-10T04:08:31+24:00", "2015-12-10T04:08:31+24:00")]
    [InlineData("2015-12-10T04:08:31.Z", "2015-12-10T04:08:31.Z")]
    [InlineData("2015-12-10T04", "2015-12-10T04")]
    [InlineData("2015-12-10T04:08:", "2015-12-10T04:08:")]
    [InlineData("2015-12-10 04:08:31 +00:00", "2015-12-10 04:08:31 +00:00")]
    [InlineData("２０15-12-10T04:08:31Z", "２０15-12-10T04:08:31Z")]
    public void Instants_are_rewritten_as_Iterable_reads_them(string given, string sent)
    {
        var value = JsonValue.Create(given).ToJsonString();

        var fields = Map.Body(Map.Track($$"""{"a":{{value}},"b":{"c":[{{value}},[{"d":{{value}} }]]} }"""))["dataFields"]!;

        Assert.Equal(sent, (string?)fields["a"]);
        Assert.Equal(sent, (string?)fields["b"]!["c"]![0]);
        Assert.Equal(sent, (string?)fields["b"]!["c"]![1]![0]!["d"]);
    }

    [Fact]
    public void Instant_written_with_escapes_is_one()
        => Assert.Equal("2015-12-10 04:08:31 +00:00", (string?)Map.Body(Map.Track("""{"a":"2015\u002d12-10T04:08:31Z"}"""))["dataFields"]!["a"]);

    [Theory]
    [InlineData("\"2024-03-05T06:07:08.999Z\"", 1709618828)]
    [InlineData("\"2024-03-05T06:07:08.999+05:30\"", 1709599028)]
    [InlineData("\"2024-03-05\"", 1709596800)]
    [InlineData("\"2024-02\"", 1706745600)]
    [InlineData("\"2024\"", 1704067200)]
    [InlineData("1709618828", 1709618828)]
    [InlineData("1709618828.9", 1709618828)]
    [InlineData("1709618828999", 1709618828)]
    [InlineData("\"1709618828\"", 1709618828)]
    [InlineData("\"1709618828999\"", 1709618828)]
    [InlineData("\"Tue, 05 Mar 2024 06:07:08 GMT\"", 1709618828)]
    [InlineData("\"Tue, 05 Mar 2024 07:07:08 +01:00\"", 1709618828)]
    [InlineData("\"2024/03/05\"", 1709596800)]
    [InlineData("\"1969-12-31T23:59:59.500Z\"", -1)]
    public void CreatedAt_is_the_timestamp_in_whole_seconds(string timestamp, long seconds)
        => Assert.Equal(seconds, (long?)Map.Body($$"""{"type":"track","event":"E","userId":"u","timestamp":{{timestamp}}}""")["createdAt"]);

    [Theory]
    [InlineData(""","originalTimestamp":"2024-01-01T00:00:01Z","sentAt":"2024-01-01T00:00:02Z","receivedAt":"2024-01-01T00:00:03Z" """, 1704067201)]
    [InlineData(""","originalTimestamp":"soon","sentAt":"2024-01-01T00:00:02Z","receivedAt":"2024-01-01T00:00:03Z" """, 1704067202)]
    [InlineData(""","sentAt":null,"receivedAt":"2024-01-01T00:00:03Z" """, 1704067203)]
    [InlineData("", 1717243200)]
    public void CreatedAt_of_a_message_without_a_usable_timestamp_is_the_next_best(string times, long seconds)
    {
        foreach (var timestamp in (string[])["", ""","timestamp":"garbage" """, ""","timestamp":{} """, ""","timestamp":null""", ""","timestamp":true""", ""","timestamp":1e300""", ""","timestamp":"" """])
            Assert.Equal(seconds, (long?)Map.Body($$"""{"type":"track","event":"E","userId":"u"{{timestamp}}{{times}}}""")["createdAt"]);
    }

    [Fact]
    public void Id_is_the_messageId()
        => Assert.Equal("m-1", (string?)Map.Body(Map.Track("{}"))["id"]);

    [Theory]
    [InlineData("")]
    [InlineData(""","messageId":null""")]
    [InlineData(""","messageId":" " """)]
    public void Message_without_messageId_has_the_hash_of_its_bytes_as_one(string messageId)
    {
        var json = $$"""{"type":"track","event":"E","userId":"u"{{messageId}}}""";

        var id = (string?)Map.Body(json)["id"];

        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(json))), id);
    }

    [Fact]
    public void Id_longer_than_512_bytes_is_hashed()
    {
        Assert.Equal(new string('m', 512), (string?)Map.Body(Message(new string('m', 512)))["id"]);
        Assert.Matches("^[0-9a-f]{64}$", (string?)Map.Body(Message(new string('m', 513)))["id"]);
        Assert.Matches("^[0-9a-f]{64}$", (string?)Map.Body(Message(new string('é', 257)))["id"]);

        static string Message(string id) => $$"""{"type":"track","event":"E","userId":"u","messageId":"{{id}}"}""";
    }

    [Theory]
    [InlineData("")]
    [InlineData(""","event":null""")]
    [InlineData(""","event":42""")]
    [InlineData(""","event":["Order Completed"]""")]
    [InlineData(""","event":" " """)]
    public void Track_without_a_name_is_rejected(string name)
        => Assert.Equal("missing_event", Map.Rejection($$"""{"type":"track","userId":"u"{{name}}}""").Code);

    [Theory]
    [InlineData("\"text\"")]
    [InlineData("[1]")]
    [InlineData("5")]
    public void Properties_that_are_no_object_are_rejected(string properties)
        => Assert.Equal("invalid_properties", Map.Rejection(Map.Track(properties)).Code);

    [Theory]
    [InlineData("null", "{}")]
    [InlineData("{}", "{}")]
    [InlineData("{ }", "{}")]
    [InlineData("""{"length":3,"title":"x"}""", """{"length":3,"title":"x"}""")]
    [InlineData("""{"campaignId":1,"templateId":2}""", """{"campaignId":1,"templateId":2}""")]
    [InlineData("""{"a":"\"\\\u0000\u2028é\ud83d\ude00"}""", """{"a":"\"\\\u0000\u2028é😀"}""")]
    [InlineData("""{"big":12345678901234567890,"small":1e-300,"minus":-0}""", """{"big":12345678901234567890,"small":1e-300,"minus":0}""")]
    public void Properties_become_the_fields_of_the_event(string properties, string fields)
    {
        var actual = Map.Body(Map.Track(properties))["dataFields"];

        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(fields), actual), actual!.ToJsonString());
    }

    [Fact]
    public void Half_a_surrogate_pair_becomes_the_replacement_character()
    {
        var fields = Map.Body(Map.Track("""{"a\udc00":"cut \ud83d","b":"\\ud83d \ud83dx\ude00"}"""))["dataFields"]!;

        Assert.Equal("cut \ufffd", (string?)fields["a\ufffd"]);
        Assert.Equal("\\ud83d \ufffdx\ufffd", (string?)fields["b"]);
    }

    [Theory]
    [InlineData("""{"type":"group","userId":"u","groupId":"g"}""", "group")]
    [InlineData("""{"type":"alias","userId":"u","previousId":"p"}""", "alias")]
    [InlineData("""{"type":"delete","userId":"u"}""", "Deletion")]
    [InlineData("""{"type":"group","userId":{},"traits":[1]}""", "group")]
    [InlineData("""{"type":"track","event":"E","userId":"u","integrations":{"Iterable":false}}""", "integrations")]
    [InlineData("""{"type":"track","event":"E","userId":"u","integrations":{"iterable":false,"All":true}}""", "integrations")]
    [InlineData("""{"type":"track","event":"E","userId":"u","integrations":{"All":false}}""", "integrations")]
    [InlineData("""{"type":"track","event":"E","userId":"u","integrations":{"ALL":false,"Mixpanel":true}}""", "integrations")]
    [InlineData("""{"type":"track","event":"E","integrations":{"All":false}}""", "integrations")]
    [InlineData("""{"type":"track","event":"Email Opened","userId":"u","context":{"integration":{"name":"Iterable"}}}""", "came from Iterable")]
    public void Message_that_is_not_for_Iterable_is_ignored_with_a_reason(string json, string reason)
        => Assert.Contains(reason, Map.Reason(json), StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"Iterable":true,"All":false}""")]
    [InlineData("""{"Iterable":{"mergeNestedObjects":true},"All":false}""")]
    [InlineData("""{"iterable":"no","All":false}""")]
    [InlineData("""{"Iterable":true,"iterable":false}""")]
    [InlineData("""{"All":"false"}""")]
    [InlineData("""{"All":null}""")]
    [InlineData("null")]
    [InlineData("\"none\"")]
    public void Everything_else_in_integrations_lets_the_message_through(string integrations)
        => Map.Request($$"""{"type":"track","event":"E","userId":"u","integrations":{{integrations}}}""");

    [Theory]
    [InlineData("""{"event":"E"}""", "missing_type")]
    [InlineData("""{"type":null}""", "missing_type")]
    [InlineData("""{"type":7}""", "missing_type")]
    [InlineData("""{"type":"purchase"}""", "unknown_type")]
    [InlineData("[]", "not_an_object")]
    [InlineData("\"text\"", "not_an_object")]
    [InlineData("""{"type":"track","type":"track","event":"E","userId":"u"}""", "repeated_field")]
    [InlineData("""{"type":"track","event":"E","userId":"u","userId":"v"}""", "repeated_field")]
    [InlineData("""{"type":"track","event":"E","userId":"u","messageId":"1","\u006dessageId":"2"}""", "repeated_field")]
    [InlineData("""{"type":"track","event":"E","userId":"u","properties":{"n":1e999}}""", "number_out_of_range")]
    [InlineData("""{"type":"track","event":"E","userId":"u","properties":{"n":-1E+400}}""", "number_out_of_range")]
    [InlineData("""{"type":"track","event":"E","userId":"u",}""", "invalid_json")]
    public void Message_that_nothing_could_make_sense_of_is_rejected(string json, string code)
        => Assert.Equal(code, Map.Rejection(json).Code);

    [Fact]
    public void Nesting_is_taken_up_to_64_levels()
    {
        Map.Request(Nested(64));
        Assert.Equal("too_deep", Map.Rejection(Nested(65)).Code);
        Assert.Equal("too_deep", Map.Rejection(Nested(10_000)).Code);

        // The message and its properties are two levels.
        static string Nested(int levels) => Map.Track($$"""{"a":{{new string('[', levels - 2)}}{{new string(']', levels - 2)}}}""");
    }

    [Fact]
    public void Outcome_is_the_same_every_time()
    {
        var first = Assert.IsType<Outcome.Send>(Map.Message(Map.Track("""{"a":1}""")));
        var second = Assert.IsType<Outcome.Send>(Map.Message(Map.Track("""{"a":1}""")));

        Assert.Equal(first.Request.Body.ToArray(), second.Request.Body.ToArray());
    }
}
