using IterableFunctions.Iterable;
using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Storage;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Personas.Sync;

/// <summary>What the write of an evaluated document leaves to be done.</summary>
/// <param name="Stored">The document as it was written.</param>
/// <param name="Catalog">The definitions.</param>
/// <param name="Tellings">What Iterable is to be told, under the document's lease.</param>
/// <param name="Left">Definitions whose index of members the profile leaves.</param>
/// <param name="Attempts">How often in a row Iterable could not take what it was told.</param>
/// <param name="IsBulk">Whether it is told in bulk.</param>
/// <param name="IsPending">Whether there is something to be told that only another look may tell.</param>
public sealed record Untold(StoredProfile Stored, Catalog Catalog, IReadOnlyList<Telling> Tellings, IReadOnlyList<string> Left, int Attempts, bool IsBulk, bool IsPending)
{
    public bool IsNothing => Tellings.Count == 0 && Left.Count == 0;
}

/// <summary>
/// Writes evaluated documents. What somebody else must find stands in storage before: index rows, hours, a look in the queue. What is to be told stands in the document as an intent, with a lease on
/// sending it.
/// </summary>
public sealed class SyncWriter(ProfileTable profiles, MemberTable members, Calendar calendar, SyncQueue queue, IOptions<IterableOptions> options, TimeProvider time)
{
    /// <summary>How long one may send. Ended earlier by the acknowledgement.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(30);

    /// <summary>How late a look may be before another is asked for; more than what clocks differ by.</summary>
    private static readonly TimeSpan Lateness = TimeSpan.FromMinutes(1);

    /// <summary>What Iterable may take to work off bulk calls and single ones, which have queues of their own there: between the two lies this much time.</summary>
    private static readonly TimeSpan BulkDistance = TimeSpan.FromMinutes(10);

    /// <summary>What clocks may differ by.</summary>
    public static readonly TimeSpan Skew = TimeSpan.FromSeconds(5);

    private readonly ProjectType _project = options.Value.ProjectType;

    /// <summary>Writes a document with the messages that were folded into it.</summary>
    /// <param name="before">The document as it was read.</param>
    /// <param name="evaluated">The document to write.</param>
    /// <param name="messages">Each once; none at a look.</param>
    /// <param name="cancellation">Ends the wait, not the write.</param>
    public Task<(CommitResult Result, Untold? Untold)> FoldAsync(StoredProfile before, Evaluated evaluated, IReadOnlyList<ProfileMessage> messages, CancellationToken cancellation)
        => WriteAsync(before, evaluated, messages, look: null, cancellation);

    /// <summary>Writes a document that was looked at, if that has changed anything.</summary>
    /// <param name="before">The document as it was read.</param>
    /// <param name="evaluated">The document to write.</param>
    /// <param name="look">The look.</param>
    /// <param name="cancellation">Ends the wait, not the write.</param>
    public Task<(CommitResult Result, Untold? Untold)> LookAsync(StoredProfile before, Evaluated evaluated, Look look, CancellationToken cancellation)
        => WriteAsync(before, evaluated, [], look, cancellation);

    private async Task<(CommitResult Result, Untold? Untold)> WriteAsync(StoredProfile before, Evaluated evaluated, IReadOnlyList<ProfileMessage> messages, Look? look, CancellationToken cancellation)
    {
        var (profile, isLook, now) = (before.Profile, look is not null, time.GetUtcNow().UtcTicks);
        var plan = SyncPlan.Of(evaluated.Document, evaluated.Catalog, _project, now);
        // Of several looks that are queued the one that the document knows of tells. It is forgotten as soon as it may have been this one, or has nothing to do: nobody must rely on a look that has been.
        var queued = before.Document.QueuedLook;
        var mayTell = isLook && (look!.IsFull || queued <= now + Lateness.Ticks);
        var document = mayTell && (queued <= now + Lateness.Ticks || plan.Tellings.Count == 0) ? evaluated.Document with { QueuedLook = 0 } : evaluated.Document;
        IReadOnlyList<Telling> tellings = [];
        var isBulk = look is { MayBeBulk: true } && now - document.LastMessage > BulkDistance.Ticks;
        TimeSpan? ask = evaluated.IsIncomplete ? TimeSpan.Zero : null;
        if (document.Lease.IsHeldAt(now))
        {
            // Only who sends may write what is to be sent; afterwards somebody looks again, should that one not have seen it.
            if (plan.Tellings.Count > 0)
                ask = TimeSpan.FromTicks(document.Lease.Until - now) + Skew;
        }
        else if (!isBulk && now - document.BulkAt < BulkDistance.Ticks && plan.Tellings.Any(telling => document.Told.TryGetValue(telling.Key, out var told) && told.Number != telling.Told.Number))
        {
            // Another value than bulk may have brought. The same value again can do no harm.
            ask = TimeSpan.FromTicks(document.BulkAt - now) + BulkDistance;
        }
        else if (mayTell || queued <= now)
        {
            tellings = plan.Tellings;
            document = plan.Document with
            {
                QueuedLook = document.QueuedLook,
                Lease = tellings.Count == 0 ? default : new(Random.Shared.NextInt64(1, long.MaxValue), now + Lease.Ticks),
                BulkAt = isBulk && tellings.Count > 0 ? now : document.BulkAt,
            };
        }

        if (ask is { } wait && (document.QueuedLook <= now - Lateness.Ticks || document.QueuedLook > now + wait.Ticks + Lateness.Ticks))
        {
            await queue.AddAsync(new(profile, look?.Attempts ?? 0), wait, cancellation);
            document = document with { QueuedLook = now + wait.Ticks };
        }

        document = await calendar.ArmAsync(profile, document, evaluated.Needed, cancellation);
        // A row of the calendar that the document does not list may be one that a fold has just inserted: that fold must not take the row for standing when it is deleted.
        if (isLook && !look!.IsDue && (queued <= now - Lateness.Ticks ? document with { QueuedLook = queued } : document) == before.Document)
            return (CommitResult.Committed, new(before, evaluated.Catalog, [], evaluated.Left, 0, false, plan.Tellings.Count > 0));

        await JoinAsync(before, document, evaluated.Joined, cancellation);
        var (result, stored) = await profiles.CommitAsync(before, document, messages, cancellation);
        return (result, stored is null ? null : new(stored, evaluated.Catalog, tellings, evaluated.Left, look?.Attempts ?? 0, isBulk, plan.Tellings.Count > tellings.Count));
    }

    private async Task JoinAsync(StoredProfile before, ProfileDocument document, IReadOnlyList<string> joined, CancellationToken cancellation)
    {
        var isAddressable = Addressees.Exist(document, _project);
        var isNew = before.ETag is null || isAddressable != Addressees.Exist(before.Document, _project);
        string[] definitions = isNew ? [MemberTable.Everybody, .. document.Values.Keys.Concat(joined).Distinct()] : [.. joined];
        await Task.WhenAll(definitions.Select(definition => members.AddAsync(definition, before.Profile, isAddressable, cancellation)));
    }
}
