using IterableFunctions.LocalHost.Sandbox;
using IterableFunctions.Tests.Sandbox;
using Xunit.Abstractions;

namespace IterableFunctions.Tests.Faults;

/// <summary>
/// The app's process is killed in the middle of its work, again and again, while Segment repeats what was not answered, and Iterable fails now and then, so that the queue is part
/// of it. LONG_TESTS=1 runs the long form: twenty kills in 2,000 messages, and more seeds.
/// </summary>
public sealed class KilledAppTests(OwnAzuriteFixture azurite, ITestOutputHelper output) : IClassFixture<OwnAzuriteFixture>
{
    private static readonly int Kills = Shop.IsLong ? 20 : 4;
    private static readonly int Messages = Kills * 100;

    public static TheoryData<int> Seeds => [.. Shop.Seeds];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Nothing_is_lost_or_doubled_when_the_process_is_killed(int seed)
    {
        await azurite.ClearAsync();
        await using var iterable = await SandboxServer.StartAsync(new SandboxOptions { ApiKey = SandboxServer.Key, RateLimits = false, RememberedCalls = 100_000 });
        iterable.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 503, Every = 5, Calls = -1 });
        iterable.Sandbox.AddFault(new() { Mode = FaultMode.StatusAfter, Status = 500, Every = 7, Calls = -1 });
        iterable.Sandbox.AddFault(new() { Mode = FaultMode.BreakAfter, Every = 11, Calls = -1 });
        // Slow, before and after the effect: so that there is always something under way that a kill can hit, from the webhook and from the queue.
        iterable.Sandbox.AddFault(new() { Mode = FaultMode.Hang, HangSeconds = 0.2, Every = 2, Calls = -1 });
        iterable.Sandbox.AddFault(new() { Mode = FaultMode.HangAfter, HangSeconds = 0.2, Every = 2, Calls = -1 });
        using var app = new AppProcess(azurite.ConnectionString, new Uri(iterable.Client.BaseAddress!, "sandbox"), Shop.NewSettingsWithShortLease());
        using var shop = new Shop(azurite.ConnectionString, app.Address, iterable.Sandbox, output);
        await app.StartAsync(shop.Cancellation);

        var random = new Random(seed);
        var sending = shop.Segment.SendAsync(new ShopTraffic("shop", seed).Bodies(Messages), shop.Cancellation);
        foreach (var accepted in Enumerable.Range(0, Kills).Select(_ => random.Next(Messages)).Order())
        {
            await shop.UntilAsync(() => shop.Segment.Accepted.Count >= accepted);
            // Not always just after an answer.
            await Task.Delay(random.Next(30), shop.Cancellation);
            app.Kill();
            await app.StartAsync(shop.Cancellation);
        }

        await sending;
        await shop.CheckAsync($"killed {Kills} times, seed {seed}", $"; {Kills} kills");
    }
}
