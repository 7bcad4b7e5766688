using System.Collections.Immutable;
using Azure;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Sync;
using IterableFunctions.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Personas.Runs;

/// <summary>The looks of a run: several at a time, and counted. One profile that cannot be looked at keeps nobody else waiting.</summary>
public sealed partial class RunLooks(Looker looker, DueTable due, IOptions<PersonasOptions> options, TimeProvider time, ILogger<RunLooks> logger)
{
    /// <summary>Looks at the same time, for one part of a run; in bulk each waits for others to send with.</summary>
    private const int Concurrency = 16, BulkConcurrency = 500;

    /// <summary>A power of two: hours.</summary>
    private const int LongestDelay = 5;

    /// <summary>Looks at profiles, at all their definitions.</summary>
    /// <param name="profiles">Each once, with how often in a row it could not be looked at.</param>
    /// <param name="isBackfill">Whether it is a backfill that looks.</param>
    /// <param name="resend">A definition whose members are told again; null for none.</param>
    /// <param name="cancellation">The host ends.</param>
    /// <returns>What was done, and the wait that Iterable asks for where it could not take a call, and whether anybody else has still to be told: they have a look in the queue. Who could not be looked at is counted as failed.</returns>
    /// <exception cref="RequestFailedException">Storage fails.</exception>
    public async Task<(RunCounts Counts, TimeSpan? Wait, bool IsPending)> LookAsync(IEnumerable<(string Profile, int Attempts)> profiles, bool isBackfill, string? resend, CancellationToken cancellation)
    {
        var mayBeBulk = options.Value.Bulk is BulkUse.Always || (options.Value.Bulk is BulkUse.FirstSync && isBackfill);
        var (gate, counts, wait, isPending) = (new Lock(), RunCounts.None, default(TimeSpan?), false);
        using var meter = StorageMeter.Begin();
        await Parallel.ForEachAsync(profiles, new ParallelOptions { MaxDegreeOfParallelism = mayBeBulk ? BulkConcurrency : Concurrency, CancellationToken = cancellation }, async (one, cancelled) =>
        {
            var look = await LookAsync(new(one.Profile) { IsFull = true, IsDue = !isBackfill, MayBeBulk = mayBeBulk, Resend = resend }, one.Attempts, cancelled);
            lock (gate)
            {
                counts = counts.Add(look is null ? RunCounts.None with { Failed = 1 } : CountsOf(look));
                isPending |= look is { IsPending: true };
                if (look?.Told.Wait is { } asked && asked > (wait ?? TimeSpan.MinValue))
                    wait = asked;
            }
        });
        return (counts with { Transactions = meter.Transactions }, wait, isPending);
    }

    /// <summary>Null for one that cannot be looked at; it is due again after one hour, two, four, …</summary>
    private async Task<LookReport?> LookAsync(Look look, int attempts, CancellationToken cancellation)
    {
        try
        {
            return await looker.LookAsync(look, cancellation);
        }
        catch (Exception e) when (e is not (RequestFailedException or OperationCanceledException or AggregateException))
        {
            Log.Failed(logger, look.Profile, e.GetType().Name);
            await due.AddAsync(look.Profile, Hour.Containing(time.GetUtcNow()) + (1 << Math.Min(attempts, LongestDelay)), attempts + 1, cancellation);
            return null;
        }
    }

    private static RunCounts CountsOf(LookReport look) => new()
    {
        Looked = 1,
        Calls = look.Told.Calls,
        Definitions = look.Joined.Select(key => (Key: key, Counts: new DefinitionCounts(1, 0, 0)))
            .Concat(look.Left.Select(key => (Key: key, Counts: new DefinitionCounts(0, 1, 0))))
            .Concat(look.Told.Refused.Select(key => (Key: key, Counts: new DefinitionCounts(0, 0, 1))))
            .GroupBy(change => change.Key)
            .ToImmutableSortedDictionary(changes => changes.Key, changes => changes.Aggregate(DefinitionCounts.None, (all, change) => all.Add(change.Counts))),
    };

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Profile {Profile} could not be looked at: {Failure}. It is due again later")]
        public static partial void Failed(ILogger logger, string profile, string failure);
    }
}
