using System.Text.Json.Nodes;
using IterableFunctions.LocalHost.Sandbox;

namespace IterableFunctions.Tests.Sandbox;

/// <summary>Who is meant, and what a profile becomes. Iterable help: Project Types and Unique Identifiers; API docs of each endpoint.</summary>
public class IdentityTests
{
    [Fact]
    public async Task Emails_are_kept_in_lower_case_and_found_in_any()
    {
        await using var server = await SandboxServer.StartAsync();
        await server.PostAsync("users/update", "{'email':'Ann@Example.COM','dataFields':{'a':1}}");
        await server.PostAsync("users/update", "{'email':'ann@example.com','dataFields':{'b':1}}");

        var user = Assert.Single(server.Sandbox.Users);

        Assert.Equal("ann@example.com", user.Email);
        Assert.Equal("""{"a":1,"b":1}""", user.DataFields.ToJsonString());
        Assert.NotNull(server.Sandbox.FindUser(email: "ANN@example.com"));
    }

    [Fact]
    public async Task UserIds_are_case_sensitive()
    {
        await using var server = await SandboxServer.StartAsync();
        await server.PostAsync("users/update", "{'userId':'U1'}");
        await server.PostAsync("users/update", "{'userId':'u1'}");

        Assert.Equal(2, server.Sandbox.Users.Count);
    }

    [Fact]
    public async Task In_a_hybrid_project_a_known_user_gets_the_other_identifier()
    {
        await using var server = await SandboxServer.StartAsync();
        await server.PostAsync("users/update", "{'email':'ann@example.com'}");
        await server.PostAsync("users/update", "{'email':'ann@example.com','userId':'u1'}");
        await server.PostAsync("users/update", "{'userId':'u1','dataFields':{'email':'anna@example.com'}}");

        var user = Assert.Single(server.Sandbox.Users);

        Assert.Equal(("anna@example.com", "u1"), (user.Email, user.UserId));
        Assert.Null(server.Sandbox.FindUser(email: "ann@example.com"));
    }

    [Fact]
    public async Task In_an_email_based_project_the_userId_is_overwritten_and_need_not_be_unique()
    {
        await using var server = await StartAsync(SandboxProjectType.Email);
        await server.PostAsync("users/update", "{'email':'ann@example.com','userId':'u1'}");
        await server.PostAsync("users/update", "{'email':'ben@example.com','userId':'u1'}");
        await server.PostAsync("users/update", "{'email':'ann@example.com','userId':'u9'}");

        Assert.Equal("u9", server.Sandbox.FindUser(email: "ann@example.com")!.UserId);
        Assert.Equal("ben@example.com", server.Sandbox.FindUser(userId: "u1")!.Email);
    }

    [Fact]
    public async Task Deleting_by_a_shared_userId_deletes_all_who_share_it()
    {
        // Iterable API docs, DELETE /api/users/byUserId/{userId}: "If multiple users share the same userId, they'll all be deleted."
        await using var server = await StartAsync(SandboxProjectType.Email);
        foreach (var name in new[] { "ann", "ben", "eva" })
            await server.PostAsync("users/update", $"{{'email':'{name}@example.com','userId':'{(name == "eva" ? "u2" : "u1")}'}}");

        await server.SendAsync(HttpMethod.Delete, "users/byUserId/u1", null);

        Assert.Equal("eva@example.com", Assert.Single(server.Sandbox.Users).Email);
    }

    [Fact]
    public async Task PreferUserId_makes_a_placeholder_email()
    {
        // Iterable's SDK documentation, Identifying the user: <userId>+<digits>@placeholder.email.
        await using var server = await StartAsync(SandboxProjectType.Email);
        await server.PostAsync("users/update", "{'userId':'u1','preferUserId':true,'dataFields':{'a':1}}");
        await server.PostAsync("users/update", "{'userId':'u1','dataFields':{'b':1}}");

        var user = Assert.Single(server.Sandbox.Users);

        Assert.Matches(@"^u1\+\d{9}@placeholder\.email$", user.Email);
        Assert.Equal("""{"a":1,"b":1}""", user.DataFields.ToJsonString());
    }

    [Fact]
    public async Task In_a_userId_based_project_emails_are_data()
    {
        await using var server = await StartAsync(SandboxProjectType.UserId);
        await server.PostAsync("users/update", "{'userId':'u1','dataFields':{'email':'Ann@example.com'}}");
        await server.PostAsync("users/update", "{'userId':'u2','email':'ann@example.com'}");

        Assert.Equal(["u1", "u2"], server.Sandbox.Users.Select(user => user.UserId).Order());
        Assert.All(server.Sandbox.Users, user => Assert.Equal("ann@example.com", user.Email));
    }

    [Fact]
    public async Task An_event_reaches_the_user_by_email_first_and_changes_no_identity()
    {
        // Iterable API docs, POST /api/events/track lists no conflict (409).
        await using var server = await SandboxServer.StartAsync();
        await server.PostAsync("users/update", "{'email':'ann@example.com'}");
        await server.PostAsync("users/update", "{'userId':'u2'}");
        await server.PostAsync("events/track", "{'email':'ann@example.com','userId':'u2','eventName':'E'}");

        Assert.Single(server.Sandbox.EventsOf(email: "ann@example.com"));
        Assert.Null(server.Sandbox.FindUser(email: "ann@example.com")!.UserId);
    }

