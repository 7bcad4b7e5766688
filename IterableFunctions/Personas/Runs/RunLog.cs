using Azure;
using Microsoft.Extensions.Logging;

namespace IterableFunctions.Personas.Runs;

/// <summary>Says once a minute how far each run is that this process works on.</summary>
public sealed partial class RunLog(RunDirectory runs, TimeProvider time, ILogger<RunLog> logger)
{
    private static readonly TimeSpan Often = TimeSpan.FromMinutes(1), Kept = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, long> _said = [];

    /// <summary>Says it, if it has not been said for a minute; of one that takes less than that nothing is said. Two transactions where it says something.</summary>
    /// <param name="run">The run's id.</param>
    /// <param name="cancellation">The host ends.</param>
    public async Task SayAsync(string run, CancellationToken cancellation)
    {
        if (!IsTime(run))
            return;
        try
        {
            if (await runs.FindAsync(run, cancellation) is { Counts: { } counts } report)
                Log.Progress(logger, run, counts.Looked, report.Progress ?? 0, report.Rate ?? 0, report.Ends, counts.Calls, counts.Failed);
        }
        catch (RequestFailedException)
        {
            // The next minute has another line.
        }
    }

    private bool IsTime(string run)
    {
        lock (_lock)
        {
            var now = time.GetTimestamp();
            if (!_said.TryGetValue(run, out var said))
            {
                foreach (var ended in _said.Where(one => time.GetElapsedTime(one.Value, now) > Kept).ToList())
                    _said.Remove(ended.Key);
                _said.Add(run, now);
                return false;
            }

            if (time.GetElapsedTime(said, now) < Often)
                return false;
            _said[run] = now;
            return true;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Run {Run}: {Looked} profiles looked at, {Progress:P0} done, {Rate} a second, until {Ends:u} at that rate; {Calls} calls to Iterable, {Failed} failed")]
        public static partial void Progress(ILogger logger, string run, long looked, double progress, double rate, DateTime? ends, long calls, long failed);
    }
}
