using System.Runtime.CompilerServices;
using IterableFunctions.Delivering;
using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Sync;
using IterableFunctions.Storage;
using Microsoft.Extensions.Logging;

namespace IterableFunctions.Personas.Runs;

/// <summary>
/// Brings every profile up to a definition, shard by shard, each shard in the order of its profiles. Where it is stands in the table <c>Runs</c>; any message of the queue goes on from there, and
/// of two that do, one is stopped by the other's progress.
/// </summary>
public sealed partial class BackfillWorker(
    Catalogs catalogs, DefinitionTable definitions, MemberTable members, RunTable runs, RecomputeQueue queue, RunLooks looks, RunLog progress, TimeProvider time, ILogger<BackfillWorker> logger)
{
    /// <summary>Profiles between two signs of life; and at the beginning of an execution, where Iterable may be down: who was looked at then has to be told one by one.</summary>
    private const int PageSize = 500, FirstPageSize = 8;

    /// <summary>How often a part tries again to look at whom it could not.</summary>
    private const int MostTries = 3;

    /// <summary>How long one execution goes on. Shorter than that of an hour: the parts of an hour wait behind it.</summary>
    private static readonly TimeSpan Slice = TimeSpan.FromSeconds(30);

    /// <summary>How long saving a definition may take, from when its run was asked for.</summary>
    private static readonly TimeSpan Saving = TimeSpan.FromMinutes(2);

    /// <summary>How long something rests that is not yet as it should be.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(10);

    /// <summary>How long a part rests that leaves an hour the way, and for how much of each hour it does.</summary>
    private static readonly TimeSpan Aside = TimeSpan.FromSeconds(15), HoursShare = TimeSpan.FromMinutes(30);

    /// <summary>How long a part rests while Iterable takes nothing. Shorter than what is taken for silence.</summary>
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(5), LongestPause = TimeSpan.FromMinutes(5);

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <summary>Puts all parts of a run into the queue; nothing where no definition waits for it any more.</summary>
    public async Task BeginAsync(RunWork work, CancellationToken cancellation)
    {
        if ((await catalogs.ReloadAsync(cancellation)).Catalog[work.Definition!]?.Run != work.Run)
        {
            // It may be about to be saved.
            if (Now - RunIds.AskedFor(work.Run) < Saving)
                await queue.AddAsync(work, Again, cancellation);
            return;
        }

        if (await runs.FindAsync(work.Run, cancellation) is null)
            await runs.PutAsync(new() { Id = work.Run, Definition = work.Definition, Started = Now, Shards = Shard.Count }, cancellation);
        await Parallel.ForEachAsync(Shard.All, cancellation, async (shard, cancelled) => await queue.AddAsync(work with { Shard = shard.Number }, TimeSpan.Zero, cancelled));
        Log.Begun(logger, work.Run);
    }

    /// <summary>Goes on with a part for as long as one execution may, and passes the rest on.</summary>
    public async Task ContinueAsync(RunWork work, CancellationToken cancellation)
    {
        var (started, shard) = (time.GetTimestamp(), new Shard(work.Shard!.Value));
        var catalog = await catalogs.CurrentAsync(0, cancellation);
        if (catalog[work.Definition!]?.Run != work.Run && (await catalogs.ReloadAsync(cancellation)).Catalog[work.Definition!]?.Run != work.Run)
        {
            await EndAsync(work.Run, isGivenUp: true, cancellation);
            return;
        }

        if (await IsHourFirstAsync(cancellation))
        {
            await queue.AddAsync(work, Aside, cancellation);
            return;
        }

        var at = await runs.FindProgressAsync(work.Run, shard, cancellation);
        if (!at.Progress.IsDone)
        {
            await foreach (var page in PagesAsync(shard, at.Progress.After, cancellation))
            {
                catalog = await catalogs.CurrentAsync(0, cancellation);
                if (catalog[work.Definition!] is not { } record || record.Run != work.Run)
                {
                    await EndAsync(work.Run, isGivenUp: true, cancellation);
                    return;
                }

                var (counts, wait, isPending) = await looks.LookAsync([.. page.Where(member => catalog.IncludesAnonymousUsers || member.IsAddressable).Select(member => (member.Profile, 0))], isBackfill: true, RunIds.Resends(work.Run) ? work.Definition : null, cancellation);
                // A definition goes only when everybody has been told that they left; but somebody who cannot be looked at keeps it for a while only.
                if (record.Retiring && (isPending || wait is not null || (counts.Failed > 0 && work.Waits < MostTries)))
                {
                    if (await runs.AdvanceAsync(work.Run, at, at.Progress with { Sign = Now }, cancellation) is not null)
                        await WaitAsync(work, wait ?? TimeSpan.Zero, cancellation);
                    return;
                }

                if (await runs.AdvanceAsync(work.Run, at, at.Progress with { After = page[^1].Profile, Sign = Now, Counts = at.Progress.Counts.Add(counts) }, cancellation) is not { } advanced)
                    return;
                at = advanced;
                await progress.SayAsync(work.Run, cancellation);
                if (wait is null && time.GetElapsedTime(started) < Slice)
                    continue;
                if (wait is { } asked)
                    await WaitAsync(work, asked, cancellation);
                else
                    await queue.AddAsync(work with { Waits = 0 }, TimeSpan.Zero, cancellation);
                return;
            }

            if (await runs.AdvanceAsync(work.Run, at, at.Progress with { IsDone = true, Sign = Now }, cancellation) is null)
                return;
        }

        if ((await runs.ProgressAsync(work.Run, cancellation)).Count(part => part.Progress.IsDone) == Shard.Count)
            await FinishAsync(work, cancellation);
    }

    /// <summary>Takes up the parts of a run that have given no sign of life for a while; they are done again from where they were.</summary>
    /// <param name="record">A definition that waits for its run.</param>
    /// <param name="silence">How long is long.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    public async Task ReviveAsync(DefinitionRecord record, TimeSpan silence, CancellationToken cancellation)
    {
        var work = new RunWork(record.Run!, record.Key);
        if (await runs.FindAsync(record.Run!, cancellation) is not { } run)
        {
            if (Now - RunIds.AskedFor(work.Run) > silence)
                await queue.AddAsync(work, TimeSpan.Zero, cancellation);
            return;
        }

        var parts = (await runs.ProgressAsync(run.Id, cancellation)).ToDictionary(part => part.Shard, part => part.Progress);
        Shard[] silent = [.. Shard.All.Where(shard => parts.TryGetValue(shard, out var part) ? Now - part.Sign > silence && !part.IsDone : Now - run.Started > silence)];
        // All done, and died before it could say so: any part says it again.
        if (silent.Length == 0 && parts.Count == Shard.Count && parts.Values.All(part => part.IsDone && Now - part.Sign > silence))
            silent = [new(0)];
        foreach (var shard in silent)
            await queue.AddAsync(work with { Shard = shard.Number }, TimeSpan.Zero, cancellation);
        if (silent.Length > 0)
            Log.Revived(logger, run.Id, silent.Length);
    }

    /// <summary>Whether an hour is looked at now: it goes first, but for no longer than half of the time.</summary>
    private async Task<bool> IsHourFirstAsync(CancellationToken cancellation)
    {
        var hour = Hour.Containing(time.GetUtcNow());
        return Now - hour.Start < HoursShare && await runs.FindAsync(RunIds.OfHour(hour), cancellation) is { Finished: null };
    }

    /// <summary>Puts a part back, to wait twice as long each time, so that an outage makes few wait.</summary>
    private Task WaitAsync(RunWork work, TimeSpan asked, CancellationToken cancellation)
    {
        var pause = RetrySchedule.After(FirstPause, LongestPause, work.Waits + 1, Random.Shared.NextDouble());
        return queue.AddAsync(work with { Waits = work.Waits + 1 }, asked > pause ? asked : pause, cancellation);
    }

    /// <summary>Ends a run: one that is done, or one that nobody waits for any more.</summary>
    private async Task EndAsync(string run, bool isGivenUp, CancellationToken cancellation)
    {
        if (await runs.FindStoredAsync(run, cancellation) is { Run.Finished: null } stored)
            await runs.ReplaceAsync(stored, stored.Run with { Finished = Now, IsGivenUp = isGivenUp }, cancellation);
    }

    private async IAsyncEnumerable<IReadOnlyList<Member>> PagesAsync(Shard shard, string? after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var behind = after;
        await foreach (var page in members.PagesAsync(MemberTable.Everybody, shard, after, FirstPageSize, cancellation))
        {
            behind = page[^1].Profile;
            yield return page;
            break;
        }

        if (behind == after)
            yield break;
        await foreach (var page in members.PagesAsync(MemberTable.Everybody, shard, behind, PageSize, cancellation))
            yield return page;
    }

    private async Task FinishAsync(RunWork work, CancellationToken cancellation)
    {
        await EndAsync(work.Run, isGivenUp: false, cancellation);
        StoredCatalog? written = null;
        while (written is null)
        {
            var stored = await catalogs.ReloadAsync(cancellation);
            if (stored.Catalog[work.Definition!] is not { } record || record.Run != work.Run)
                return;
            var next = record.Retiring ? stored.Catalog.Without(record.Key) : stored.Catalog.With(record with { Run = null, Synced = Now });
            written = await definitions.ReplaceAsync(stored, next, record.Key, cancellation);
        }

        Log.Finished(logger, work.Run);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Run {Run} has begun")]
        public static partial void Begun(ILogger logger, string run);

        [LoggerMessage(2, LogLevel.Information, "Run {Run} has ended")]
        public static partial void Finished(ILogger logger, string run);

        [LoggerMessage(3, LogLevel.Warning, "Run {Run} is taken up again in {Parts} parts that gave no sign of life")]
        public static partial void Revived(ILogger logger, string run, int parts);
    }
}
