using Azure;
using Azure.Identity;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Runs;
using IterableFunctions.Storage;

namespace IterableFunctions.Readiness;

/// <summary>Whether the hourly run keeps up: it begins two minutes past each hour. An app that has never had one is not late.</summary>
public sealed class HourCheck(RunTable runs, TimeProvider time) : IReadinessCheck
{
    /// <summary>How far into an hour its run must have begun, and the one before it ended.</summary>
    private static readonly TimeSpan Lateness = TimeSpan.FromMinutes(15);

    /// <summary>Backfills stand among the hours.</summary>
    private const int Newest = 50;

    public async Task<string?> ReasonAsync(CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var hour = Hour.Containing(now);
        if (now - hour.Start < Lateness)
            return null;
        try
        {
            var newest = await runs.ListAsync(after: null, Newest, cancellation);
            Run[] hours = [.. newest.Where(run => run.Definition is null)];
            if (hours.Length > 0 && hours[0].Id != RunIds.OfHour(hour))
                return $"The hourly run of {hour.Start:u} has not begun; the last one began {hours[0].Started:u}.";
            return hours.FirstOrDefault(run => run.Id != RunIds.OfHour(hour)) is { Finished: null } late ? $"The hourly run that began {late.Started:u} has not ended." : null;
        }
        catch (Exception e) when (e is RequestFailedException or AggregateException or AuthenticationFailedException)
        {
            // StorageCheck says so.
            return null;
        }
    }
}
