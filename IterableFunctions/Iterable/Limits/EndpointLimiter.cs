using System.Threading.RateLimiting;

namespace IterableFunctions.Iterable.Limits;

/// <summary>Who waits for a call.</summary>
public enum Urgency
{
    /// <summary>A message that has just arrived.</summary>
    Live,

    /// <summary>Retries, replays and syncs: at most half of the rate while live calls need the rest.</summary>
    Background,
}

/// <summary>Holds calls of one endpoint to the rate of this instance.</summary>
/// <remarks>
/// A bucket's rate is fixed, so it is the price of a call that changes: at half the rate a call costs twice as much. A full bucket is one second's worth of calls.
/// </remarks>
public sealed class EndpointLimiter : IDisposable
{
    /// <summary>What a call costs at the full rate: fine enough for rates in between.</summary>
    private const int FullRatePrice = 100;

    /// <summary>A live call waits no longer than this for its turn; then it waits in the queue.</summary>
    private static readonly TimeSpan LongestLiveWait = TimeSpan.FromSeconds(1);

    /// <summary>Live calls that had to wait need the rate for this long.</summary>
    private static readonly TimeSpan Need = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Refill = TimeSpan.FromMilliseconds(50);

    private readonly TimeProvider _time;
    private readonly double _limit;
    private readonly int _capacity;
    private readonly TokenBucketRateLimiter _all;
    private readonly TokenBucketRateLimiter _background;
    private long _neededAt;

    /// <param name="limit">Calls a second that Iterable takes.</param>
    /// <param name="time">For pauses.</param>
    public EndpointLimiter(int limit, TimeProvider time)
    {
        _time = time;
        _limit = limit;
        _capacity = limit * FullRatePrice;
        Rate = new(limit, time);
        _all = Bucket(_capacity);
        _background = Bucket(_capacity, share: 2);
        // A bucket starts full; nothing has been saved up yet that live calls would have to wait for.
        _background.AttemptAcquire(_capacity);
    }

    public AdaptiveRate Rate { get; }

    /// <summary>Waits for the right to make a call.</summary>
    /// <param name="urgency">Who asks.</param>
    /// <param name="within">The longest wait.</param>
    /// <param name="cancellation">Ends the wait with <see cref="OperationCanceledException"/>.</param>
    /// <returns>Null when the call may be made; else how long it should wait elsewhere, zero where that is not known.</returns>
    public async ValueTask<TimeSpan?> EnterAsync(Urgency urgency, TimeSpan within, CancellationToken cancellation)
    {
        if (urgency == Urgency.Live && within > LongestLiveWait)
            within = LongestLiveWait;
        var started = _time.GetTimestamp();
        if (Rate.PauseLeft is { Ticks: > 0 } pause)
        {
            if (pause >= within)
                return pause;
            await Task.Delay(pause, _time, cancellation);
        }

        var price = Price;
        if (urgency == Urgency.Live)
        {
            if (_all.AttemptAcquire(price).IsAcquired)
                return null;
            Volatile.Write(ref _neededAt, _time.GetTimestamp());
        }

        using var limit = new CancellationTokenSource(within - _time.GetElapsedTime(started) is { Ticks: > 0 } left ? left : TimeSpan.Zero, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            if (urgency == Urgency.Background && IsNeeded && !(await _background.AcquireAsync(price, both.Token)).IsAcquired)
                return TimeSpan.Zero;
            return (await _all.AcquireAsync(price, both.Token)).IsAcquired ? null : TimeSpan.Zero;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return TimeSpan.Zero;
        }
    }

    public void Dispose()
    {
        _all.Dispose();
        _background.Dispose();
    }

    private int Price => (int)Math.Clamp(FullRatePrice * (_limit / Rate.Current), FullRatePrice, _capacity);

    private bool IsNeeded => Volatile.Read(ref _neededAt) is not 0 and var at && _time.GetElapsedTime(at) < Need;

    private static TokenBucketRateLimiter Bucket(int capacity, int share = 1) => new(new()
    {
        TokenLimit = capacity,
        TokensPerPeriod = Math.Max(1, (int)(capacity / share * Refill.TotalSeconds)),
        ReplenishmentPeriod = Refill,
        QueueLimit = capacity * 10,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });
}
