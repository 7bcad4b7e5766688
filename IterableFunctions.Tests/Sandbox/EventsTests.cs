using System.Globalization;
using IterableFunctions.LocalHost.Sandbox;
using Microsoft.Extensions.Time.Testing;

namespace IterableFunctions.Tests.Sandbox;

/// <summary>Events, purchases and carts. Iterable API docs: events/track, commerce/trackPurchase, commerce/updateCart, GET events.</summary>
public class EventsTests
{
    private const string Item = "{'id':'1','name':'Uno','price':3,'quantity':2}";

    [Fact]
    public async Task An_event_with_a_known_id_is_updated()
    {
        // "If an event exists with that id, the event will be updated."
        await using var server = await SandboxServer.StartAsync();
        await server.PostAsync("events/track", "{'email':'ann@example.com','eventName':'E','id':'m-1','createdAt':1767225600,'dataFields':{'n':1}}");
        await server.PostAsync("events/track", "{'email':'ann@example.com','eventName':'E','id':'m-1','createdAt':1767225601,'dataFields':{'n':2}}");

        var stored = Assert.Single(server.Sandbox.Events);

        Assert.Equal("""{"n":2}""", stored.DataFields.ToJsonString());
        Assert.Equal(2, stored.Writes);
        Assert.Single(server.Sandbox.EventsOf(email: "ann@example.com"));
    }

    [Fact]
    public async Task A_known_id_moves_the_event_to_the_user_who_is_named_now()
    {
        await using var server = await SandboxServer.StartAsync();
        await server.PostAsync("events/track", "{'email':'ann@example.com','eventName':'E','id':'m-1'}");
        await server.PostAsync("events/track", "{'email':'ben@example.com','eventName':'E','id':'m-1'}");

        Assert.Empty(server.Sandbox.EventsOf(email: "ann@example.com"));
        Assert.Single(server.Sandbox.EventsOf(email: "ben@example.com"));
    }

    [Fact]
    public async Task Without_an_id_one_is_generated_and_returned()
    {
        // "If none is specified, a new id will automatically be generated and returned."
        await using var server = await SandboxServer.StartAsync();
        var ids = new HashSet<string?>();
        for (var i = 0; i < 3; i++)
        {
            ids.Add((string?)(await server.PostAsync("events/track", "{'email':'ann@example.com','eventName':'E'}")).Params!["id"]);
            ids.Add((string?)(await server.PostAsync("commerce/trackPurchase", $"{{'user':{{'email':'ann@example.com'}},'items':[{Item}],'total':6}}")).Params!["id"]);
        }

        Assert.Equal(6, ids.Count);
        Assert.DoesNotContain(null, ids);
        Assert.Equal(ids.Order(), server.Sandbox.Events.Concat(server.Sandbox.Purchases).Select(stored => stored.Id).Order());
    }

    [Fact]
    public async Task CreatedAt_is_in_seconds_and_defaults_to_the_time_of_receipt()
    {
        var time = new FakeTimeProvider(DateTimeOffset.Parse("2026-03-04T05:06:07Z", CultureInfo.InvariantCulture));
        await using var server = await SandboxServer.StartAsync(new SandboxOptions { ApiKey = SandboxServer.Key, Time = time });
        await server.PostAsync("events/track", "{'email':'ann@example.com','eventName':'Then','createdAt':1767225600}");
        await server.PostAsync("events/track", "{'email':'ann@example.com','eventName':'Now'}");

        var events = (await server.GetAsync("events/ann%40example.com")).Json!["events"]!.AsArray();

        Assert.Equal(
            ["Now 2026-03-04 05:06:07 +00:00", "Then 2026-01-01 00:00:00 +00:00"],
            events.Select(item => $"{item!["eventName"]} {item["createdAt"]}"));
    }

    [Fact]
    public async Task Events_are_read_newest_first_thirty_unless_told()
    {
        // Iterable API docs, GET /api/events/{email}: limit, default 30, maximum 200.
        await using var server = await SandboxServer.StartAsync();
        var bulk = string.Join(',', Enumerable.Range(0, 250).Select(i => $"{{'userId':'u/1','eventName':'E{i}','createdAt':{1767225600 + i}}}"));
        await server.PostAsync("events/trackBulk", $"{{'events':[{bulk}]}}");

        async Task<string[]> NamesAsync(string query) =>
            [.. (await server.GetAsync($"events/byUserId/u%2F1{query}")).Json!["events"]!.AsArray().Select(item => (string)item!["eventName"]!)];

        Assert.Equal(Enumerable.Range(220, 30).Reverse().Select(i => $"E{i}"), await NamesAsync(""));
        Assert.Equal(200, (await NamesAsync("?limit=200")).Length);
        Assert.Equal(["E249"], await NamesAsync("?limit=1"));
    }

