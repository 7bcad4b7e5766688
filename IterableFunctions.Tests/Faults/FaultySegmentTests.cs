using System.Text.Json.Nodes;
using IterableFunctions.LocalHost.Sandbox;
using IterableFunctions.Tests.LocalHost;
using IterableFunctions.Tests.Sandbox;
using Xunit.Abstractions;

namespace IterableFunctions.Tests.Faults;

/// <summary>Segment fails in every way that it can while Iterable's system webhooks come in. LONG_TESTS=1 runs more seeds and more events.</summary>
public sealed class FaultySegmentTests(OwnAzuriteFixture azurite, ITestOutputHelper output) : IClassFixture<OwnAzuriteFixture>
{
    private static readonly int Events = Shop.IsLong ? 200 : 40;

    private static readonly Dictionary<string, Fault> Faults = new()
    {
        ["500 to every third call"] = new() { Mode = FaultMode.Status, Status = 500, Every = 3, Calls = -1 },
        ["429 with a time"] = new() { Mode = FaultMode.Status, Status = 429, Every = 4, Calls = 6, RetryAfter = 2 },
        ["hangs"] = new() { Mode = FaultMode.Hang, Every = 4, Calls = 4 },
        ["hangs after the effect"] = new() { Mode = FaultMode.HangAfter, Every = 4, Calls = 4 },
        ["breaks the connection"] = new() { Mode = FaultMode.BreakBefore, Every = 3, Calls = -1 },
        ["breaks the connection after the effect"] = new() { Mode = FaultMode.BreakAfter, Every = 3, Calls = -1 },
        ["502 after the effect"] = new() { Mode = FaultMode.StatusAfter, Status = 502, Every = 3, Calls = -1 },
    };

    public static TheoryData<string, int> Runs
    {
        get
        {
            var runs = new TheoryData<string, int>();
            foreach (var name in Faults.Keys)
            {
                foreach (var seed in Shop.Seeds)
                    runs.Add(name, seed);
            }

            return runs;
        }
    }

    public static TheoryData<int> Seeds => [.. Shop.Seeds];

