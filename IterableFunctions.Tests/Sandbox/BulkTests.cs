using IterableFunctions.LocalHost.Sandbox;

namespace IterableFunctions.Tests.Sandbox;

/// <summary>
/// Partial failures: HTTP 200 with counts and lists of identifiers. Iterable API docs: UserBulkUpdateListResponse with
/// FailedUserUpdates, BulkTrackResponse with FailedEventUpdates.
/// </summary>
public class BulkTests
{
    [Fact]
    public async Task A_bulk_update_names_each_failed_user_by_its_identifier()
    {
        await using var server = await SandboxServer.StartAsync();
        await server.PostAsync("users/update", "{'email':'ann@example.com','userId':'u1'}");
        await server.PostAsync("users/update", "{'email':'ben@example.com','userId':'u2'}");
        await server.PostAsync("users/forget", "{'email':'gone@example.com'}");
        await server.PostAsync("users/forget", "{'userId':'u-gone'}");

        var reply = await server.PostAsync("users/bulkUpdate", """
            {'users':[
                {'email':'eva@example.com','dataFields':{'plan':'pro'}},
                {'email':'nope'},
                {'userId':'trailing '},
                {'email':'gone@example.com'},
                {'userId':'u-gone'},
                {'email':'ann@example.com','userId':'u2'},
                {'userId':'u1','dataFields':{'email':'ben@example.com'}}]}
            """);

        Assert.Equal(200, reply.Status);
        Assert.Null(reply.Code);
        Assert.Equal((1, 6), ((int)reply.Json!["successCount"]!, (int)reply.Json["failCount"]!));
        Assert.Equal(["nope"], reply.Failed("invalidEmails"));
        Assert.Equal(["trailing "], reply.Failed("invalidUserIds"));
        Assert.Equal(["gone@example.com"], reply.Failed("forgottenEmails"));
        Assert.Equal(["u-gone"], reply.Failed("forgottenUserIds"));
        Assert.Equal(["ann@example.com"], reply.Failed("conflictEmails"));
        Assert.Equal(["u1"], reply.Failed("conflictUserIds"));
        Assert.Empty(reply.Failed("notFoundEmails"));
        Assert.Equal(["nope"], reply.Json["invalidEmails"]!.AsArray().Select(item => (string?)item));
        Assert.Equal(["plan"], reply.Json["createdFields"]!.AsArray().Select(item => (string?)item));
        Assert.Equal(3, server.Sandbox.Users.Count);
    }

    [Fact]
    public async Task A_bulk_update_can_fail_the_user_with_the_wrong_type_only()
    {
        // Iterable API docs, FailedUserUpdates: invalidDataEmails, invalidDataUserIds.
        await using var server = await SandboxServer.StartAsync(new SandboxOptions { ApiKey = SandboxServer.Key, RateLimits = false, BulkTypeMismatch = BulkTypeMismatch.FailsTheUser });

        var reply = await server.PostAsync("users/bulkUpdate", "{'users':[{'email':'a@b.co','dataFields':{'n':1}},{'email':'b@b.co','dataFields':{'n':'x'}},{'userId':'u3','dataFields':{'n':true}}]}");

        Assert.Equal((1, 2), ((int)reply.Json!["successCount"]!, (int)reply.Json["failCount"]!));
        Assert.Equal(["b@b.co"], reply.Failed("invalidDataEmails"));
        Assert.Equal(["u3"], reply.Failed("invalidDataUserIds"));
    }

    [Fact]
    public async Task A_bulk_update_says_which_fields_it_left_out()
    {
        // Iterable API docs, UserBulkUpdateListResponse: filteredOutFields.
        await using var server = await SandboxServer.StartAsync();

        var reply = await server.PostAsync("users/bulkUpdate", "{'createNewFields':false,'users':[{'email':'a@b.co','dataFields':{'n':1,'phoneNumber':'0049151'}}]}");

        Assert.Equal(["n"], reply.Json!["filteredOutFields"]!.AsArray().Select(item => (string?)item));
        Assert.Equal("""{"phoneNumber":"0049151"}""", Assert.Single(server.Sandbox.Users).DataFields.ToJsonString());
    }

    [Fact]
    public async Task An_unknown_userId_in_a_bulk_update_of_an_email_based_project_is_invalid()
    {
        // Iterable API docs, FailedUserUpdates: "not found" is for subscribe and unsubscribe only.
        await using var server = await SandboxServer.StartAsync(new SandboxOptions { ApiKey = SandboxServer.Key, RateLimits = false, ProjectType = SandboxProjectType.Email });

        var reply = await server.PostAsync("users/bulkUpdate", "{'users':[{'userId':'new'},{'userId':'new2','preferUserId':true}]}");

        Assert.Equal(["new"], reply.Failed("invalidUserIds"));
        Assert.Equal(1, (int)reply.Json!["successCount"]!);
    }

    [Fact]
    public async Task A_bulk_of_events_names_each_failed_event_by_its_user()
    {
        await using var server = await SandboxServer.StartAsync(new SandboxOptions
        {
            ApiKey = SandboxServer.Key,
            RateLimits = false,
            ProjectType = SandboxProjectType.Email,
            DisallowedEventNames = new HashSet<string> { "Off" },
        });
        await server.PostAsync("users/update", "{'email':'ann@example.com','userId':'u1'}");
        await server.PostAsync("users/forget", "{'email':'gone@example.com'}");

        var reply = await server.PostAsync("events/trackBulk", """
            {'events':[
                {'email':'ann@example.com','eventName':'E','id':'1','dataFields':{'n':1}},
                {'userId':'u1','eventName':'E','id':'2'},
                {'email':'ann@example.com','eventName':'Off'},
                {'email':'nope','eventName':'E'},
                {'email':'new@example.com','eventName':'E'},
                {'userId':'new','eventName':'E'},
                {'email':'gone@example.com','eventName':'E'}]}
            """);

        Assert.Equal((2, 5), ((int)reply.Json!["successCount"]!, (int)reply.Json["failCount"]!));
        Assert.Equal(["Off"], reply.Json["disallowedEventNames"]!.AsArray().Select(item => (string?)item));
        Assert.Equal(["nope"], reply.Failed("invalidEmails"));
        Assert.Equal(["new@example.com"], reply.Failed("notFoundEmails"));
        Assert.Equal(["new"], reply.Failed("notFoundUserIds"));
        Assert.Equal(["gone@example.com"], reply.Failed("forgottenEmails"));
        Assert.Equal(["n"], reply.Json["createdFields"]!.AsArray().Select(item => (string?)item));
        Assert.Equal(["1", "2"], server.Sandbox.Events.Select(item => item.Id).Order());
        Assert.False(Assert.Single(server.Sandbox.Calls, call => call.Endpoint == "events/trackBulk").Refused);
    }

    [Fact]
    public async Task A_disallowed_event_is_accepted_and_only_the_message_tells()
    {
        // Block's client iterable-go: HTTP 200, and a message with "is disallowed from tracking".
        await using var server = await SandboxServer.StartAsync(new SandboxOptions { ApiKey = SandboxServer.Key, RateLimits = false, DisallowedEventNames = new HashSet<string> { "Off" } });

        var reply = await server.PostAsync("events/track", "{'email':'ann@example.com','eventName':'Off'}");

        Assert.Equal((200, "Success"), (reply.Status, reply.Code));
        Assert.Contains("is disallowed from tracking", (string?)reply.Json!["msg"], StringComparison.Ordinal);
        Assert.Empty(server.Sandbox.Events);
    }
}
