using IterableFunctions.Storage;

namespace IterableFunctions.Personas.Runs;

/// <summary>Shows runs.</summary>
public sealed class RunDirectory(RunTable runs, TimeProvider time)
{
    private const int PageSize = 50;

    /// <summary>The newest runs, without how far their parts are.</summary>
    public async Task<RunPage> ListAsync(string? after, CancellationToken cancellation)
    {
        var found = await runs.ListAsync(after, PageSize, cancellation);
        return new([.. found.Select(run => RunReport.Of(run, [], time.GetUtcNow().UtcDateTime))], found.Count == PageSize ? found[^1].Id : null);
    }

    /// <summary>A run with what it has done; null where there is none.</summary>
    public async Task<RunReport?> FindAsync(string id, CancellationToken cancellation)
        => await runs.FindAsync(id, cancellation) is { } run ? RunReport.Of(run, await runs.ProgressAsync(id, cancellation), time.GetUtcNow().UtcDateTime) : null;
}

/// <param name="Runs">Newest first.</param>
/// <param name="Next">Give it as <c>after</c> to go on; null when there are no more.</param>
public sealed record RunPage(IReadOnlyList<RunReport> Runs, string? Next);

/// <summary>What a run has done so far.</summary>
/// <param name="Id">Sorts newest first.</param>
/// <param name="Kind"><c>hour</c> or <c>backfill</c>.</param>
/// <param name="Definition">Of a backfill: the definition that all profiles are brought up to.</param>
/// <param name="Started">UTC.</param>
/// <param name="Finished">UTC; null while it goes on. With a progress below 1 it was given up: its definition was deleted, disabled or changed.</param>
/// <param name="Progress">From 0 to 1. Of a backfill by how much of the ids' range lies behind it, which is even, as ids are random; of an hour by its parts that are done.</param>
/// <param name="Total">Profiles in all, estimated from that; null where nothing can be said yet.</param>
/// <param name="Rate">Profiles a second, on average.</param>
/// <param name="Ends">When it will have ended at that rate, UTC.</param>
/// <param name="Counts">What was done; null in lists.</param>
public sealed record RunReport(string Id, string Kind, string? Definition, DateTime Started, DateTime? Finished, double? Progress, long? Total, double? Rate, DateTime? Ends, RunCounts? Counts)
{
    /// <param name="run">The run.</param>
    /// <param name="parts">How far its parts are; none where that is not asked for.</param>
    /// <param name="now">UTC.</param>
    public static RunReport Of(Run run, IReadOnlyList<StoredProgress> parts, DateTime now)
    {
        var report = new RunReport(run.Id, run.Definition is null ? "hour" : "backfill", run.Definition, run.Started, run.Finished, run.IsDone ? 1 : null, null, null, null, null);
        if (parts.Count == 0)
            return report;
        var counts = parts.Aggregate(RunCounts.None, (all, part) => all.Add(part.Progress.Counts));
        var progress = run.IsDone || run.Shards == 0 ? 1
            : parts.Sum(part => part.Progress.IsDone ? 1 : run.Definition is null ? 0 : part.Shard.PartThrough(part.Progress.After)) / run.Shards;
        var seconds = ((run.Finished ?? now) - run.Started).TotalSeconds;
        return report with
        {
            Counts = counts,
            Progress = Math.Round(progress, 4),
            Total = run.IsDone ? counts.Looked : progress > 0 && run.Definition is not null ? (long)(counts.Looked / progress) : null,
            Rate = seconds > 0 ? Math.Round(counts.Looked / seconds, 1) : null,
            Ends = run.Finished is null && progress > 0 ? run.Started.AddSeconds(seconds / progress) : null,
        };
    }
}