    [Fact]
    public async Task Fields_that_a_call_omits_stay_and_null_clears_one()
    {
        await using var server = await SandboxServer.StartAsync();
        await server.PostAsync("users/update", "{'email':'ann@example.com','dataFields':{'a':1,'b':'x'}}");
        await server.PostAsync("users/update", "{'email':'ann@example.com','dataFields':{'b':null,'c':true}}");

        Assert.Equal("""{"a":1,"c":true}""", Fields(server));
    }

    [Theory]
    [InlineData("false", """{"mySettings":{"email":true}}""")]
    [InlineData("true", """{"mySettings":{"mobile":true,"email":true}}""")]
    public async Task MergeNestedObjects_merges_top_level_objects(string merge, string expected)
    {
        // Iterable API docs, POST /api/users/update: the example of mergeNestedObjects.
        await using var server = await SandboxServer.StartAsync();
        await server.PostAsync("users/update", "{'email':'ann@example.com','dataFields':{'mySettings':{'mobile':true}}}");
        await server.PostAsync("users/update", $"{{'email':'ann@example.com','mergeNestedObjects':{merge},'dataFields':{{'mySettings':{{'email':true}}}}}}");

        Assert.Equal(expected, Fields(server));
    }

    [Fact]
    public async Task Without_createNewFields_unknown_fields_are_dropped_at_every_depth()
    {
        // Iterable API docs, POST /api/users/update: createNewFields.
        await using var server = await SandboxServer.StartAsync();
        await server.PostAsync("users/update", "{'email':'ann@example.com','dataFields':{'a':1,'o':{'x':1}}}");
        await server.PostAsync("users/update", "{'email':'ann@example.com','createNewFields':false,'dataFields':{'a':2,'new':1,'o':{'x':2,'y':2}}}");

        Assert.Equal("""{"a":2,"o":{"x":2}}""", Fields(server));
    }

    [Fact]
    public async Task Updating_an_email_keeps_data_and_events()
    {
        // Iterable API docs, POST /api/users/updateEmail: "All profile data and events will be migrated"; currentEmail wins.
        await using var server = await StartAsync(SandboxProjectType.Email);
        await server.PostAsync("users/update", "{'email':'ann@example.com','dataFields':{'a':1}}");
        await server.PostAsync("events/track", "{'email':'ann@example.com','eventName':'E'}");
        await server.PostAsync("users/updateEmail", "{'currentEmail':'ann@example.com','currentUserId':'nobody','newEmail':'Anna@example.com'}");

        Assert.Equal("""{"a":1}""", server.Sandbox.FindUser(email: "anna@example.com")!.DataFields.ToJsonString());
        Assert.Equal("anna@example.com", Assert.Single(server.Sandbox.Events).Email);
    }

    [Fact]
    public async Task A_merge_moves_data_and_events_and_keeps_what_the_destination_has()
    {
        // Iterable API docs, POST /api/users/merge and ArrayMerge.
        await using var server = await SandboxServer.StartAsync();
        await server.PostAsync("users/update", "{'userId':'u1','dataFields':{'a':1,'b':1,'pets':[{'id':1,'n':'Rex'},{'id':2,'n':'Tom'}]}}");
        await server.PostAsync("users/update", "{'email':'ann@example.com','dataFields':{'a':2,'pets':[{'id':2,'n':'Kit'}]}}");
        await server.PostAsync("events/track", "{'userId':'u1','eventName':'E','id':'e1'}");

        await server.PostAsync("users/merge", "{'sourceUserId':'u1','destinationEmail':'ann@example.com','arrayMerge':[{'field':'pets','dedupeBy':'id'}]}");

        var user = Assert.Single(server.Sandbox.Users);
        Assert.Equal(("ann@example.com", "u1"), (user.Email, user.UserId));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""{"a":2,"b":1,"pets":[{"id":2,"n":"Kit"},{"id":1,"n":"Rex"}]}"""), user.DataFields));
        Assert.Single(server.Sandbox.EventsOf(email: "ann@example.com"));
    }

    [Fact]
    public async Task A_merge_into_nobody_renames_the_source()
    {
        // Iterable API docs, POST /api/users/merge: "Will update source user if destination user is not found."
        await using var server = await SandboxServer.StartAsync();
        await server.PostAsync("users/update", "{'userId':'u1'}");

        await server.PostAsync("users/merge", "{'sourceUserId':'u1','destinationEmail':'ann@example.com'}");

        Assert.Equal(("ann@example.com", "u1"), Assert.Single(server.Sandbox.Users) is var user ? (user.Email, user.UserId) : default);
    }

    [Fact]
    public async Task Forgetting_removes_the_profile_and_its_events()
    {
        // Iterable API docs, POST /api/users/forget.
        await using var server = await SandboxServer.StartAsync();
        await server.PostAsync("events/track", "{'email':'ann@example.com','eventName':'E'}");
        await server.PostAsync("commerce/trackPurchase", "{'user':{'email':'ann@example.com'},'items':[],'total':1}");

        await server.PostAsync("users/forget", "{'email':'ann@example.com'}");

        Assert.Empty(server.Sandbox.Users);
        Assert.Empty(server.Sandbox.Events);
        Assert.Empty(server.Sandbox.Purchases);
    }

    private static string Fields(SandboxServer server) => server.Sandbox.FindUser(email: "ann@example.com")!.DataFields.ToJsonString();

    private static Task<SandboxServer> StartAsync(SandboxProjectType type) =>
        SandboxServer.StartAsync(new SandboxOptions { ApiKey = SandboxServer.Key, ProjectType = type, RateLimits = false });
}
