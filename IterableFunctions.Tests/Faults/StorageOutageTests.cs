using IterableFunctions.LocalHost;
using IterableFunctions.LocalHost.Sandbox;
using IterableFunctions.Tests.LocalHost;
using Xunit.Abstractions;

namespace IterableFunctions.Tests.Faults;

/// <summary>
/// Storage goes and comes back during traffic; in order, so that what it has confirmed is on its disk. Iterable fails every other call, so that storage is needed.
/// LONG_TESTS=1 runs more seeds and more outages.
/// </summary>
public sealed class StorageOutageTests(ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly int Outages = Shop.IsLong ? 6 : 2;

    private readonly Azurite _azurite = AzuriteFixture.Own();

    public static TheoryData<int> Seeds => [.. Shop.Seeds];

    public Task InitializeAsync() => _azurite.StartAsync();

    public async Task DisposeAsync() => await _azurite.DisposeAsync();

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Message_is_answered_200_if_Iterable_has_it_202_if_the_queue_has_it_and_else_503(int seed)
    {
        await using var app = await RunningApp.StartAsync(_azurite.ConnectionString, settings: Shop.NewSettingsWithShortLease(), clock: TimeProvider.System);
        using var shop = new Shop(_azurite.ConnectionString, app.Settings.Address, app.Sandbox, output);
        shop.Iterable.AddFault(new() { Mode = FaultMode.Status, Status = 500, Every = 2, Calls = -1 });
        var notThere = 0;
        shop.Segment.OnAccepted = (message, status) =>
        {
            if (status == "delivered" && !IsAt(shop.Iterable, message) && !shop.IsReplaced(message))
                Interlocked.Increment(ref notThere);
        };

        // Each body once: what was sent again could stand in for what was lost.
        var traffic = new ShopTraffic("shop", seed);
        var refused = new List<ShopMessage[]>();
        for (var outage = 0; outage < Outages; outage++)
        {
            await SendAsync(() => Task.CompletedTask);
            await SendAsync(_azurite.StopAsync);
            await SendAsync(() => Task.CompletedTask);
            await SendAsync(() => _azurite.StartAsync(shop.Cancellation));
        }

        var (delivered, queued, unavailable) = (shop.Segment.Accepted.Count - shop.Segment.Queued, shop.Segment.Queued, refused.Sum(body => body.Length));
        Assert.True(delivered > 0 && queued > 0 && unavailable > 0, $"{delivered} delivered, {queued} queued, {unavailable} refused: nothing was tested.");
        Assert.Equal(0, notThere);
        shop.Iterable.ClearFaults();
        await shop.DrainedAsync();
        Assert.Empty(Oracle.Differences(shop.Segment.Accepted, shop.Segment.Sent, shop.Iterable));

        await shop.Segment.SendAsync(refused, shop.Cancellation);
        await shop.CheckAsync($"storage away {Outages} times, seed {seed}", $"; {unavailable} answered 503");

        async Task SendAsync(Func<Task> meanwhile)
        {
            var happening = meanwhile();
            refused.AddRange(await shop.Segment.SendOnceAsync(traffic.Bodies(30), TimeSpan.FromMilliseconds(happening.IsCompleted ? 0 : 300), shop.Cancellation));
            await happening;
        }
    }

    private static bool IsAt(SandboxIterable iterable, ShopMessage message)
    {
        var mark = message.Mark;
        return iterable.Calls.Any(call => call.TookEffect && call.Body.Span.IndexOf(mark) >= 0);
    }
}
