using Azure.Data.Tables;
using IterableFunctions.Iterable;
using IterableFunctions.Sending;
using IterableFunctions.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace IterableFunctions.Tests.Sending;

public sealed class KeyGuardTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private readonly FakeTimeProvider _time = new(new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero));
    private readonly string _key = $"key-{Guid.NewGuid():N}";

    [Fact]
    public async Task Key_that_is_not_refused_holds_nothing_back() => Assert.Null(await EnterAsync(Instance()));

    [Fact]
    public async Task Refused_key_holds_calls_back_in_every_instance()
    {
        var (one, other) = (Instance(), Instance());
        await one.RefusedAsync(IterableEndpoint.TrackEvent.Path, 401, default);

        Assert.Equal(TimeSpan.FromSeconds(30), await EnterAsync(one));
        Assert.Equal(TimeSpan.FromSeconds(30), await EnterAsync(one, IterableEndpoint.UpdateUser));
        await UntilAsync(async () => await EnterAsync(other) == TimeSpan.FromSeconds(30));
        Assert.Equal(_time.GetUtcNow(), other.RefusedSince);
    }

    [Fact]
    public async Task One_call_of_all_instances_in_thirty_seconds_finds_out()
    {
        var (one, other) = (Instance(), Instance());
        await one.RefusedAsync(IterableEndpoint.TrackEvent.Path, 401, default);
        await UntilAsync(async () => await EnterAsync(other) is not null);
        for (var round = 0; round < 3; round++)
        {
            _time.Advance(TimeSpan.FromSeconds(30));
            var entered = await Task.WhenAll(Enumerable.Range(0, 20).Select(call => EnterAsync(call % 2 == 0 ? one : other)));
            Assert.Single(entered, wait => wait is null);
        }
    }

    [Fact]
    public async Task Key_that_is_taken_again_holds_nothing_back_in_any_instance()
    {
        var (one, other) = (Instance(), Instance());
        await one.RefusedAsync(IterableEndpoint.TrackEvent.Path, 401, default);
        await UntilAsync(async () => await EnterAsync(other) is not null);

        await one.AcceptedAsync(IterableEndpoint.UpdateUser.Path, default);

        Assert.Null(await EnterAsync(one));
        _time.Advance(TimeSpan.FromSeconds(10));
        await UntilAsync(async () => await EnterAsync(other) is null);
        Assert.Null(other.RefusedSince);
    }

    [Fact]
    public async Task Endpoint_that_the_key_does_not_permit_holds_back_no_other()
    {
        var guard = Instance();
        await guard.RefusedAsync(IterableEndpoint.TrackPurchase.Path, 403, default);
        await guard.AcceptedAsync(IterableEndpoint.TrackEvent.Path, default);

        Assert.NotNull(await EnterAsync(guard, IterableEndpoint.TrackPurchase));
        Assert.Null(await EnterAsync(guard, IterableEndpoint.TrackEvent));
    }

    [Fact]
    public async Task Another_key_is_not_held_back()
    {
        await Instance().RefusedAsync(IterableEndpoint.TrackEvent.Path, 401, default);
        var mended = Instance(_key + "2");
        await EnterAsync(mended);
        await Task.Delay(200);
        Assert.Null(await EnterAsync(mended));
    }

    [Theory]
    [InlineData(1, 30)]
    [InlineData(20, 300)]
    [InlineData(6000, 900)]
    public async Task Wait_grows_with_the_time_that_the_key_is_refused(int minutes, int seconds)
    {
        var guard = Instance();
        await guard.RefusedAsync(IterableEndpoint.TrackEvent.Path, 401, default);
        _time.Advance(TimeSpan.FromMinutes(minutes));
        Assert.Null(await EnterAsync(guard));
        Assert.Equal(TimeSpan.FromSeconds(seconds), await EnterAsync(guard));
    }

    [Fact]
    public async Task Without_storage_an_instance_decides_by_what_it_has_seen()
    {
        var options = new TableClientOptions();
        options.Retry.MaxRetries = 0;
        var nowhere = new TableServiceClient("DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;TableEndpoint=http://127.0.0.1:1/a;", options);
        var guard = new KeyGuard(_key, "API key", "it", new(nowhere, _storage), _time, NullLogger<KeyGuard>.Instance);

        await guard.RefusedAsync(IterableEndpoint.TrackEvent.Path, 401, default);
        Assert.NotNull(await EnterAsync(guard));
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Null(await EnterAsync(guard));
        await guard.AcceptedAsync(IterableEndpoint.TrackEvent.Path, default);
        Assert.Null(await EnterAsync(guard));
    }

    private static readonly IOptions<StorageOptions> _storage = Options.Create(new StorageOptions());

    private KeyGuard Instance(string? key = null) => new(key ?? _key, "API key", "it", new(new TableServiceClient(azurite.ConnectionString), _storage), _time, NullLogger<KeyGuard>.Instance);

    private static async Task<TimeSpan?> EnterAsync(KeyGuard guard, IterableEndpoint? endpoint = null) => await guard.EnterAsync((endpoint ?? IterableEndpoint.TrackEvent).Path, default);

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!await holds())
            await Task.Delay(50, limit.Token);
    }
}
