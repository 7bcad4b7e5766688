namespace IterableFunctions.Delivering;

/// <summary>When a call that could not be delivered is tried again.</summary>
public static class RetrySchedule
{
    /// <summary>The wait after the first attempt; it doubles with each.</summary>
    public static readonly TimeSpan First = TimeSpan.FromSeconds(5);

    /// <summary>The longest wait.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <summary>How far a wait strays, so that what failed together does not come back together.</summary>
    private const double Jitter = 0.2;

    /// <summary>The wait after an attempt.</summary>
    /// <param name="attempts">Attempts so far; none for a call that was not sent yet.</param>
    /// <param name="named">The wait that an answer named; never undercut, but exceeded by up to a fifth, unless it is longer than <see cref="Longest"/>: what answers like that may be something else than Iterable.</param>
    /// <param name="random">From 0 to 1.</param>
    public static TimeSpan After(int attempts, TimeSpan? named, double random)
    {
        var doubled = First * Math.Pow(2, Math.Clamp(attempts - 1, 0, 30));
        var wait = (doubled < Longest ? doubled : Longest) * (1 - Jitter + (2 * Jitter * random));
        var asked = (named ?? default) < Longest ? named ?? default : Longest;
        return asked > wait ? asked * (1 + (Jitter * random)) : wait;
    }
}
