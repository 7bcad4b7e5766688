using IterableFunctions.Iterable;

namespace IterableFunctions.Tests.Personas.Profiles;

/// <summary>Which identifiers a message carries, and in which order they count.</summary>
public sealed class ExternalIdsTests
{
    [Theory]
    [InlineData("""{"type":"track","event":"E","anonymousId":"a","userId":"u"}""", "user_id:u anonymous_id:a")]
    [InlineData("""{"type":"track","event":"E","userId":7}""", "user_id:7")]
    [InlineData("""{"type":"identify","userId":"u","traits":{"email":" Ann@Example.COM "}}""", "user_id:u email:ann@example.com")]
    [InlineData("""{"type":"track","event":"E","userId":"u","context":{"traits":{"email":"A@b.c"}},"properties":{"email":"d@e.f"}}""", "user_id:u email:a@b.c")]
    [InlineData("""{"type":"track","event":"E","userId":"u","properties":{"email":"d@e.f"}}""", "user_id:u email:d@e.f")]
    [InlineData("""{"type":"identify","userId":"u","traits":{"E-Mail":"a@b.c","email":"d@e.f"}}""", "user_id:u email:a@b.c email:d@e.f")]
    [InlineData("""{"type":"identify","userId":"u","traits":{"email":"nobody"}}""", "user_id:u")]
    [InlineData("""{"type":"identify","userId":"u","traits":{"email":"u+123@placeholder.email"}}""", "user_id:u")]
    [InlineData("""{"type":"track","event":"E","userId":"ann@example.com"}""", "user_id:ann@example.com email:ann@example.com")]
    [InlineData("""{"type":"track","event":"E","anonymousId":"a","context":{"externalIds":[{"id":"1","type":"phone","collection":"users","encoding":"none"},{"id":"2","type":"android.idfa"},{"id":"3","type":"phone","collection":"accounts"}]}}""", "android.idfa:2 anonymous_id:a phone:1")]
    [InlineData("""{"type":"track","event":"E","userId":"u","anonymousId":"ann@example.com","context":{"integration":{"name":"Iterable"}}}""", "user_id:u")]
    public void Ids_are_found_where_they_stand_and_sorted_by_priority(string json, string expected)
        => Assert.Equal(expected, string.Join(' ', Message.Of(json).Ids.Select(id => $"{id.Type}:{id.Value}")));

    [Theory]
    [InlineData("null")]
    [InlineData("undefined")]
    [InlineData("anonymous")]
    [InlineData("-1")]
    [InlineData("0")]
    [InlineData("00000000-0000-0000-0000-000000000000")]
    [InlineData("---")]
    public void Value_that_stands_for_nothing_identifies_nobody(string value)
    {
        Assert.Null(Message.TryOf($$"""{"type":"track","event":"E","userId":"{{value}}"}"""));
        Assert.Equal(["email"], Message.Of($$"""{"type":"track","event":"E","userId":"{{value}}","anonymousId":"{{value}}","properties":{"email":"a@b.c"} }""").Ids.Select(id => id.Type));
    }

    [Theory]
    [InlineData("""{"type":"group","userId":"u","groupId":"g"}""")]
    [InlineData("""{"type":"alias","userId":"u","previousId":"p"}""")]
    [InlineData("""{"type":"track","userId":"u","integrations":{"Iterable":false}}""")]
    public void Message_that_says_nothing_of_a_person_is_not_recorded(string json) => Assert.Null(Message.TryOf(json));

    [Fact]
    public void Message_with_a_name_or_a_messageId_that_no_row_could_hold_is_not_recorded()
    {
        var name = new string('n', 1001);
        Assert.Null(Message.TryOf($$"""{"type":"track","userId":"u","event":"{{name}}"}"""));
        Assert.Null(Message.TryOf($$"""{"type":"identify","userId":"u","messageId":"{{name}}"}"""));
    }

    [Theory]
    [InlineData(ProjectType.Hybrid, "user_id:u email:a@b.c")]
    [InlineData(ProjectType.Email, "email:a@b.c")]
    [InlineData(ProjectType.UserId, "user_id:u")]
    public void What_is_sent_is_remembered_for_the_identifiers_that_alone_reach_the_user(ProjectType project, string expected)
    {
        var sent = Message.TryOf("""{"type":"identify","userId":"u","traits":{"email":"A@b.c","plan":"pro"}}""", project: project)!.Sent!;
        Assert.Equal(expected, string.Join(' ', sent.Addressed));
        Assert.Equal("pro", sent.Fields!.Value.GetProperty("plan").GetString());
    }
}
