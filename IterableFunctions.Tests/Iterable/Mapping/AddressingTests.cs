using System.Text.Json.Nodes;
using IterableFunctions.Iterable;

namespace IterableFunctions.Tests.Iterable.Mapping;

public class AddressingTests
{
    /// <summary>A message, the email that it is sent to, and the userId (null: the member is not there; "null": it is JSON null).</summary>
    [Theory]
    // An identify looks in its traits, then at the userId; never in the context.
    [InlineData("""{"type":"identify","traits":{"email":"t@x.io"}}""", "t@x.io", null)]
    [InlineData("""{"type":"identify","userId":"u","traits":{},"context":{"traits":{"email":"c@x.io"}}}""", null, "u")]
    [InlineData("""{"type":"identify","userId":"jd@x.io"}""", "jd@x.io", "jd@x.io")]
    [InlineData("""{"type":"identify","userId":"jd@x.io","traits":{"email":"t@x.io"}}""", "t@x.io", "jd@x.io")]
    // Track, page and screen: the context's traits beat the properties.
    [InlineData("""{"type":"track","event":"E","properties":{"email":"p@x.io"},"context":{"traits":{"email":"c@x.io"}}}""", "c@x.io", null)]
    [InlineData("""{"type":"page","properties":{"email":"p@x.io"},"context":{"traits":{"email":"c@x.io"}}}""", "c@x.io", null)]
    [InlineData("""{"type":"screen","properties":{"email":"p@x.io"}}""", "p@x.io", null)]
    [InlineData("""{"type":"track","event":"E","userId":"u","traits":{"email":"t@x.io"}}""", null, "u")]
    // Spellings of the key; nested and dotted keys are others.
    [InlineData("""{"type":"track","event":"E","properties":{"E-Mail":"p@x.io"}}""", "p@x.io", null)]
    [InlineData("""{"type":"track","event":"E","properties":{"e_mail":"p@x.io"}}""", "p@x.io", null)]
    [InlineData("""{"type":"track","event":"E","properties":{"\u0065mail":"p@x.io"}}""", "p@x.io", null)]
    [InlineData("""{"type":"track","event":"E","userId":"u","properties":{"user.email":"p@x.io","user":{"email":"p@x.io"}}}""", null, "u")]
    // The first usable one counts, blanks around it cut off; what holds no @ is none.
    [InlineData("""{"type":"track","event":"E","properties":{"EMAIL":null,"email":"p@x.io"}}""", "p@x.io", null)]
    [InlineData("""{"type":"track","event":"E","properties":{"Email":"nope","email":" P@x.io\t"}}""", "P@x.io", null)]
    [InlineData("""{"type":"track","event":"E","userId":"u","properties":{"email":["a@x.io"]}}""", null, "u")]
    [InlineData("""{"type":"track","event":"E","userId":"u","properties":{"email":42}}""", null, "u")]
    // A userId that looks like an email is both.
    [InlineData("""{"type":"track","event":"E","userId":"mailto: jd@example.com!"}""", "mailto: jd@example.com!", "mailto: jd@example.com!")]
    [InlineData("""{"type":"track","event":"E","userId":"jd@localhost"}""", null, "jd@localhost")]
    [InlineData("""{"type":"track","event":"E","userId":"@x.io"}""", null, "@x.io")]
    [InlineData("""{"type":"track","event":"E","userId":"a@x."}""", null, "a@x.")]
    // userIds are passed as they are; numbers as their digits; blank is missing, null with an email stays null.
    [InlineData("""{"type":"track","event":"E","userId":" u "}""", null, " u ")]
    [InlineData("""{"type":"track","event":"E","userId":42}""", null, "42")]
    [InlineData("""{"type":"track","event":"E","userId":"2024-01-02"}""", null, "2024-01-02")]
    [InlineData("""{"type":"track","event":"E","userId":"2024-01-02T03:04:05Z"}""", null, "2024-01-02T03:04:05Z")]
    [InlineData("""{"type":"track","event":"E","userId":"  ","properties":{"email":"p@x.io"}}""", "p@x.io", null)]
    [InlineData("""{"type":"track","event":"E","userId":null,"properties":{"email":"p@x.io"}}""", "p@x.io", "null")]
    public void Message_is_addressed_by_what_it_says_of_the_user(string json, string? email, string? userId)
    {
        var body = Map.Body(json);

        Assert.Equal(email, (string?)body["email"]);
        Assert.Equal(userId, body.ContainsKey("userId") ? (string?)body["userId"] ?? "null" : null);
    }

