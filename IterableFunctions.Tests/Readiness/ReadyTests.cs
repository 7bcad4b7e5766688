using System.Net;
using System.Text.Json.Nodes;
using Azure.Storage.Queues;
using IterableFunctions.LocalHost.Sandbox;
using IterableFunctions.Readiness;
using IterableFunctions.Tests.Intake;
using IterableFunctions.Tests.LocalHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace IterableFunctions.Tests.Readiness;

/// <summary>What <c>/api/health/ready</c> says of a running app.</summary>
public sealed class ReadyTests(OwnAzuriteFixture azurite) : IClassFixture<OwnAzuriteFixture>
{
    [Fact]
    public async Task App_that_has_all_it_needs_is_ready_and_asks_Iterable_nothing()
    {
        await using var app = await StartAsync();

        var (status, reasons) = await ReadyAsync(app);

        Assert.Empty(reasons);
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Empty(app.Sandbox.Calls);
    }

    [Fact]
    public async Task Storage_that_does_not_answer_is_a_reason_and_the_process_lives_all_the_same()
    {
        await using var app = await RunningApp.StartAsync(IterableFunctions.LocalHost.AzuritePorts.Free().ConnectionString);

        var (status, reasons) = await ReadyAsync(app);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        Assert.Equal(["Table storage does not answer.", "The queue forward does not answer.", "The queue record does not answer.", "The queue sync does not answer.", "The queue recompute does not answer."], reasons.Where(reason => !reason.StartsWith("HourCheck", StringComparison.Ordinal)));
        Assert.Equal(HttpStatusCode.OK, (await app.Client.GetAsync(new Uri("api/health", UriKind.Relative))).StatusCode);
    }

    [Fact]
    public async Task Key_that_Iterable_has_refused_is_a_reason()
    {
        await using var app = await StartAsync();
        app.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 401, Code = "BadApiKey", Calls = 1 });
        await app.Client.PostAsync("""{"type":"track","messageId":"m-ready","event":"E","userId":"u"}""");

        var (status, reasons) = await ReadyAsync(app);
        // A look at the table that was under way may know of it only with the next one.
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        for (; status == HttpStatusCode.OK; (status, reasons) = await ReadyAsync(app))
            await Task.Delay(50, limit.Token);

        Assert.StartsWith("Iterable has refused the API key since ", Assert.Single(reasons), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Iterable_is_asked_when_it_should_be_and_once_a_minute()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var app = await StartAsync(services => services.AddSingleton<TimeProvider>(clock));
        app.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 401, Code = "BadApiKey", Endpoint = "webhooks", Calls = 1 });

        Assert.StartsWith("Iterable refuses the API key (401).", Assert.Single((await ReadyAsync(app, "?probe=true")).Reasons), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await ReadyAsync(app, "?probe=true")).Status);
        Assert.Single(app.Sandbox.Calls);

        clock.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(HttpStatusCode.OK, (await ReadyAsync(app, "?probe=true")).Status);
        Assert.Equal(2, app.Sandbox.Calls.Count);
    }

    [Theory]
    [InlineData(FaultMode.Status, 503, "Iterable answers 503.")]
    // Whom it tells to come later it knows.
    [InlineData(FaultMode.Status, 429, null)]
    [InlineData(FaultMode.BreakBefore, 0, "Iterable does not answer.")]
    public async Task Iterable_that_does_not_take_calls_is_a_reason_for_who_asks_it(FaultMode mode, int status, string? reason)
    {
        await using var app = await StartAsync();
        app.Sandbox.AddFault(new() { Mode = mode, Status = status, Endpoint = "webhooks", Calls = -1 });

        Assert.Equal(reason is null ? [] : [reason], (await ReadyAsync(app, "?probe=true")).Reasons);
        Assert.Empty((await ReadyAsync(app)).Reasons);
    }

    [Fact]
    public async Task Queue_whose_messages_are_not_fetched_is_a_reason_as_soon_as_they_are_old()
    {
        var queues = new QueueServiceClient(azurite.ConnectionString);
        var name = AzuriteFixture.Unique("old");
        var check = new QueueCheck(queues, name, TimeSpan.Zero);
        Assert.Null(await check.ReasonAsync(CancellationToken.None));

        await queues.GetQueueClient(name).CreateAsync();
        await queues.GetQueueClient(name).SendMessageAsync("later", visibilityTimeout: TimeSpan.FromHours(1));
        Assert.Null(await check.ReasonAsync(CancellationToken.None));

        await queues.GetQueueClient(name).SendMessageAsync("now");
        Assert.Null(await new QueueCheck(queues, name, TimeSpan.FromHours(1)).ReasonAsync(CancellationToken.None));
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        string? reason;
        // Storage tells its time in whole seconds.
        while ((reason = await check.ReasonAsync(limit.Token)) is null)
            await Task.Delay(100, limit.Token);
        Assert.StartsWith($"The queue {name} is not drained", reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_that_fails_or_does_not_end_is_a_reason_and_keeps_no_other_from_being_told()
    {
        var clock = new FakeTimeProvider();
        var asked = new ReadinessChecks([new Check(() => throw new InvalidOperationException("a secret")), new Check(() => new TaskCompletionSource<string?>().Task), new Check(() => Task.FromResult<string?>("The hour is late."))], clock)
            .ReasonsAsync(CancellationToken.None);
        clock.Advance(TimeSpan.FromSeconds(8));
        Assert.Equal(["Check could not be done: InvalidOperationException.", "Check could not be done: TimeoutException.", "The hour is late."], await asked);
    }

    [Fact]
    public async Task Whoever_asks_within_five_seconds_gets_the_same_answer_and_costs_nothing()
    {
        var clock = new FakeTimeProvider();
        var (asked, under) = (0, new TaskCompletionSource<string?>());
        var checks = new ReadinessChecks([new Check(() => ++asked == 1 ? under.Task : Task.FromResult<string?>(null))], clock);
        var crowd = Enumerable.Range(0, 100).Select(_ => checks.ReasonsAsync(CancellationToken.None)).ToList();
        under.SetResult("The hour is late.");

        Assert.All(await Task.WhenAll(crowd), reasons => Assert.Equal(["The hour is late."], reasons));
        clock.Advance(TimeSpan.FromSeconds(4.9));
        Assert.NotEmpty(await checks.ReasonsAsync(CancellationToken.None));
        Assert.Equal(1, asked);
        clock.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Empty(await checks.ReasonsAsync(CancellationToken.None));
    }

    private async Task<RunningApp> StartAsync(Action<IServiceCollection>? configure = null)
    {
        await azurite.ClearAsync();
        return await RunningApp.StartAsync(azurite.ConnectionString, configure: configure);
    }

    private static async Task<(HttpStatusCode Status, IReadOnlyList<string> Reasons)> ReadyAsync(RunningApp app, string query = "")
    {
        using var answer = await app.Client.GetAsync(new Uri($"api/health/ready{query}", UriKind.Relative));
        var report = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
        Assert.Equal(answer.StatusCode == HttpStatusCode.OK, (bool)report["ready"]!);
        return (answer.StatusCode, [.. report["reasons"]!.AsArray().Select(reason => (string)reason!)]);
    }

    private sealed class Check(Func<Task<string?>> reason) : IReadinessCheck
    {
        public Task<string?> ReasonAsync(CancellationToken cancellation) => reason();
    }
}
