using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using IterableFunctions.LocalHost.Sandbox;
using IterableFunctions.Tests.LocalHost;
using Xunit.Abstractions;

namespace IterableFunctions.Tests.Faults;

/// <summary>Messages that are too large for a queue, that the host gives up on, that are no messages; and dead letters that are sent again during traffic.</summary>
public sealed class DeadLetterTests(OwnAzuriteFixture azurite, ITestOutputHelper output) : IClassFixture<OwnAzuriteFixture>
{
    private static readonly QueueClientOptions Base64 = new() { MessageEncoding = QueueMessageEncoding.Base64 };

    public static TheoryData<int> Seeds => [.. Shop.Seeds];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Large_messages_come_through_retries_and_leave_nothing_behind(int seed)
    {
        await using var app = await StartAsync();
        using var shop = NewShop(app);
        shop.Iterable.AddFault(new() { Mode = FaultMode.Status, Status = 503, Calls = -1 });
        var traffic = new ShopTraffic("shop", seed);

        await shop.Segment.SendAsync([.. traffic.Bodies(20), .. traffic.Bodies(10, textLength: 46_000), .. traffic.Bodies(10, textLength: 90_000)], shop.Cancellation);
        // While nothing comes through, all large ones are there.
        Assert.NotEmpty(Blobs.GetBlobs());
        shop.Iterable.ClearFaults();
        shop.Iterable.AddFault(new() { Mode = FaultMode.Status, Status = 503, Every = 2, Calls = -1 });

        await shop.CheckAsync($"large messages, seed {seed}");
        Assert.Empty(Blobs.GetBlobs());
    }

    [Fact]
    public async Task What_the_host_gives_up_on_is_a_dead_letter_and_holds_up_nothing()
    {
        await azurite.ClearAsync();
        var queue = new QueueClient(azurite.ConnectionString, "forward", Base64);
        await queue.SendMessageAsync("""{"call":{"endpoint":"/api/events/track","body":{"userId":"shop-u0","eventName":"E","id":"given-up"},"messageId":"given-up","userId":"shop-u0","timestamp":"2026-01-01T00:00:00Z","firstAttempt":"2026-01-01T00:00:00Z","attempts":1}}""", timeToLive: TimeSpan.FromSeconds(-1));
        // As often as the host would: each time by a process that died with it.
        for (var death = 0; death < 5; death++)
        {
            var message = (await queue.ReceiveMessageAsync()).Value;
            await queue.UpdateMessageAsync(message.MessageId, message.PopReceipt, visibilityTimeout: TimeSpan.Zero);
        }

        // This one the host tries in vain by itself.
        await queue.SendMessageAsync("no JSON at all", timeToLive: TimeSpan.FromSeconds(-1));

        await using var app = await StartAsync(clear: false);
        using var shop = NewShop(app);
        await shop.Segment.SendAsync(new ShopTraffic("shop", seed: 1).Bodies(40), shop.Cancellation);
        await shop.DrainedAsync();

        var letters = (await shop.DeadLettersAsync()).ToDictionary(letter => (string)letter["code"]!);
        Assert.Equal(["GivenUpByHost", "UnreadableMessage"], letters.Keys.Order());
        Assert.Equal("given-up", (string?)letters["GivenUpByHost"]["call"]!["messageId"]);
        Assert.Equal("no JSON at all", (string?)letters["UnreadableMessage"]["call"]!["body"]);
        Assert.DoesNotContain(shop.Iterable.Events, each => each.Id == "given-up");

        // What is well formed can be sent after all; what is not stays until a person deletes it.
        Assert.Equal((1, 1), await shop.ReplayAsync());
        Assert.Single(shop.Iterable.Events, each => each.Id == "given-up");
        Assert.Equal("UnreadableMessage", (string?)Assert.Single(await shop.DeadLettersAsync())["code"]);
        await shop.DeleteAsync(letters["UnreadableMessage"]);
        Assert.Empty(await shop.DeadLettersAsync());
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Hundred_dead_letters_are_sent_again_during_traffic(int seed)
    {
        await using var app = await StartAsync();
        using var shop = NewShop(app);
        var traffic = new ShopTraffic("shop", seed);
        shop.Iterable.AddFault(new() { Mode = FaultMode.Status, Status = 400, Code = "BadParams", Calls = -1 });
        await shop.Segment.SendAsync(traffic.Bodies(100), shop.Cancellation);
        var letters = await shop.DeadLettersAsync();
        Assert.All(shop.Segment.Delivered, message => Assert.True(shop.IsReplaced(message)));
        // One each, however often it was sent.
        Assert.Equal(100, letters.Select(letter => (string?)letter["call"]!["messageId"]).Distinct().Count() + shop.Segment.Delivered.Count());
        Assert.Empty(shop.Iterable.Users);
        shop.Iterable.ClearFaults();

        shop.Iterable.AddFault(new() { Mode = FaultMode.Status, Status = 500, Every = 5, Calls = -1 });
        var sending = shop.Segment.SendAsync(traffic.Bodies(100), shop.Cancellation);
        var (delivered, failed) = (0, 0);
        await shop.UntilAsync(async () =>
        {
            var report = await shop.ReplayAsync();
            (delivered, failed) = (delivered + report.Delivered, failed + report.Failed);
            return (await shop.DeadLettersAsync()).Count == 0;
        });
        await sending;

        await shop.CheckAsync($"dead letters sent again, seed {seed}", $"; {delivered} replayed, {failed} replays failed");
        Assert.Equal(letters.Count, delivered);
        shop.AssertNoneRepeatedNeedlessly(app.Logs);
    }

    private BlobContainerClient Blobs => new(azurite.ConnectionString, "forward");

    private Shop NewShop(RunningApp app) => new(azurite.ConnectionString, app.Settings.Address, app.Sandbox, output);

    private async Task<RunningApp> StartAsync(bool clear = true)
    {
        if (clear)
            await azurite.ClearAsync();
        return await RunningApp.StartAsync(azurite.ConnectionString, settings: Shop.NewSettings(), configure: services => Shop.BePatientWithQueues(services, azurite.ConnectionString), clock: TimeProvider.System);
    }
}
