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

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <summary>Opens the run of this hour: puts every shard in which something is due into the queue. Opened again it takes up what is due again.</summary>
    public async Task OpenAsync(CancellationToken cancellation)
    {
        var hour = Hour.Containing(time.GetUtcNow());
        var id = RunIds.OfHour(hour);
        var found = await Task.WhenAll(Shard.All.Select(async shard => (Shard: shard, IsDue: (await due.FirstAsync(shard, hour, 1, cancellation)).Count > 0)));
        Shard[] shards = [.. found.Where(one => one.IsDue).Select(one => one.Shard)];
        var run = await runs.FindAsync(id, cancellation) ?? new() { Id = id, Started = Now };
        await runs.PutAsync(run with { Shards = shards.Length, Finished = shards.Length == 0 ? run.Finished ?? Now : null }, cancellation);
        await Parallel.ForEachAsync(shards, cancellation, async (shard, cancelled) => await queue.AddAsync(new(id, Definition: null, Now, shard.Number), TimeSpan.Zero, cancelled));
        Log.Opened(logger, id, shards.Length);
        if (shards.Length == 0)
            metrics.HourFinished();

        foreach (var record in (await catalogs.CurrentAsync(0, cancellation)).Records.Where(record => record.Run is not null))
            await backfills.ReviveAsync(record, Silence, cancellation);
    }

    /// <summary>Goes on with a shard for as long as one execution may, and passes the rest on.</summary>
    public async Task ContinueAsync(RunWork work, CancellationToken cancellation)
    {
        var (started, shard) = (time.GetTimestamp(), new Shard(work.Shard!.Value));
        while (await due.FirstAsync(shard, Hour.Containing(time.GetUtcNow()), PageSize, cancellation) is { Count: > 0 } page)
        {
            var (counts, wait, _) = await looks.LookAsync(page.GroupBy(look => look.Profile).Select(rows => (rows.Key, rows.Max(row => row.Attempts))), isBackfill: false, resend: null, cancellation);
            await due.DeleteAsync(page, cancellation);
            progress.Say(work.Run, shard, await AdvanceAsync(work.Run, shard, counts, isDone: false, cancellation));
            if (wait is null && time.GetElapsedTime(started) < Slice)
                continue;
            await queue.AddAsync(work, wait ?? TimeSpan.Zero, cancellation);
            return;
        }

        await AdvanceAsync(work.Run, shard, RunCounts.None, isDone: true, cancellation);
        // Of parts that end at the same time one ends the run.
        if (await runs.FindStoredAsync(work.Run, cancellation) is { Run.Finished: null } stored
            && (await runs.ProgressAsync(work.Run, cancellation)).Count(part => part.Progress.IsDone) >= stored.Run.Shards
            && await runs.FinishAsync(stored, Now, cancellation))
        {
            Log.Finished(logger, work.Run);
            metrics.HourFinished();
        }
    }

    private async Task<ShardProgress> AdvanceAsync(string run, Shard shard, RunCounts counts, bool isDone, CancellationToken cancellation)
    {
        StoredProgress? written = null;
        while (written is null)
        {
            var at = await runs.FindProgressAsync(run, shard, cancellation);
            written = await runs.AdvanceAsync(run, at, at.Progress with { Counts = at.Progress.Counts.Add(counts), IsDone = isDone, Sign = Now }, cancellation);
        }

        return written.Progress;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Hour {Run}: something is due in {Shards} of 64 shards")]
        public static partial void Opened(ILogger logger, string run, int shards);

        [LoggerMessage(2, LogLevel.Information, "Hour {Run} is done")]
        public static partial void Finished(ILogger logger, string run);
    }
}
