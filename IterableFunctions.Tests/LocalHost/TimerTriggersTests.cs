using System.Net;
using IterableFunctions.LocalHost;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace IterableFunctions.Tests.LocalHost;

public sealed class TimerTriggersTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private readonly Clock _clock = new(new DateTimeOffset(2026, 3, 1, 10, 30, 0, TimeSpan.Zero));
    private readonly Ledger _ledger = new();

    [Fact]
    public async Task A_timer_fires_by_its_schedule_on_the_app_s_clock()
    {
        await using var app = await StartAsync();
        await PassAsync(TimeSpan.FromMinutes(35));
        Assert.Equal("not past due, last never, next 2026-03-01 12:02:00Z", await _ledger.NextAsync());
        Assert.True(_ledger.IsEmpty);
    }

    [Fact]
    public async Task A_timer_is_run_now_when_asked()
    {
        await using var app = await StartAsync();
        Assert.Equal(HttpStatusCode.Accepted, (await app.Client.PostAsync("admin/functions/hourly", null)).StatusCode);
        Assert.Equal("not past due, last never, next 2026-03-01 11:02:00Z", await _ledger.NextAsync());
    }

    [Fact]
    public async Task A_timer_does_not_overlap_itself()
    {
        await using var app = await StartAsync(typeof(Slow));
        using var first = await app.Client.PostAsync("admin/functions/Slow", null);
        using var second = await app.Client.PostAsync("admin/functions/Slow", null);
        Assert.Equal("began", await _ledger.NextAsync());
        _clock.Advance(TimeSpan.FromHours(1));
        await Task.Delay(500);
        Assert.True(_ledger.IsEmpty);
        _ledger.Held.SetResult();
        Assert.Equal(["ended", "began", "ended"], [await _ledger.NextAsync(), await _ledger.NextAsync(), await _ledger.NextAsync()]);
    }

    [Fact]
    public async Task A_timer_that_failed_fires_again()
    {
        await using var app = await StartAsync(typeof(Failing));
        await app.Client.PostAsync("admin/functions/Failing", null);
        await app.Client.PostAsync("admin/functions/Failing", null);
        Assert.Equal(["fails", "fails"], [await _ledger.NextAsync(), await _ledger.NextAsync()]);
    }

    [Fact]
    public async Task Functions_are_listed_with_what_triggers_them()
    {
        await using var app = await StartAsync();
        Assert.Equal("""[{"name":"Hourly","type":"timerTrigger","schedule":"0 2 * * * *"}]""", await app.Client.GetStringAsync("admin/functions"));
    }

    [Fact]
    public async Task Only_timers_that_exist_can_be_run()
    {
        await using var app = await RunningApp.StartAsync(azurite.ConnectionString);
        Assert.Equal(HttpStatusCode.NotFound, (await app.Client.PostAsync("admin/functions/Nothing", null)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await app.Client.PostAsync("admin/functions/Health", null)).StatusCode);
    }

    [Theory]
    [InlineData("every hour", "The schedule of the function Hourly, 'every hour', is not an NCRONTAB expression.")]
    [InlineData(null, "The function Hourly asks for the setting Test:Schedule, which is not set.")]
    public async Task A_schedule_that_cannot_be_read_is_said_at_the_start(string? schedule, string sentence)
    {
        var refused = await Assert.ThrowsAsync<StartException>(() => StartAsync(typeof(Hourly), schedule));
        Assert.Equal(sentence, refused.Message);
    }

    private Task<RunningApp> StartAsync() => StartAsync(typeof(Hourly));

    private Task<RunningApp> StartAsync(Type functions, string? schedule = "0 2 * * * *") => RunningApp.StartAsync(
        azurite.ConnectionString,
        [functions],
        new Dictionary<string, string?> { ["Test__Schedule"] = schedule },
        services => services.AddSingleton(_ledger),
        _clock);

    /// <summary>Lets the clock run rather than jump, and each minute not before the timer waits for it.</summary>
    private async Task PassAsync(TimeSpan time)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        for (var (passed, waits) = (TimeSpan.Zero, 0); passed < time; passed += TimeSpan.FromMinutes(1))
        {
            while (_clock.Waits == waits)
                await Task.Delay(5, limit.Token);
            waits = _clock.Waits;
            _clock.Advance(TimeSpan.FromMinutes(1));
        }
    }

    /// <summary>Knows how often somebody has begun to wait for it.</summary>
    private sealed class Clock(DateTimeOffset start) : FakeTimeProvider(start)
    {
        private int _waits;

        public int Waits => Volatile.Read(ref _waits);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            Interlocked.Increment(ref _waits);
            return timer;
        }
    }

    private sealed class Hourly(Ledger ledger)
    {
        [Function("Hourly")]
        public void Run([TimerTrigger("%Test:Schedule%")] TimerInfo timer)
        {
            var last = timer.ScheduleStatus!.Last == default ? "never" : $"{timer.ScheduleStatus.Last:u}";
            ledger.Note($"{(timer.IsPastDue ? "" : "not ")}past due, last {last}, next {timer.ScheduleStatus.Next:u}");
        }
    }

    private sealed class Slow(Ledger ledger)
    {
        [Function("Slow")]
        public async Task RunAsync([TimerTrigger("0 0 0 1 1 *")] TimerInfo timer)
        {
            ledger.Note(timer.IsPastDue ? "late" : "began");
            await ledger.HoldAsync();
            ledger.Note("ended");
        }
    }

    private sealed class Failing(Ledger ledger)
    {
        [Function("Failing")]
        public void Run([TimerTrigger("0 0 0 1 1 *")] TimerInfo timer)
        {
            ledger.Note("fails");
            throw new InvalidOperationException($"{timer}");
        }
    }
}