    [Fact]
    public async Task A_cart_replaces_the_one_before()
    {
        // "Update the shoppingCartItems field on the user profile with shopping cart items. User profile is updated if it already exists (created otherwise)."
        await using var server = await SandboxServer.StartAsync();
        await server.PostAsync("commerce/updateCart", $"{{'user':{{'email':'ann@example.com','dataFields':{{'plan':'pro'}}}},'items':[{Item},{Item}]}}");
        await server.PostAsync("commerce/updateCart", $"{{'user':{{'email':'ann@example.com'}},'items':[{Item}]}}");

        var user = Assert.Single(server.Sandbox.Users);

        Assert.Equal("""{"plan":"pro","shoppingCartItems":[{"id":"1","name":"Uno","price":3,"quantity":2}]}""", user.DataFields.ToJsonString());
    }

    [Fact]
    public async Task An_empty_cart_empties_the_cart()
    {
        await using var server = await SandboxServer.StartAsync();
        await server.PostAsync("commerce/updateCart", $"{{'user':{{'email':'ann@example.com'}},'items':[{Item}]}}");
        await server.PostAsync("commerce/updateCart", "{'user':{'email':'ann@example.com'},'items':[]}");

        Assert.Equal("""{"shoppingCartItems":[]}""", Assert.Single(server.Sandbox.Users).DataFields.ToJsonString());
    }

    [Fact]
    public async Task A_purchase_clears_the_cart_updates_the_user_and_is_updated_by_id()
    {
        // "shoppingCartItems field on the user profile is cleared. User profile is also updated if it already exists (created otherwise)."
        await using var server = await SandboxServer.StartAsync();
        await server.PostAsync("commerce/updateCart", $"{{'user':{{'email':'ann@example.com'}},'items':[{Item}]}}");
        await server.PostAsync("commerce/trackPurchase", $"{{'user':{{'email':'ann@example.com','userId':'u1','dataFields':{{'plan':'pro'}}}},'items':[{Item}],'total':6,'id':'o-1'}}");
        await server.PostAsync("commerce/trackPurchase", $"{{'user':{{'email':'ann@example.com'}},'items':[{Item}],'total':5.5,'id':'o-1','campaignId':7,'templateId':8,'dataFields':{{'coupon':'X'}}}}");

        var user = Assert.Single(server.Sandbox.Users);
        var purchase = Assert.Single(server.Sandbox.Purchases);

        Assert.Equal(("u1", """{"plan":"pro"}"""), (user.UserId, user.DataFields.ToJsonString()));
        Assert.Equal(("purchase", 5.5, 7L, 8L), (purchase.EventType, purchase.Total, purchase.CampaignId, purchase.TemplateId));
        Assert.Equal("""{"coupon":"X"}""", purchase.DataFields.ToJsonString());
        Assert.Equal("Uno", (string?)purchase.Items![0]!["name"]);
        Assert.Equal("purchase", Assert.Single(server.Sandbox.EventsOf(userId: "u1")).Name);
    }

    [Fact]
    public async Task A_purchase_does_not_share_ids_with_events()
    {
        await using var server = await SandboxServer.StartAsync();
        await server.PostAsync("events/track", "{'email':'ann@example.com','eventName':'E','id':'x'}");
        await server.PostAsync("commerce/trackPurchase", "{'user':{'email':'ann@example.com'},'items':[],'total':1,'id':'x'}");

        Assert.Equal((1, 1), (server.Sandbox.Events.Count, server.Sandbox.Purchases.Count));
    }

    [Theory]
    [InlineData("users/ann%40example.com")]
    [InlineData("users/ann@example.com")]
    [InlineData("users/getByEmail?email=Ann%40example.com")]
    [InlineData("users/byUserId?userId=u%2F1")]
    [InlineData("users/byUserId/u%2F1")]
    public async Task A_user_is_read_with_the_fields_that_Iterable_adds(string path)
    {
        // Iterable API docs, GET /api/users/{email}, /getByEmail, /byUserId, /byUserId/{userId}; an encoded slash is part of the identifier.
        var time = new FakeTimeProvider(DateTimeOffset.Parse("2026-03-04T05:06:07Z", CultureInfo.InvariantCulture));
        await using var server = await SandboxServer.StartAsync(new SandboxOptions { ApiKey = SandboxServer.Key, Time = time });
        await server.PostAsync("users/update", "{'email':'ann@example.com','userId':'u/1','dataFields':{'plan':'pro'}}");

        var reply = await server.GetAsync(path);

        Assert.Equal(
            """{"user":{"email":"ann@example.com","userId":"u/1","dataFields":{"email":"ann@example.com","plan":"pro","profileUpdatedAt":"2026-03-04 05:06:07 +00:00","signupDate":"2026-03-04 05:06:07 +00:00","signupSource":"API","userId":"u/1"}}}""",
            reply.Text);
    }

    [Fact]
    public async Task Webhooks_are_an_empty_list()
    {
        // Iterable API docs, GET /api/webhooks: GetWebhooksResponse.
        await using var server = await SandboxServer.StartAsync();

        Assert.Equal("""{"webhooks":[]}""", (await server.GetAsync("webhooks")).Text);
    }
}
