using System.Net.Http.Json;
using System.Text.Json.Nodes;
using IterableFunctions.LocalHost.Sandbox;
using Microsoft.Extensions.Time.Testing;

namespace IterableFunctions.Tests.Sandbox;

/// <summary>Ordered failures. Not Iterable's: what may happen on the way to it.</summary>
public class FaultsTests
{
    private const string Event = "{'email':'ann@example.com','eventName':'E'}";

    [Theory]
    [InlineData("{'mode':'status','calls':1}", 500, "GenericError", 0)]
    [InlineData("{'mode':'status','status':429}", 429, "RateLimitExceeded", 0)]
    [InlineData("{'mode':'status','status':401,'code':'Success'}", 401, "Success", 0)]
    [InlineData("{'mode':'status','status':503}", 503, null, 0)]
    [InlineData("{'mode':'status','status':503,'code':'DatabaseError'}", 503, "DatabaseError", 0)]
    [InlineData("{'mode':'refuseKey'}", 401, "BadApiKey", 0)]
    [InlineData("{'mode':'statusAfter','status':502}", 502, null, 1)]
    [InlineData("{'mode':'status','endpoint':'events/track','user':'ANN@example.com'}", 500, "GenericError", 0)]
    [InlineData("{'mode':'status','endpoint':'/api/events/track'}", 500, "GenericError", 0)]
    public async Task A_fault_meets_one_call_and_is_gone(string fault, int status, string? code, int effects)
    {
        await using var server = await SandboxServer.StartAsync();
        Assert.Equal(201, await OrderAsync(server, fault));

        var failed = await server.PostAsync("events/track", Event);

        Assert.Equal((status, code), (failed.Status, failed.Code));
        Assert.Equal(effects, server.Sandbox.Events.Count);
        Assert.True(server.Sandbox.Calls[^1] is { Refused: true, Fault: not null } logged && logged.Status == status && logged.TookEffect == (effects == 1));
        Assert.Equal(200, (await server.PostAsync("events/track", Event)).Status);
    }

    [Theory]
    [InlineData("breakBefore", 0)]
    [InlineData("breakAfter", 1)]
    public async Task A_connection_breaks_before_or_after_the_effect(string mode, int effects)
    {
        await using var server = await SandboxServer.StartAsync();
        await OrderAsync(server, $"{{'mode':'{mode}'}}");

        await Assert.ThrowsAsync<HttpRequestException>(() => server.PostAsync("events/track", Event));

        Assert.Equal(effects, server.Sandbox.Events.Count);
        Assert.True(server.Sandbox.Calls[^1] is { Status: 0, Refused: true });
    }

    [Theory]
    [InlineData(FaultMode.Hang, 0)]
    [InlineData(FaultMode.HangAfter, 1)]
    public async Task A_caller_who_gives_up_on_a_hanging_call_does_not_know_its_effect(FaultMode mode, int effects)
    {
        var time = new FakeTimeProvider();
        await using var server = await SandboxServer.StartAsync(new SandboxOptions { ApiKey = SandboxServer.Key, Time = time });
        server.Sandbox.AddFault(new() { Mode = mode });
        using var patience = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/sandbox/api/events/track") { Content = new StringContent(Event.Replace('\'', '"')) };
        request.Headers.Add("Api-Key", SandboxServer.Key);

        var call = server.Client.SendAsync(request, patience.Token);
        await UntilAsync(() => server.Sandbox is { ArmedFaults: [], Events.Count: var events } && events == effects);
        await patience.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await UntilAsync(() => server.Sandbox.Calls is [.., { Status: 0 }]);
        Assert.Equal(effects, server.Sandbox.Events.Count);
    }

