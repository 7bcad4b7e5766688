using System.Text.Json.Nodes;
using Outcome = IterableFunctions.Iterable.Mapping.Mapping;

namespace IterableFunctions.Tests.Iterable.Mapping;

public class IdentifyTests
{
    /// <summary>Traits, and the user fields that they become (profileUpdatedAt, which is always there, left out).</summary>
    [Theory]
    // Nulls at the top say nothing; below it they stay, as does everything that is merely empty.
    [InlineData("""{"a":null,"b":{"c":null},"d":"","e":0,"f":false,"g":[null]}""", """{"b":{"c":null},"d":"","e":0,"f":false,"g":[null]}""")]
    // The email stays a field as well, as it was sent.
    [InlineData("""{"email":" a@x.io "}""", """{"email":" a@x.io "}""")]
    // Exactly "id" and "timestamp" are no fields of a user.
    [InlineData("""{"id":"x","ID":"y","_id":"z","timestamp":"2024-01-01T00:00:00Z"}""", """{"ID":"y","_id":"z"}""")]
    // phone becomes phoneNumber, and wins over one.
    [InlineData("""{"phone":"+1"}""", """{"phoneNumber":"+1"}""")]
    [InlineData("""{"phone":"+1","phoneNumber":"+2"}""", """{"phoneNumber":"+1"}""")]
    [InlineData("""{"phone":15}""", """{"phoneNumber":15}""")]
    [InlineData("""{"Phone":"+1"}""", """{"Phone":"+1","phoneNumber":"+1"}""")]
    [InlineData("""{"phones":["+1","+2"]}""", """{"phones":["+1","+2"],"phoneNumber":"+1"}""")]
    [InlineData("""{"phone":"","phones":["+1"]}""", """{"phones":["+1"],"phoneNumber":"+1"}""")]
    [InlineData("""{"phone":""}""", """{"phone":""}""")]
    [InlineData("""{"phone":null}""", "{}")]
    [InlineData("""{"phoneNumber":"+2"}""", """{"phoneNumber":"+2"}""")]
    // met: from created, else createdAt, where they are times; else the sender's own.
    [InlineData("""{"created":"2023-01-02T03:04:05Z"}""", """{"created":"2023-01-02 03:04:05 +00:00","met":"2023-01-02 03:04:05 +00:00"}""")]
    [InlineData("""{"createdAt":"2023-01-02T03:04:05Z"}""", """{"createdAt":"2023-01-02 03:04:05 +00:00","met":"2023-01-02 03:04:05 +00:00"}""")]
    [InlineData("""{"created_at":1672628645}""", """{"created_at":1672628645,"met":"2023-01-02 03:04:05 +00:00"}""")]
    [InlineData("""{"created":1672628645999}""", """{"created":1672628645999,"met":"2023-01-02 03:04:05 +00:00"}""")]
    [InlineData("""{"created":"2023-01-02"}""", """{"created":"2023-01-02","met":"2023-01-02 00:00:00 +00:00"}""")]
    [InlineData("""{"created":"soon","createdAt":"2023-01-02T03:04:05Z"}""", """{"created":"soon","createdAt":"2023-01-02 03:04:05 +00:00","met":"2023-01-02 03:04:05 +00:00"}""")]
    [InlineData("""{"created":"2023-01-02T03:04:05Z","met":"at a fair"}""", """{"created":"2023-01-02 03:04:05 +00:00","met":"2023-01-02 03:04:05 +00:00"}""")]
    [InlineData("""{"created":0,"met":"at a fair"}""", """{"created":0,"met":"at a fair"}""")]
    [InlineData("""{"created":"December 17, 1995 03:24:00"}""", """{"created":"December 17, 1995 03:24:00","met":"1995-12-17 03:24:00 +00:00"}""")]
    [InlineData("""{"created":"10:30"}""", """{"created":"10:30"}""")]
    [InlineData("""{"met":"at a fair"}""", """{"met":"at a fair"}""")]
    [InlineData("""{"created":"","met":"at a fair"}""", """{"created":"","met":"at a fair"}""")]
    // Dates in Iterable's format at every depth; a birthday is no instant.
    [InlineData("""{"birthday":"1980-05-06","seen":"2023-01-02T03:04:05+02:00","x":{"y":["2023-01-02T03:04:05.678Z"]}}""", """{"birthday":"1980-05-06","seen":"2023-01-02 01:04:05 +00:00","x":{"y":["2023-01-02 03:04:05 +00:00"]}}""")]
    // Dots in keys are passed on.
    [InlineData("""{"address.city":"Oslo"}""", """{"address.city":"Oslo"}""")]
    [InlineData("{}", "{}")]
    [InlineData("null", "{}")]
    public void Traits_become_user_fields(string traits, string fields)
    {
        var actual = Map.Body(Map.Identify(traits))["dataFields"]!.AsObject();

        Assert.True(actual.Remove("profileUpdatedAt"));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(fields), actual), actual.ToJsonString());
    }

    [Fact]
    public void Context_that_describes_the_user_is_added_and_the_rest_is_not()
    {
        const string context = """
            {"app":{"name":"a"},"device":{"id":"d"},"ip":"1.2.3.4","locale":"de","location":{"city":"x"},"page":{"path":"/"},"timezone":"Europe/Oslo","userAgent":"ua",
            "campaign":{"name":"c"},"library":{"name":"l"},"network":{},"os":{"name":"o"},"referrer":{},"screen":{},"groupId":"g","traits":{"a":1}}
            """;

        var fields = Map.Body(Map.Identify("{}", $$""","context":{{context}}"""))["dataFields"]!.AsObject();

        Assert.Equal(["app", "device", "ip", "locale", "location", "page", "profileUpdatedAt", "timeZone", "userAgent"], fields.Select(field => field.Key).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("""{"ip":"5.6.7.8"}""", "5.6.7.8")]
    [InlineData("""{"ip":null}""", null)]
    [InlineData("{}", "1.2.3.4")]
    public void Trait_wins_over_context_even_when_null(string traits, string? ip)
        => Assert.Equal(ip, (string?)Map.Body(Map.Identify(traits, ""","context":{"ip":"1.2.3.4"}"""))["dataFields"]!["ip"]);

    [Fact]
    public void ProfileUpdatedAt_is_the_time_of_the_message()
        => Assert.Equal("2024-03-05 06:07:08 +00:00", (string?)Map.Body(Map.Identify("""{"profileUpdatedAt":"x"}"""))["dataFields"]!["profileUpdatedAt"]);

    [Theory]
    [InlineData("true", true, false)]
    [InlineData("false", false, false)]
    [InlineData("\"yes\"", null, true)]
    [InlineData("null", null, true)]
    public void MergeNestedObjects_is_taken_from_the_message_when_it_is_a_boolean(string given, bool? sent, bool warned)
    {
        foreach (var name in (string[])["Iterable", "iterable"])
        {
            var send = Assert.IsType<Outcome.Send>(Map.Message(Map.Identify("{}", $$$""","integrations":{"{{{name}}}":{"mergeNestedObjects":{{{given}}}}}""")));

            Assert.Equal(sent, (bool?)JsonNode.Parse(send.Request.Body.Span)!["mergeNestedObjects"]);
            Assert.Equal(warned, send.Warning is not null);
        }
    }

    [Theory]
    [InlineData("\"text\"")]
    [InlineData("[1]")]
    [InlineData("7")]
    public void Traits_that_are_no_object_are_rejected(string traits)
        => Assert.Equal("invalid_traits", Map.Rejection(Map.Identify(traits)).Code);

    [Fact]
    public void Identify_is_an_update_of_the_user_without_event_fields()
    {
        var request = Map.Request(Map.Identify("{}"));

        Assert.Equal("/api/users/update", request.Endpoint.Path);
        Assert.Equal(["userId", "dataFields"], JsonNode.Parse(request.Body.Span)!.AsObject().Select(member => member.Key));
    }
}
