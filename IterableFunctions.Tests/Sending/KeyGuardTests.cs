using Azure.Core;
using Azure.Core.Pipeline;
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
    public async Task Look_at_the_table_that_took_its_time_does_not_undo_what_was_claimed_meanwhile()
    {
        var slow = new SlowAnswers();
        var options = new TableClientOptions();
        options.AddPolicy(slow, HttpPipelinePosition.PerCall);
        var guard = Instance(options: options);
        await guard.RefusedAsync(IterableEndpoint.TrackEvent.Path, 401, default);
        Assert.NotNull(await EnterAsync(guard));
        await UntilAsync(() => Task.FromResult(slow.Looks == 1));

        // The look is answered with what the table held before the claim, and comes to its end behind it.
        _time.Advance(KeyGuard.Probing);
        var hold = slow.Hold();
        Assert.NotNull(guard.RefusedSince);
        await UntilAsync(() => Task.FromResult(slow.Holds));
        Assert.Null(await EnterAsync(guard));
        hold.SetResult();
        await UntilAsync(() => Task.FromResult(slow.Looks == 2));
        await Task.Delay(200);

        _time.Advance(KeyGuard.Probing);
        Assert.Null(await EnterAsync(guard));
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

    private KeyGuard Instance(string? key = null, TableClientOptions? options = null) => new(key ?? _key, "API key", "it", new(new TableServiceClient(azurite.ConnectionString, options), _storage), _time, NullLogger<KeyGuard>.Instance);

    private static async Task<TimeSpan?> EnterAsync(KeyGuard guard, IterableEndpoint? endpoint = null) => await guard.EnterAsync((endpoint ?? IterableEndpoint.TrackEvent).Path, default);

    /// <summary>Holds back the answer to a look at the table.</summary>
    private sealed class SlowAnswers : HttpPipelinePolicy
    {
        private TaskCompletionSource? _hold;
        private int _looks;

        /// <summary>Looks that have been answered.</summary>
        public int Looks => Volatile.Read(ref _looks);

        public bool Holds { get; private set; }

        public TaskCompletionSource Hold() => _hold = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            await ProcessNextAsync(message, pipeline);
            if (message.Request.Method != RequestMethod.Get)
                return;
            if (Interlocked.Exchange(ref _hold, null) is { } hold)
            {
                Holds = true;
                await hold.Task;
            }

            Interlocked.Increment(ref _looks);
        }

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => throw new NotSupportedException("The app does not block.");
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        while (!await holds())
            await Task.Delay(50, limit.Token);
    }
}