    [Theory]
    [MemberData(nameof(Runs))]
    public async Task Nothing_is_lost_or_doubled_while_Segment_fails_now_and_then(string fault, int seed)
    {
        await using var app = await StartAsync();
        using var run = new Run(azurite.ConnectionString, app.Settings.Address, app.Sandbox, app.Segment, output);
        run.Segment.AddFault(Faults[fault]);

        await run.Sender.SendAsync(MessagingEvent.Bodies(0, Events, seed), run.Cancellation);

        await run.CheckAsync($"Segment: {fault}, seed {seed}");
        Assert.Contains(run.Segment.Calls, call => call.Fault == Faults[fault].Mode);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Nothing_is_lost_or_doubled_while_Segment_is_down_for_a_stretch(int seed)
    {
        // Half a second is not much on a machine with too much to do, and only what is down is to be queued.
        await using var app = await StartAsync(patience: "00:00:10");
        using var run = new Run(azurite.ConnectionString, app.Settings.Address, app.Sandbox, app.Segment, output);
        await run.Sender.SendAsync(MessagingEvent.Bodies(0, Events / 4, seed), run.Cancellation);
        Assert.Equal(0, run.Sender.Queued);

        run.Segment.AddFault(new() { Mode = FaultMode.Status, Status = 503, Calls = -1 });
        await run.Sender.SendAsync(MessagingEvent.Bodies(Events / 4, Events / 2, seed), run.Cancellation);
        Assert.Equal(Events / 2, run.Sender.Queued);
        // Down for longer than the first retries.
        await run.UntilAsync(() => run.Segment.Calls.Count(call => call.Refused) > Events);
        run.Segment.ClearFaults();
        await run.Sender.SendAsync(MessagingEvent.Bodies(Events * 3 / 4, Events / 4, seed), run.Cancellation);

        await run.CheckAsync($"Segment: down for a stretch, seed {seed}");
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Nothing_is_lost_or_dead_while_the_write_key_is_refused(int seed)
    {
        var clock = new ForwardTimeProvider();
        await using var app = await StartAsync(clock);
        using var run = new Run(azurite.ConnectionString, app.Settings.Address, app.Sandbox, app.Segment, output);
        run.Segment.AddFault(new() { Mode = FaultMode.RefuseKey, Calls = -1 });

        await run.Sender.SendAsync(MessagingEvent.Bodies(0, Events / 2, seed), run.Cancellation);
        Assert.Equal(Events / 2, run.Sender.Queued);
        // Past the time for another look at the key, which finds it refused still.
        var calls = run.Segment.Calls.Count;
        clock.Forward(TimeSpan.FromSeconds(31));
        await run.UntilAsync(() => run.Segment.Calls.Count > calls);
        Assert.Empty(run.Segment.Events);

        run.Segment.ClearFaults();
        clock.Forward(TimeSpan.FromSeconds(31));
        await run.Sender.SendAsync(MessagingEvent.Bodies(Events / 2, Events / 2, seed), run.Cancellation);

        await run.CheckAsync($"Segment: key refused, seed {seed}");
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Nothing_is_lost_or_doubled_when_the_process_is_killed(int seed)
    {
        await azurite.ClearAsync();
        await using var sandbox = await SandboxServer.StartAsync();
        sandbox.Segment.AddFault(new() { Mode = FaultMode.Status, Status = 503, Every = 5, Calls = -1 });
        // Slow, before and after the effect: so that there is always something under way that a kill can hit, from the webhook and from the queue.
        sandbox.Segment.AddFault(new() { Mode = FaultMode.Hang, HangSeconds = 0.2, Every = 2, Calls = -1 });
        sandbox.Segment.AddFault(new() { Mode = FaultMode.HangAfter, HangSeconds = 0.2, Every = 2, Calls = -1 });
        using var app = new AppProcess(azurite.ConnectionString, new Uri(sandbox.Client.BaseAddress!, "sandbox"), Shop.NewSettingsWithShortLease());
        using var run = new Run(azurite.ConnectionString, app.Address, sandbox.Sandbox, sandbox.Segment, output);
        await app.StartAsync(run.Cancellation);

        var kills = Shop.IsLong ? 10 : 2;
        var random = new Random(seed);
        var sending = run.Sender.SendAsync(MessagingEvent.Bodies(0, kills * 50, seed), run.Cancellation);
        foreach (var accepted in Enumerable.Range(0, kills).Select(_ => random.Next(kills * 50)).Order())
        {
            await run.UntilAsync(() => run.Sender.Accepted.Count >= accepted);
            app.Kill();
            await app.StartAsync(run.Cancellation);
        }

        await sending;
        await run.CheckAsync($"Segment: killed {kills} times, seed {seed}");
    }

    private async Task<RunningApp> StartAsync(TimeProvider? clock = null, string patience = "00:00:00.5")
    {
        await azurite.ClearAsync();
        return await RunningApp.StartAsync(azurite.ConnectionString, settings: new Dictionary<string, string?>(Shop.NewSettings()) { ["Segment__Patience"] = patience }, clock: clock ?? TimeProvider.System);
    }

    /// <summary>One run, and what has to hold at its end.</summary>
    private sealed class Run(string storage, Uri app, SandboxIterable iterable, SandboxSegment segment, ITestOutputHelper output) : IDisposable
    {
        private readonly Shop _shop = new(storage, app, iterable, output);
        private readonly long _started = TimeProvider.System.GetTimestamp();

        public CancellationToken Cancellation => _shop.Cancellation;

        public IterableSender Sender { get; } = new(app);

        public SandboxSegment Segment => segment;

        public Task UntilAsync(Func<bool> holds) => _shop.UntilAsync(holds);

        /// <summary>Waits until nothing is queued any more, and then: what was accepted is at Segment, once and as it was sent, and nothing else is; there are no dead letters.</summary>
        public async Task CheckAsync(string name)
        {
            await _shop.DrainedAsync();
            Assert.Empty(Sender.Unexpected);
            Assert.Empty(await _shop.DeadLettersAsync());
            Assert.Equal(
                Sender.Accepted.Select(one => $"{one.Mark} {one.Event} {one.Who} {one.Timestamp}").Order(),
                segment.Events.Select(Describe).Order());
            Assert.Empty(iterable.Calls);

            var calls = segment.Calls;
            output.WriteLine(
                $"{name}: {Sender.Accepted.Count} messages, {Sender.RepeatedBodies} bodies repeated, {Sender.Queued} queued; {calls.Count} calls, {calls.Count(call => call.Refused)} of them failed; "
                + $"0 missing, 0 doubled; {TimeProvider.System.GetElapsedTime(_started).TotalSeconds:0} s");
        }

        public void Dispose()
        {
            Sender.Dispose();
            _shop.Dispose();
        }

        private static string Describe(SandboxTrack one)
        {
            var json = JsonNode.Parse(one.Json)!;
            return $"{json["properties"]!["iterable_message_id"]} {one.Event} {one.UserId ?? one.AnonymousId} {json["timestamp"]}";
        }
    }
}
