using System.Text;
using IterableFunctions.Iterable;
using IterableFunctions.Iterable.Limits;
using IterableFunctions.LocalHost.Sandbox;
using IterableFunctions.Sending;
using IterableFunctions.Storage;
using IterableFunctions.Tests.Sandbox;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace IterableFunctions.Tests.Iterable;

/// <summary>Calls that go together, and what each of them learns.</summary>
public sealed class BulkSenderTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    [Fact]
    public async Task Updates_of_many_users_are_one_call()
    {
        await using var server = await SandboxServer.StartAsync();

        var deliveries = await SendAsync(server, [.. Enumerable.Range(0, 50).Select(n => Update($"u{n}", "true"))]);

        Assert.All(deliveries, delivery => Assert.IsType<Delivery.Delivered>(delivery));
        Assert.Equal("users/bulkUpdate", Assert.Single(server.Sandbox.Calls).Endpoint);
        Assert.Equal(50, server.Sandbox.Users.Count(user => (bool)user.DataFields["vip"]!));
    }

    [Fact]
    public async Task More_than_a_thousand_are_several_calls()
    {
        await using var server = await SandboxServer.StartAsync();

        await SendAsync(server, [.. Enumerable.Range(0, 1001).Select(n => Update($"u{n}", "true"))]);

        Assert.Equal(2, server.Sandbox.Calls.Count);
        Assert.Equal(1001, server.Sandbox.Users.Count);
    }

    [Fact]
    public async Task Who_fails_is_named_and_learns_why_alone()
    {
        await using var server = await SandboxServer.StartAsync();
        await server.PostAsync("users/forget", "{'userId':'gone'}");

        var deliveries = await SendAsync(server, [Update("a", "true"), Update("gone", "true"), Update("b", "true")]);

        Assert.IsType<Delivery.Delivered>(deliveries[0]);
        Assert.IsType<Delivery.Refused>(deliveries[1]);
        Assert.IsType<Delivery.Delivered>(deliveries[2]);
        Assert.Equal(["users/bulkUpdate", "users/update"], server.Sandbox.Calls.Skip(1).Select(call => call.Endpoint));
    }

    [Fact]
    public async Task Call_that_fails_as_a_whole_is_tried_one_by_one()
    {
        await using var server = await SandboxServer.StartAsync();
        await server.PostAsync("users/update", "{'userId':'first','dataFields':{'vip':true}}");

        var deliveries = await SendAsync(server, [Update("a", "true"), Update("wrong", "\"text\""), Update("b", "true")]);

        Assert.Equal([typeof(Delivery.Delivered), typeof(Delivery.Refused), typeof(Delivery.Delivered)], deliveries.Select(delivery => delivery.GetType()));
    }

    [Fact]
    public async Task Two_calls_about_one_user_are_not_in_one()
    {
        await using var server = await SandboxServer.StartAsync();

        await SendAsync(server, [Update("a", "true"), Update("a", "false"), Update("b", "true")]);

        Assert.Equal(2, server.Sandbox.Calls.Count);
    }

    [Fact]
    public async Task Events_go_together_too_and_one_that_is_switched_off_fails_alone()
    {
        await using var server = await SandboxServer.StartAsync(new SandboxOptions { ApiKey = SandboxServer.Key, RateLimits = false, DisallowedEventNames = new HashSet<string> { "Off" } });

        var deliveries = await SendAsync(server, [Track("a", "On"), Track("b", "Off"), Track("c", "On")]);

        Assert.Equal([typeof(Delivery.Delivered), typeof(Delivery.Refused), typeof(Delivery.Delivered)], deliveries.Select(delivery => delivery.GetType()));
        Assert.Equal(2, server.Sandbox.Events.Count);
        Assert.Equal("events/trackBulk", server.Sandbox.Calls[0].Endpoint);
    }

    [Fact]
    public async Task What_Iterable_cannot_take_now_all_may_send_later()
    {
        await using var server = await SandboxServer.StartAsync();
        server.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 503 });

        var deliveries = await SendAsync(server, [Update("a", "true"), Update("b", "true")]);

        Assert.All(deliveries, delivery => Assert.Equal(503, Assert.IsType<Delivery.RetryLater>(delivery).Status));
        Assert.Single(server.Sandbox.Calls);
    }

    private async Task<IReadOnlyList<Delivery>> SendAsync(SandboxServer server, IReadOnlyList<IterableRequest> calls)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"{server.Client.BaseAddress}sandbox/") };
        http.DefaultRequestHeaders.Add("Api-Key", SandboxServer.Key);
        var time = TimeProvider.System;
        using var limits = new IterableLimits(Options.Create(new LimitsOptions { UpdateUsers = LimitsOptions.Highest, TrackEvents = LimitsOptions.Highest }), time);
        var refused = new RefusedKeyTable(new(azurite.ConnectionString), Options.Create(new StorageOptions { TablePrefix = AzuriteFixture.Unique("b") }));
        var client = new IterableClient(http, limits, new(SandboxServer.Key, "", "", refused, time, NullLogger<KeyGuard>.Instance), time, NullLogger<IterableClient>.Instance);
        // How long the first waits for others goes by a clock that stands still until all of them are there.
        var clock = new FakeTimeProvider();
        var bulk = new BulkSender(client, clock);
        Task<Delivery>[] deliveries = [.. calls.Select(call => bulk.SendAsync(call, TimeSpan.FromSeconds(10), default))];
        clock.Advance(TimeSpan.FromSeconds(1));
        return await Task.WhenAll(deliveries);
    }

    private static IterableRequest Update(string userId, string value) => Call(IterableEndpoint.UpdateUser, userId, $$"""{"userId":"{{userId}}","dataFields":{"vip":{{value}} } }""");

    private static IterableRequest Track(string userId, string name) => Call(IterableEndpoint.TrackEvent, userId, $$"""{"userId":"{{userId}}","eventName":"{{name}}","id":"{{userId}}" }""");

    private static IterableRequest Call(IterableEndpoint endpoint, string userId, string body)
        => new() { Endpoint = endpoint, Body = Encoding.UTF8.GetBytes(body), MessageId = "m", UserId = userId, Timestamp = DateTime.UtcNow };
}
