namespace IterableFunctions.Iterable.Limits;

/// <summary>
/// The rate at which this instance may call an endpoint. Instances share a limit without talking to each other: each grows while its calls succeed and gives up half when it is refused, so whoever
/// has more gives up more, and they meet.
/// </summary>
/// <remarks>No clock of its own: times are timestamps of the <see cref="TimeProvider"/>.</remarks>
/// <param name="limit">Most calls a second.</param>
/// <param name="time">Measures how long ago something was.</param>
public sealed class AdaptiveRate(double limit, TimeProvider time)
{
    /// <summary>What an instance starts with: several may start at once.</summary>
    private const double StartingShare = 0.25;

    /// <summary>Never less, in calls a second.</summary>
    private const double Lowest = 1;

    /// <summary>Until it is refused for the first time, a rate doubles in this time: an instance that is alone is soon at the limit.</summary>
    private static readonly TimeSpan Doubling = TimeSpan.FromSeconds(5);

    /// <summary>After a refusal it takes this long from nothing to the limit, in even steps.</summary>
    private static readonly TimeSpan Recovery = TimeSpan.FromMinutes(1);

    /// <summary>Time without calls proves nothing: of a gap between two successes no more than this counts.</summary>
    private static readonly TimeSpan LongestGap = TimeSpan.FromSeconds(1);

    /// <summary>The pause after a refusal that names no time.</summary>
    private static readonly TimeSpan UnnamedPause = TimeSpan.FromSeconds(1);

    /// <summary>A pause that an answer names is taken up to this: what is refused in between waits in the queue anyway.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private double _current = Math.Min(limit, Math.Max(Lowest, limit * StartingShare));
    private bool _refused;
    private long _grownAt = time.GetTimestamp();
    private long _pausedFrom = long.MinValue;
    private long _pausedUntil = long.MinValue;

    /// <summary>Calls a second.</summary>
    public double Current => Volatile.Read(ref _current);

    /// <summary>How long no call is to be made; zero when it may.</summary>
    public TimeSpan PauseLeft
        => Volatile.Read(ref _pausedUntil) is var until && time.GetTimestamp() is var now && until > now ? time.GetElapsedTime(now, until) : TimeSpan.Zero;

    /// <summary>A call went through.</summary>
    public void Succeeded()
    {
        lock (_lock)
        {
            var gap = time.GetElapsedTime(_grownAt);
            _grownAt = time.GetTimestamp();
            if (gap > LongestGap)
                gap = LongestGap;
            var grown = _refused ? _current + (limit * (gap / Recovery)) : _current * Math.Pow(2, gap / Doubling);
            Volatile.Write(ref _current, Math.Min(limit, grown));
        }
    }

    /// <summary>A call was refused with 429.</summary>
    /// <param name="sent">When it was sent. Calls that were under way when a pause began say nothing about the rate after it.</param>
    /// <param name="named">The pause that the answer names.</param>
    public void Refused(long sent, TimeSpan? named)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            if (sent > _pausedFrom)
            {
                _refused = true;
                _pausedFrom = now;
                Volatile.Write(ref _current, Math.Max(Lowest, _current / 2));
            }

            var pause = named is not { } asked ? UnnamedPause : asked < LongestPause ? asked : LongestPause;
            Volatile.Write(ref _pausedUntil, Math.Max(_pausedUntil, now + (long)(pause.TotalSeconds * time.TimestampFrequency)));
            _grownAt = now;
        }
    }
}