    [Theory]
    [InlineData(FaultMode.Hang)]
    [InlineData(FaultMode.HangAfter)]
    public async Task A_hanging_call_is_answered_when_its_time_has_come(FaultMode mode)
    {
        var time = new FakeTimeProvider();
        await using var server = await SandboxServer.StartAsync(new SandboxOptions { ApiKey = SandboxServer.Key, Time = time });
        server.Sandbox.AddFault(new() { Mode = mode, HangSeconds = 20 });

        var call = server.PostAsync("events/track", Event);
        await UntilAsync(() => server.Sandbox.ArmedFaults is []);
        Assert.False(call.IsCompleted);
        // The hang may begin a moment after its fault was taken, so the clock moves on until it is over.
        await UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(20));
            return call.IsCompleted;
        });

        Assert.Equal(200, (await call).Status);
    }

    [Fact]
    public async Task A_fault_for_one_user_leaves_the_others_alone()
    {
        await using var server = await SandboxServer.StartAsync();
        server.Sandbox.AddFault(new() { Mode = FaultMode.Status, User = "ann@example.com", Calls = -1 });

        Assert.Equal(200, (await server.PostAsync("events/track", "{'email':'ben@example.com','eventName':'E'}")).Status);
        Assert.Equal(500, (await server.PostAsync("users/bulkUpdate", "{'users':[{'email':'ben@example.com'},{'email':'ann@example.com'}]}")).Status);
        Assert.Equal(500, (await server.PostAsync("commerce/updateCart", "{'user':{'email':'ann@example.com'},'items':[]}")).Status);
        Assert.Equal(500, (await server.GetAsync("users/ann@example.com")).Status);
        Assert.Equal(200, (await server.PostAsync("events/track", "{'email':'ben@example.com','eventName':'E','dataFields':{'x':'ann@example.com'}}")).Status);
    }

    [Fact]
    public async Task A_fault_for_one_endpoint_counts_down_and_can_be_removed()
    {
        await using var server = await SandboxServer.StartAsync();
        await OrderAsync(server, "{'mode':'status','endpoint':'users/update','calls':3,'retryAfter':7,'status':429}");

        Assert.Equal(200, (await server.PostAsync("events/track", Event)).Status);
        var failed = await server.PostAsync("users/update", "{'email':'ann@example.com'}");
        Assert.Equal((429, 7.0), (failed.Status, failed.RetryAfter));
        Assert.Equal(7, (int)failed.Params!["rateLimitReset"]!);
        var armed = JsonNode.Parse(await server.Client.GetStringAsync("/sandbox/faults"))!["faults"]![0]!;
        Assert.Equal((2, 1), ((int)armed["callsLeft"]!, (int)armed["callsMet"]!));

        using var removed = await server.Client.DeleteAsync("/sandbox/faults");
        Assert.Equal(1, (int)(await removed.Content.ReadFromJsonAsync<JsonNode>())!["removed"]!);
        Assert.Equal(200, (await server.PostAsync("users/update", "{'email':'ann@example.com'}")).Status);
    }

    [Fact]
    public async Task A_fault_for_every_third_call_lets_two_pass_to_the_next_fault()
    {
        await using var server = await SandboxServer.StartAsync();
        await OrderAsync(server, "{'mode':'status','status':500,'every':3,'calls':2}");
        await OrderAsync(server, "{'mode':'status','status':429,'every':2,'calls':-1}");

        var statuses = new List<int>();
        for (var call = 0; call < 10; call++)
            statuses.Add((await server.PostAsync("events/track", Event)).Status);

        // The second fault sees what the first lets pass: calls 1, 2, 4, 5, then all after the first is used up.
        Assert.Equal([200, 429, 500, 200, 429, 500, 200, 429, 200, 429], statuses);
    }

    [Fact]
    public async Task A_429_names_no_time_unless_told_to()
    {
        await using var server = await SandboxServer.StartAsync();
        await OrderAsync(server, "{'mode':'status','status':429}");

        var limited = await server.PostAsync("events/track", Event);

        Assert.Equal((429, null), (limited.Status, limited.RetryAfter));
        Assert.Null(limited.Params);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{'mode':'status','every':0}")]
    [InlineData("{'mode':'explode'}")]
    [InlineData("{'mode':'status','status':99}")]
    [InlineData("{'mode':'status','calls':0}")]
    [InlineData("{'mode':'status','call':1}")]
    [InlineData("nonsense")]
    public async Task An_order_that_makes_no_sense_is_refused(string order)
    {
        await using var server = await SandboxServer.StartAsync();

        Assert.Equal(400, await OrderAsync(server, order));
        Assert.Empty(server.Sandbox.ArmedFaults);
    }

    private static async Task UntilAsync(Func<bool> done)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!done())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromMinutes(5), "Waited in vain.");
            await Task.Delay(5);
        }
    }

    private static async Task<int> OrderAsync(SandboxServer server, string fault)
    {
        using var response = await server.Client.PostAsync("/sandbox/faults", new StringContent(fault.Replace('\'', '"')));
        return (int)response.StatusCode;
    }
}
