using IterableFunctions.Iterable.Limits;

namespace IterableFunctions.Tests.Iterable.Limits;

/// <summary>On the real clock, which the buckets go by: what is asserted is counts, never how fast something was.</summary>
public class EndpointLimiterTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Call_that_cannot_be_made_in_time_waits_elsewhere()
    {
        // A second after the first call there may be another: where the machine stands still for as long, this one is right to be made, and tells nothing.
        for (var isTold = false; !isTold;)
        {
            using var limiter = new EndpointLimiter(4, TimeProvider.System);
            var started = TimeProvider.System.GetTimestamp();
            Assert.Null(await limiter.EnterAsync(Urgency.Live, TimeSpan.FromSeconds(1), default));
            var wait = await limiter.EnterAsync(Urgency.Live, TimeSpan.Zero, default);
            if (isTold = TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(0.9))
                Assert.Equal(TimeSpan.Zero, wait);
        }
    }

    [Fact]
    public async Task Pause_that_is_longer_than_there_is_time_is_named()
    {
        using var limiter = new EndpointLimiter(100, TimeProvider.System);
        limiter.Rate.Refused(TimeProvider.System.GetTimestamp(), TimeSpan.FromSeconds(60));
        Assert.InRange((await limiter.EnterAsync(Urgency.Live, TimeSpan.FromSeconds(3), default))!.Value.TotalSeconds, 30, 60);
    }

    [Fact]
    public async Task Pause_that_is_short_is_waited_for()
    {
        using var limiter = new EndpointLimiter(100, TimeProvider.System);
        limiter.Rate.Refused(TimeProvider.System.GetTimestamp(), TimeSpan.FromMilliseconds(500));
        Assert.Null(await limiter.EnterAsync(Urgency.Background, Patience, default));
        // Timers go by a clock of few ticks, and may end one early.
        Assert.InRange(limiter.Rate.PauseLeft.TotalMilliseconds, 0, 50);
    }

    [Fact]
    public async Task Calls_are_no_more_than_a_full_bucket_and_the_rate()
    {
        using var limiter = new EndpointLimiter(40, TimeProvider.System);
        var started = TimeProvider.System.GetTimestamp();
        for (var call = 0; call < 30; call++)
            Assert.Null(await limiter.EnterAsync(Urgency.Background, Patience, default));
        // The rate is ten calls a second: ten out of the bucket, the others one by one.
        Assert.True(TimeProvider.System.GetElapsedTime(started) > TimeSpan.FromSeconds(1.5));
    }

    [Fact]
    public async Task Background_takes_no_more_than_half_while_live_calls_wait()
    {
        // Twenty calls a second, as many of them saved up at most.
        const int Rate = 20;
        using var limiter = new EndpointLimiter(4 * Rate, TimeProvider.System);
        var started = TimeProvider.System.GetTimestamp();
        // What was saved up before any live call waited is not what they wait for.
        while (await limiter.EnterAsync(Urgency.Live, TimeSpan.Zero, default) is null)
            continue;
        using var stop = new CancellationTokenSource();
        // Nine times as many as live ones, who would have nine tenths if all were alike.
        var background = Task.WhenAll(Enumerable.Range(0, 36).Select(_ => CountAsync(Urgency.Background)));
        var live = Task.WhenAll(Enumerable.Range(0, 4).Select(_ => CountAsync(Urgency.Live)));
        stop.CancelAfter(TimeSpan.FromSeconds(5));
        var (lively, patient) = ((await live).Sum(), (await background).Sum());
        var seconds = TimeProvider.System.GetElapsedTime(started).TotalSeconds;
        // Where the machine stands still, a bucket's worth is saved up for them too.
        Assert.True(lively > 0 && patient > 0 && patient <= (Rate / 2.0 * seconds) + Rate, $"{lively} live calls, {patient} in the background, in {seconds} s");

        async Task<int> CountAsync(Urgency urgency)
        {
            for (var count = 0; ;)
            {
                try
                {
                    if (await limiter.EnterAsync(urgency, Patience, stop.Token) is null)
                        count++;
                }
                catch (OperationCanceledException)
                {
                    return count;
                }

                if (stop.IsCancellationRequested)
                    return count;
            }
        }
    }

    [Fact]
    public async Task Caller_who_gives_up_is_told_by_cancellation()
    {
        using var limiter = new EndpointLimiter(4, TimeProvider.System);
        await limiter.EnterAsync(Urgency.Live, Patience, default);
        using var gone = new CancellationTokenSource();
        var waiting = limiter.EnterAsync(Urgency.Background, Patience, gone.Token).AsTask();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }
}