    [Theory]
    [InlineData("""{"type":"track","event":"E","anonymousId":"a@x.io"}""")]
    [InlineData("""{"type":"track","event":"E","userId":"  "}""")]
    [InlineData("""{"type":"track","event":"E","user_id":"u","context":{"userId":"u"},"properties":{"userId":"u"}}""")]
    [InlineData("""{"type":"identify","traits":{"id":"u"}}""")]
    [InlineData("""{"type":"page","name":"Home"}""")]
    [InlineData("""{"type":"screen","name":"Home"}""")]
    [InlineData("""{"type":"track","event":"Order Completed","properties":{}}""")]
    public void Message_without_userId_and_email_is_rejected_and_both_are_named(string json)
    {
        var rejection = Map.Rejection(json);

        Assert.Equal("missing_identifier", rejection.Code);
        Assert.Contains("userId", rejection.Detail, StringComparison.Ordinal);
        Assert.Contains("email", rejection.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"a":1}""")]
    [InlineData("""["u"]""")]
    [InlineData("true")]
    public void UserId_of_another_type_is_rejected(string userId)
        => Assert.Equal("invalid_user_id", Map.Rejection($$"""{"type":"track","event":"E","properties":{"email":"p@x.io"},"userId":{{userId}} }""").Code);

    [Fact]
    public void UserId_alone_addresses_in_a_userId_based_project_and_the_email_is_a_field()
    {
        var options = new IterableOptions { ProjectType = ProjectType.UserId };

        AssertJson("""{"userId":"u-1","dataFields":{"a":1,"profileUpdatedAt":"2024-03-05 06:07:08 +00:00","email":"a@x.io"}}""",
            Map.Body("""{"type":"identify","userId":"u-1","timestamp":"2024-03-05T06:07:08Z","traits":{"a":1,"email":"a@x.io"}}""", options));
        AssertJson("""{"userId":"u-1","eventName":"E","createdAt":1,"id":"m","dataFields":{"email":"c@x.io"}}""",
            Map.Body("""{"type":"track","messageId":"m","event":"E","userId":"u-1","timestamp":1,"context":{"traits":{"email":"c@x.io"}}}""", options));
        AssertJson("""{"user":{"userId":"u-1","dataFields":{"email":"p@x.io"}},"items":[]}""",
            Map.Body("""{"type":"track","event":"Cart Updated","userId":"u-1","properties":{"products":[],"email":"p@x.io"}}""", options));
    }

    [Theory]
    [InlineData("""{"type":"identify","userId":"u","traits":{"email":null,"E-Mail":"a@b.c"}}""")]
    [InlineData("""{"type":"identify","userId":"u","traits":{"email":"  a@b.c "}}""")]
    [InlineData("""{"type":"track","event":"E","userId":"u","properties":{"email":""},"context":{"traits":{"email":"a@b.c"}}}""")]
    [InlineData("""{"type":"page","userId":"u","properties":{"email":"x"},"context":{"traits":{"email":"a@b.c"}}}""")]
    public void Email_field_of_a_userId_based_project_is_the_one_that_was_found(string json)
        => Assert.Equal("a@b.c", (string?)Map.Body(json, new() { ProjectType = ProjectType.UserId })["dataFields"]!["email"]);

    [Fact]
    public void Email_does_not_address_in_a_userId_based_project()
    {
        var rejection = Map.Rejection("""{"type":"identify","traits":{"email":"a@x.io"}}""", new() { ProjectType = ProjectType.UserId });

        Assert.Equal("missing_identifier", rejection.Code);
        Assert.Contains("userId", rejection.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ProjectType.Hybrid)]
    [InlineData(ProjectType.Email)]
    public void Both_are_sent_in_other_projects(ProjectType type)
    {
        var body = Map.Body("""{"type":"identify","userId":"u-1","traits":{"email":"a@x.io"}}""", new() { ProjectType = type });

        Assert.Equal("u-1", (string?)body["userId"]);
        Assert.Equal("a@x.io", (string?)body["email"]);
    }

    [Fact]
    public void PreferUserId_goes_with_the_calls_that_create_users_in_email_based_projects()
    {
        var options = new IterableOptions { ProjectType = ProjectType.Email, PreferUserId = true };

        Assert.True((bool?)Map.Body("""{"type":"identify","userId":"u"}""", options)["preferUserId"]);
        Assert.True((bool?)Map.Body("""{"type":"track","event":"Cart Updated","userId":"u","properties":{"products":[]}}""", options)["user"]!["preferUserId"]);
        Assert.True((bool?)Map.Body("""{"type":"track","event":"Order Completed","userId":"u","properties":{"total":1}}""", options)["user"]!["preferUserId"]);
        Assert.False(Map.Body("""{"type":"track","event":"E","userId":"u"}""", options).ContainsKey("preferUserId"));
        Assert.False(Map.Body("""{"type":"identify","userId":"u"}""").ContainsKey("preferUserId"));
    }

    private static void AssertJson(string expected, JsonObject actual)
        => Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), actual), actual.ToJsonString());
}
