using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Storage;
using Microsoft.Extensions.Logging;

namespace IterableFunctions.Personas.Runs;

/// <summary>
/// Looks at the profiles that are due, those of hours that were missed as well, at the hour that it is now. Any number of executions can work on a shard: a row is deleted when its look is done, and a
/// look that was done already finds nothing to do.
/// </summary>
public sealed partial class HourWorker(Catalogs catalogs, DueTable due, RunTable runs, RecomputeQueue queue, BackfillWorker backfills, RunLooks looks, RunLog progress, RunMetrics metrics, TimeProvider time, ILogger<HourWorker> logger)
{
    /// <summary>Rows between two signs of life; what one transaction can delete.</summary>
    private const int PageSize = 100;

    /// <summary>How long one execution goes on before it passes the rest on.</summary>
    private static readonly TimeSpan Slice = TimeSpan.FromMinutes(4);

    /// <summary>After which a backfill without a sign of life is taken up again.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(15);

    /// <summary>For how long runs are shown: 90 days. Of those that are older so many go with each hour.</summary>
    private const int HoursKept = 90 * 24, MostForgotten = 20;

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <summary>Opens the run of this hour: puts every shard in which something is due into the queue. Opened again it takes up what is due again.</summary>
    public async Task OpenAsync(CancellationToken cancellation)
    {
        var hour = Hour.Containing(time.GetUtcNow());
        var id = RunIds.OfHour(hour);
        var found = await Task.WhenAll(Shard.All.Select(async shard => (Shard: shard, IsDue: (await due.FirstAsync(shard, hour, 1, cancellation)).Count > 0)));
        Shard[] shards = [.. found.Where(one => one.IsDue).Select(one => one.Shard)];
        var before = await runs.FindAsync(id, cancellation);
        var run = before ?? new() { Id = id, Started = Now };
        var parts = before is null ? shards.Length : await ReopenAsync(id, shards, cancellation);
        await runs.PutAsync(run with { Shards = parts, Finished = shards.Length == 0 ? run.Finished ?? Now : null }, cancellation);
        await Parallel.ForEachAsync(shards, cancellation, async (shard, cancelled) => await queue.AddAsync(new(id, Definition: null, shard.Number), TimeSpan.Zero, cancelled));
        Log.Opened(logger, id, shards.Length);
        if (shards.Length == 0)
            metrics.HourFinished();

        DefinitionRecord[] waiting = [.. (await catalogs.CurrentAsync(0, cancellation)).Records.Where(record => record.Run is not null)];
        foreach (var record in waiting)
            await backfills.ReviveAsync(record, Silence, cancellation);
        foreach (var old in await runs.ListAsync(RunIds.Before(hour + -HoursKept), MostForgotten, cancellation))
        {
            if (!waiting.Any(record => record.Run == old.Id))
                await runs.DeleteAsync(old.Id, cancellation);
        }
    }

    /// <summary>Goes on with a shard for as long as one execution may, and passes the rest on.</summary>
    public async Task ContinueAsync(RunWork work, CancellationToken cancellation)
    {
        var (started, shard) = (time.GetTimestamp(), new Shard(work.Shard!.Value));
        while (await due.FirstAsync(shard, Hour.Containing(time.GetUtcNow()), PageSize, cancellation) is { Count: > 0 } page)
        {
            var (counts, wait, _) = await looks.LookAsync(page.GroupBy(look => look.Profile).Select(rows => (rows.Key, rows.Max(row => row.Attempts))), isBackfill: false, resend: null, cancellation);
            await due.DeleteAsync(page, cancellation);
            await AdvanceAsync(work.Run, shard, counts, isDone: false, cancellation);
            await progress.SayAsync(work.Run, cancellation);
            if (wait is null && time.GetElapsedTime(started) < Slice)
                continue;
            await queue.AddAsync(work, wait ?? TimeSpan.Zero, cancellation);
            return;
        }

        await AdvanceAsync(work.Run, shard, RunCounts.None, isDone: true, cancellation);
        // Of parts that end at the same time one ends the run.
        if (await runs.FindStoredAsync(work.Run, cancellation) is { Run.Finished: null } stored
            && (await runs.ProgressAsync(work.Run, cancellation)).Count(part => part.Progress.IsDone) >= stored.Run.Shards
            && await runs.ReplaceAsync(stored, stored.Run with { Finished = Now }, cancellation))
        {
            Log.Finished(logger, work.Run);
            metrics.HourFinished();
        }
    }

    /// <summary>Says of parts that were done, and in which something is due again, that they are not.</summary>
    /// <returns>How many parts the run has then.</returns>
    private async Task<int> ReopenAsync(string run, Shard[] shards, CancellationToken cancellation)
    {
        var parts = await runs.ProgressAsync(run, cancellation);
        foreach (var part in parts.Where(part => part.Progress.IsDone && shards.Contains(part.Shard)))
            await AdvanceAsync(run, part.Shard, RunCounts.None, isDone: false, cancellation);
        return shards.Union(parts.Select(part => part.Shard)).Count();
    }

    private async Task AdvanceAsync(string run, Shard shard, RunCounts counts, bool isDone, CancellationToken cancellation)
    {
        StoredProgress? written = null;
        while (written is null)
        {
            var at = await runs.FindProgressAsync(run, shard, cancellation);
            written = await runs.AdvanceAsync(run, at, at.Progress with { Counts = at.Progress.Counts.Add(counts), IsDone = isDone, Sign = Now }, cancellation);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Hour {Run}: something is due in {Shards} of 64 shards")]
        public static partial void Opened(ILogger logger, string run, int shards);

        [LoggerMessage(2, LogLevel.Information, "Hour {Run} is done")]
        public static partial void Finished(ILogger logger, string run);
    }
}
