using System.Text.Json.Nodes;
using IterableFunctions.LocalHost.Sandbox;

namespace IterableFunctions.Tests.Sandbox;

/// <summary>The page, what it reads, and what happens to many calls at once.</summary>
public class PageTests
{
    [Theory]
    [InlineData("/sandbox", "text/html")]
    [InlineData("/sandbox/", "text/html")]
    [InlineData("/sandbox?email=ann@example.com&tab=events", "text/html")]
    [InlineData("/sandbox/page.css", "text/css")]
    [InlineData("/sandbox/page.js", "text/javascript")]
    public async Task The_page_comes_from_the_assembly_and_lets_no_foreign_script_run(string path, string type)
    {
        await using var server = await SandboxServer.StartAsync();

        using var response = await server.Client.GetAsync(path);

        Assert.True(response.IsSuccessStatusCode);
        Assert.Equal(type, response.Content.Headers.ContentType?.MediaType);
        Assert.Contains("default-src 'none'; script-src 'self'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_needs_nothing_from_elsewhere_and_makes_no_markup_from_data()
    {
        await using var server = await SandboxServer.StartAsync();
        var page = await server.Client.GetStringAsync("/sandbox") + await server.Client.GetStringAsync("/sandbox/page.css");
        var script = await server.Client.GetStringAsync("/sandbox/page.js");

        Assert.DoesNotContain("//", page, StringComparison.Ordinal);
        Assert.DoesNotContain("http", script, StringComparison.Ordinal);
        foreach (var sink in new[] { "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "srcdoc" })
            Assert.DoesNotContain(sink, script, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_contact_is_looked_up_with_fields_types_and_events()
    {
        await using var server = await SandboxServer.StartAsync();
        await server.PostAsync("users/update", "{'email':'ann@example.com','userId':'567','dataFields':{'order_completed_last_30days':true}}");
        await server.PostAsync("events/track", "{'email':'ann@example.com','eventName':'Audience Entered','createdAt':1584608670,'dataFields':{'audience_key':'order_completed_last_30days'}}");

        var byEmail = await server.Client.GetStringAsync("/sandbox/contact?email=ANN@example.com");
        var contact = JsonNode.Parse(byEmail)!;

        Assert.Equal(byEmail, await server.Client.GetStringAsync("/sandbox/contact?userId=567"));
        Assert.True((bool)contact["user"]!["dataFields"]!["order_completed_last_30days"]!);
        Assert.Equal("boolean", (string?)contact["types"]!["order_completed_last_30days"]);
        var history = contact["events"]![0]!;
        Assert.Equal(
            ("Audience Entered", "customEvent", "ann@example.com", "2020-03-19 09:04:30 +00:00"),
            ((string?)history["eventName"], (string?)history["eventType"], (string?)history["email"], (string?)history["createdAt"]));
    }

    [Fact]
    public async Task A_contact_that_does_not_exist_is_told_from_one_that_is_forgotten()
    {
        await using var server = await SandboxServer.StartAsync();
        await server.PostAsync("users/forget", "{'email':'gone@example.com'}");

        Assert.Equal("""{"forgotten":false}""", await server.Client.GetStringAsync("/sandbox/contact?email=nobody@example.com"));
        Assert.Equal("""{"forgotten":true}""", await server.Client.GetStringAsync("/sandbox/contact?email=gone@example.com"));
    }

    [Fact]
    public async Task Calls_are_listed_with_their_reason_and_only_what_is_new()
    {
        await using var server = await SandboxServer.StartAsync();
        await server.PostAsync("events/track", "{'email':'ann@example.com','userId':'u1','eventName':'E'}");
        await server.PostAsync("users/update", "{'email':'nope'}");
        await server.SendAsync(HttpMethod.Post, "commerce/trackPurchase", "{'user':{'userId':'u2'},'items':[],'total':1}", key: "wrong");

        async Task<JsonArray> CallsAsync(string query) => JsonNode.Parse(await server.Client.GetStringAsync($"/sandbox/calls{query}"))!["calls"]!.AsArray();
        var calls = await CallsAsync("");

        Assert.Equal(
            ["events/track ann@example.com u1 E 200 Success False", "users/update nope   400 InvalidEmailAddressError True", "commerce/trackPurchase  u2 purchase 401 BadApiKey True"],
            calls.Select(call => $"{call!["endpoint"]} {call["email"]} {call["userId"]} {call["eventName"]} {call["status"]} {call["code"]} {(bool)call["refused"]!}"));
        Assert.Equal("""{"email":"nope"}""", (string?)calls[1]!["body"]);
        Assert.Single(await CallsAsync($"?after={calls[1]!["number"]}"));
        Assert.Equal((long)calls[2]!["number"]!, (long)Assert.Single(await CallsAsync("?limit=1"))!["number"]!);
    }

    [Fact]
    public async Task Only_the_newest_calls_are_remembered_and_long_bodies_are_cut()
    {
        await using var server = await SandboxServer.StartAsync(new SandboxOptions { ApiKey = SandboxServer.Key, RememberedCalls = 3, RememberedBytesPerCall = 20, RateLimits = false });
        for (var i = 0; i < 8; i++)
            await server.PostAsync("users/update", $"{{'userId':'u{i}','dataFields':{{'text':'{new string('x', 100)}'}}}}");

        Assert.Equal(["u5", "u6", "u7"], server.Sandbox.Calls.Select(call => call.UserId));
        Assert.All(server.Sandbox.Calls, call => Assert.Equal(20, call.Body.Length));
        Assert.Equal(8, server.Sandbox.Counts.Calls);
    }

    [Fact]
    public async Task Nothing_is_lost_or_doubled_when_many_call_at_once()
    {
        await using var server = await SandboxServer.StartAsync();

        var statuses = await Task.WhenAll(Enumerable.Range(0, 2_000).Select(async i =>
            (await server.PostAsync("events/track", $"{{'userId':'u{i % 50}','eventName':'E','id':'{i / 2}','dataFields':{{'f{i % 7}':{i}}}}}")).Status));

        Assert.All(statuses, status => Assert.Equal(200, status));
        Assert.Equal((50, 1_000), (server.Sandbox.Users.Count, server.Sandbox.Events.Count));
        Assert.All(server.Sandbox.Events, stored => Assert.Equal(2, stored.Writes));
        Assert.Equal(1_000, server.Sandbox.Users.Sum(user => server.Sandbox.EventsOf(userId: user.UserId).Count));
        Assert.Equal(Enumerable.Range(1, 2_000).Select(number => (long)number), server.Sandbox.Calls.Select(call => call.Number));
    }
}
