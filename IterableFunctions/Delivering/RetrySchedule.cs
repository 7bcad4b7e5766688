namespace IterableFunctions.Delivering;

/// <summary>When a call that could not be delivered is tried again.</summary>
public static class RetrySchedule
{
    /// <summary>How far a wait strays, so that what failed together does not come back together.</summary>
    private const double Jitter = 0.2;

    /// <summary>The wait after an attempt: doubled with each, from the first to the longest that the settings name.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="attempts">Attempts so far, 1 or more.</param>
    /// <param name="named">The wait that an answer named; never undercut.</param>
    /// <param name="random">From 0 to 1.</param>
    public static TimeSpan After(DeliveringOptions options, int attempts, TimeSpan? named, double random)
    {
        var seconds = Math.Min(options.FirstRetry.TotalSeconds * Math.Pow(2, attempts - 1), options.LongestRetry.TotalSeconds);
        var wait = TimeSpan.FromSeconds(seconds) * (1 - Jitter + (2 * Jitter * random));
        return named is { } asked && asked > wait ? asked : wait;
    }
}
