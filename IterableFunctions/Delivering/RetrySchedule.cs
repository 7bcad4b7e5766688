namespace IterableFunctions.Delivering;

/// <summary>When a call that could not be delivered is tried again.</summary>
public static class RetrySchedule
{
    /// <summary>How far a wait strays, so that what failed together does not come back together.</summary>
    private const double Jitter = 0.2;

    /// <summary>The wait after an attempt: doubled with each, from the first to the longest that the settings name.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="attempts">Attempts so far; none for a call that was not sent yet.</param>
    /// <param name="named">The wait that an answer named; never undercut, but exceeded by up to a fifth, unless it is longer than the longest: what answers like that may be something else than Iterable.</param>
    /// <param name="random">From 0 to 1.</param>
    public static TimeSpan After(DeliveringOptions options, int attempts, TimeSpan? named, double random)
    {
        var longest = options.LongestRetry;
        var wait = After(options.FirstRetry, longest, attempts, random);
        var asked = (named ?? default) < longest ? named ?? default : longest;
        return asked > wait ? asked * (1 + (Jitter * random)) : wait;
    }

    /// <summary>The wait after an attempt: doubled with each, and straying by a fifth.</summary>
    /// <param name="first">After the first attempt.</param>
    /// <param name="longest">After many.</param>
    /// <param name="attempts">Attempts so far.</param>
    /// <param name="random">From 0 to 1.</param>
    public static TimeSpan After(TimeSpan first, TimeSpan longest, int attempts, double random)
        => TimeSpan.FromSeconds(Math.Min(first.TotalSeconds * Math.Pow(2, Math.Max(attempts - 1, 0)), longest.TotalSeconds)) * (1 - Jitter + (2 * Jitter * random));
}
