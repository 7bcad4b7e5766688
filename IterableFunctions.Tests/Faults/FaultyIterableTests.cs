using IterableFunctions.LocalHost.Sandbox;
using IterableFunctions.Tests.LocalHost;
using Xunit.Abstractions;

namespace IterableFunctions.Tests.Faults;

/// <summary>Iterable fails in every way that it can, for a while or now and then. LONG_TESTS=1 runs more seeds and more messages.</summary>
public sealed class FaultyIterableTests(OwnAzuriteFixture azurite, ITestOutputHelper output) : IClassFixture<OwnAzuriteFixture>
{
    private static readonly int Messages = Shop.IsLong ? 200 : 40;

    /// <summary>What holds up the whole run, a call that hangs or a 429, comes a few times; the rest all the time.</summary>
    private static readonly Dictionary<string, Fault> Faults = new()
    {
        ["500 to every third call"] = new() { Mode = FaultMode.Status, Status = 500, Every = 3, Calls = -1 },
        ["429 without a time"] = new() { Mode = FaultMode.Status, Status = 429, Every = 3, Calls = 6 },
        ["429 with a time"] = new() { Mode = FaultMode.Status, Status = 429, Every = 4, Calls = 6, RetryAfter = 2 },
        ["hangs"] = new() { Mode = FaultMode.Hang, Every = 9, Calls = 4 },
        ["hangs after the effect"] = new() { Mode = FaultMode.HangAfter, Every = 9, Calls = 4 },
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
    public async Task Nothing_is_lost_or_doubled_while_Iterable_fails_now_and_then(string fault, int seed)
    {
        // A wait that an answer names is kept as far as the longest one allows.
        await using var app = await StartAsync(longestRetry: Faults[fault].RetryAfter is null ? null : "00:00:05");
        using var shop = NewShop(app);
        shop.Iterable.AddFault(Faults[fault]);

        await shop.Segment.SendAsync(new ShopTraffic("shop", seed).Bodies(Messages), shop.Cancellation);

        await shop.CheckAsync($"{fault}, seed {seed}");
        Assert.Contains(shop.Iterable.Calls, call => call.Fault == Faults[fault].Mode);
        shop.AssertNoneRepeatedNeedlessly(app.Logs);
        if (Faults[fault].RetryAfter is { } seconds)
            AssertKeeps(TimeSpan.FromSeconds(seconds), shop);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Nothing_is_lost_or_doubled_while_Iterable_is_down_for_a_stretch(int seed)
    {
        await using var app = await StartAsync();
        using var shop = NewShop(app);
        var traffic = new ShopTraffic("shop", seed);
        await shop.Segment.SendAsync(traffic.Bodies(Messages / 4), shop.Cancellation);

        shop.Iterable.AddFault(new() { Mode = FaultMode.Status, Status = 503, Calls = -1 });
        await shop.Segment.SendAsync(traffic.Bodies(Messages / 2), shop.Cancellation);
        // Down for longer than the first retries.
        await shop.UntilAsync(() => shop.Iterable.Calls.Count(call => call.Refused) > Messages);
        shop.Iterable.ClearFaults();
        await shop.Segment.SendAsync(traffic.Bodies(Messages / 4), shop.Cancellation);

        await shop.CheckAsync($"down for a stretch, seed {seed}");
        shop.AssertNoneRepeatedNeedlessly(app.Logs);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Nothing_is_lost_or_dead_while_the_key_is_refused(int seed)
    {
        var clock = new ForwardTimeProvider();
        await using var app = await StartAsync(clock: clock);
        using var shop = NewShop(app);
        var traffic = new ShopTraffic("shop", seed);
        shop.Iterable.AddFault(new() { Mode = FaultMode.RefuseKey, Calls = -1 });

        await shop.Segment.SendAsync(traffic.Bodies(Messages / 2), shop.Cancellation);
        Assert.All(shop.Segment.Delivered, message => Assert.True(shop.IsReplaced(message)));
        // Past the time for another look at the key, which finds it refused still.
        var calls = shop.Iterable.Calls.Count;
        clock.Forward(TimeSpan.FromSeconds(31));
        await shop.UntilAsync(() => shop.Iterable.Calls.Count > calls);
        Assert.Empty(shop.Iterable.Users);

        shop.Iterable.ClearFaults();
        clock.Forward(TimeSpan.FromSeconds(31));
        await shop.Segment.SendAsync(traffic.Bodies(Messages / 2), shop.Cancellation);

        await shop.CheckAsync($"key refused, seed {seed}");
        shop.AssertNoneRepeatedNeedlessly(app.Logs);
    }

    /// <summary>No call comes back before the time that a 429 has named for it.</summary>
    private static void AssertKeeps(TimeSpan wait, Shop shop)
    {
        var repeats = shop.Iterable.Calls.Where(Shop.IsOneMessages).GroupBy(call => Convert.ToHexString(call.Body.Span)).SelectMany(calls => calls.Zip(calls.Skip(1))).Where(pair => pair.First.Status == 429).ToList();
        Assert.NotEmpty(repeats);
        // Storage has a clock of its own, to the millisecond.
        Assert.All(repeats, pair => Assert.True(pair.Second.At - pair.First.At >= wait - TimeSpan.FromMilliseconds(50), $"Call {pair.Second.Number} came {pair.Second.At - pair.First.At} after call {pair.First.Number}."));
    }

    private Shop NewShop(RunningApp app) => new(azurite.ConnectionString, app.Settings.Address, app.Sandbox, output);

    private async Task<RunningApp> StartAsync(string? longestRetry = null, TimeProvider? clock = null)
    {
        await azurite.ClearAsync();
        var settings = Shop.NewSettings();
        if (longestRetry is not null)
            settings["Delivering__LongestRetry"] = longestRetry;
        return await RunningApp.StartAsync(azurite.ConnectionString, settings: settings, configure: services => Shop.BePatientWithQueues(services, azurite.ConnectionString), clock: clock ?? TimeProvider.System);
    }
}
