using IterableFunctions.Delivering;
using IterableFunctions.Iterable;
using IterableFunctions.Iterable.Limits;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Personas.Recording;
using IterableFunctions.Sending;
using IterableFunctions.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Personas.Sync;

/// <summary>
/// Tells Iterable what a document's intents say, and writes down what it answered. Nothing is sent without a committed intent, nor with so little of the lease left that the call could outlive it.
/// What could not be told in time, or not at all, stands in the queue <c>sync</c> before the lease ends.
/// </summary>
public sealed partial class Teller(
    IterableClient iterable, BulkSender bulk, ProfileTable profiles, MemberTable members, SyncQueue queue, ProfileCache cache, TellMetrics metrics, IOptions<IterableOptions> options, IOptions<DeliveringOptions> retries, TimeProvider time, ILogger<Teller> logger)
{
    /// <summary>Calls at the same time, for one profile.</summary>
    private const int Concurrency = 16;

    /// <summary>Characters of Iterable's answer that are kept.</summary>
    private const int LongestRefusal = 300;

    /// <summary>What a call and the clocks need of a lease.</summary>
    private static readonly TimeSpan LeaseShare = JsonPost.Timeout + SyncWriter.Skew;

    /// <summary>Time kept back to write down what was answered.</summary>
    private static readonly TimeSpan StorageShare = TimeSpan.FromMilliseconds(500);

    /// <summary>After this long a person may have been deleted elsewhere, so the document is read again before anything more is sent.</summary>
    private static readonly TimeSpan Trust = TimeSpan.FromSeconds(1);

    private readonly IterableOptions _iterable = options.Value;

    private long Now => time.GetUtcNow().UtcTicks;

    /// <summary>Does what the write of a document has left.</summary>
    /// <param name="untold">What that is.</param>
    /// <param name="urgency">Whose turn comes first.</param>
    /// <param name="within">The time that there is; what does not fit into it is queued.</param>
    /// <param name="cancellation">The host ends, or the sender has gone; intents stay.</param>
    public async Task<TellReport> TellAsync(Untold untold, Urgency urgency, TimeSpan within, CancellationToken cancellation)
    {
        var (started, stored, tellings) = (time.GetTimestamp(), untold.Stored, untold.Tellings);
        await Task.WhenAll(untold.Left.Select(key => members.DeleteAsync(key, stored.Profile, cancellation)));
        // Where something is told the acknowledgement sees who has written meanwhile.
        if (untold.Left.Count > 0 && tellings.Count == 0)
            await RejoinAsync(await profiles.FindEndAsync(stored.Profile, cancellation), untold.Left, cancellation);
        var (lease, report) = (stored.Document.Lease, TellReport.Nothing);
        while (tellings.Count > 0)
        {
            var (answers, calls, wait) = await SendAsync(stored, tellings, untold.IsBulk ? null : urgency, lease, within - StorageShare - time.GetElapsedTime(started), cancellation);
            var mayGoOn = wait is null && within - time.GetElapsedTime(started) > StorageShare;
            var attempts = wait is null ? 0 : untold.Attempts + 1;
            var queued = wait is { } named ? RetrySchedule.After(retries.Value, attempts, named, Random.Shared.NextDouble()) : TimeSpan.Zero;
            (stored, tellings, var isLeft) = await AcknowledgeAsync(stored, untold, answers, lease, mayGoOn, new(stored.Profile, attempts), queued, cancellation);
            report = new(report.Calls + calls, [.. report.Refused, .. answers.Where(answer => answer.Refusal is not null).Select(answer => answer.Key.Definition)], wait is null ? null : queued, isLeft);
            if (wait is not null)
                return report;
            lease = stored.Document.Lease;
        }

        return report;
    }

    /// <summary>Sends what there is time for; in bulk, with what others have to send, where no urgency is named.</summary>
    /// <returns>The answers, the calls it took, and the wait that Iterable asks for where it could not take one; zero where it asks for none.</returns>
    private async Task<(IReadOnlyCollection<Answer> Answers, int Calls, TimeSpan? Wait)> SendAsync(
        StoredProfile stored, IReadOnlyList<Telling> tellings, Urgency? urgency, SendingLease lease, TimeSpan within, CancellationToken cancellation)
    {
        var (started, answers) = (time.GetTimestamp(), new List<Answer>(tellings.Count));
        var (gate, made, wait) = (new Lock(), 0, default(TimeSpan?));
        var seen = lease.Until - SyncWriter.Lease.Ticks;
        await Parallel.ForEachAsync(tellings, new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellation }, async (telling, cancelled) =>
        {
            var (state, refusal) = (ToldState.Acknowledged, default(string));
            var calls = PersonasCalls.Of(telling, stored.Profile, _iterable is { ProjectType: ProjectType.Email, PreferUserId: true });
            var refused = 0;
            // Where there is nothing to call, nobody says otherwise.
            var oneWith = calls.Count == 0 && telling.To is { Email: not null, UserId: { } userId } ? Addressee.OfUserId(userId) : null;
            foreach (var call in calls)
            {
                var (left, leased) = (within - time.GetElapsedTime(started), TimeSpan.FromTicks(lease.Until - Now));
                // What cannot be taken now is not tried with every other value as well.
                if (wait is not null || left <= TimeSpan.Zero || leased < LeaseShare)
                {
                    state = ToldState.Unknown;
                    break;
                }

                var now = Now;
                if (now - Volatile.Read(ref seen) > Trust.Ticks)
                {
                    if (await profiles.FindEndAsync(stored.Profile, cancelled) is not { Document.Kind: ProfileKind.Live })
                    {
                        state = ToldState.Unknown;
                        break;
                    }

                    Volatile.Write(ref seen, now);
                }

                Interlocked.Increment(ref made);
                var (delivery, isAlone) = await CallAsync(call, urgency, Shorter(left, leased - SyncWriter.Skew), cancelled);
                switch (delivery)
                {
                    case Delivery.Delivered:
                        if (!isAlone && call is { UserId: { } named, Email: not null } && call.Endpoint == IterableEndpoint.UpdateUser)
                            oneWith = Addressee.OfUserId(named);
                        break;
                    case Delivery.Refused no:
                        refused++;
                        refusal = Refusal(call, no);
                        Log.Refused(logger, telling.Definition.Key, stored.Profile, no.Status, no.Code);
                        break;
                    case var failed:
                        state = ToldState.Unknown;
                        lock (gate)
                            wait = Longer(wait ?? TimeSpan.Zero, WaitOf(failed));
                        break;
                }
            }

            if (refused > 0 && refused == calls.Count)
                state = ToldState.Refused;
            var answer = new Answer(telling.Key, telling.Told.Number, state, refusal, oneWith);
            metrics.Told(answer);
            lock (gate)
                answers.Add(answer);
        });
        return (answers, made, wait);
    }

    /// <summary>One call; where userId and email turn out to be two users' (409), once more by the email alone.</summary>
    private async Task<(Delivery Delivery, bool IsAlone)> CallAsync(IterableRequest call, Urgency? urgency, TimeSpan within, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        var delivery = urgency is { } single ? await iterable.SendAsync(call, single, within, cancellation) : await bulk.SendAsync(call, within, cancellation);
        return delivery is Delivery.Refused { Status: 409 } && Readdressed.ByEmail(call) is { } readdressed
            ? (await iterable.SendAsync(readdressed, urgency ?? Urgency.Background, within - time.GetElapsedTime(started), cancellation), true)
            : (delivery, false);
    }

    /// <summary>
    /// Writes down what was answered, and compares once more: what has changed since is told next, under a new lease, or by a look that is queued.
    /// </summary>
    /// <returns>The document, what to tell next, and whether anything is left to a look that is queued.</returns>
    private async Task<(StoredProfile Stored, IReadOnlyList<Telling> Tellings, bool IsLeft)> AcknowledgeAsync(
        StoredProfile stored, Untold untold, IReadOnlyCollection<Answer> answers, SendingLease lease, bool mayGoOn, Look look, TimeSpan wait, CancellationToken cancellation)
    {
        for (var (current, queued) = (stored, false); ;)
        {
            if (current is not { Document.Kind: ProfileKind.Live })
                return (stored, [], queued);
            var now = Now;
            var inTime = current.Document.Lease.Id == lease.Id && current.Document.Lease.IsHeldAt(now);
            var document = Acknowledgement.Take(current.Document, answers, inTime, now);
            var plan = inTime ? SyncPlan.Of(document, untold.Catalog, _iterable.ProjectType, now) : new(document, []);
            IReadOnlyList<Telling> tellings = mayGoOn ? plan.Tellings : [];
            if (!inTime || (plan.Tellings.Count > 0 && !mayGoOn))
            {
                if (!queued)
                    await queue.AddAsync(look with { Profile = current.Profile }, wait, cancellation);
                (queued, document) = (true, document with { QueuedLook = now + wait.Ticks });
            }
            else if (plan.Tellings.Count == 0)
            {
                // Nothing is left for the look that somebody has asked for meanwhile; who has something to tell next need not wait for it.
                document = document with { QueuedLook = 0 };
            }

            if (inTime)
                document = (tellings.Count > 0 ? plan.Document : document) with { Lease = tellings.Count > 0 ? new(lease.Id, now + SyncWriter.Lease.Ticks) : default };
            if (document == current.Document)
                return (current, [], queued);
            var (result, written) = await profiles.CommitAsync(current, document, [], cancellation);
            if (result == CommitResult.Committed)
            {
                cache.Renew(written!);
                return (written!, tellings, queued);
            }

            cache.Forget(current.Profile);
            current = await profiles.FindEndAsync(current.Profile, cancellation);
            await RejoinAsync(current, untold.Left, cancellation);
        }
    }

    /// <summary>Adds to the index of members whom another has made members again, before the rows of their leaving were deleted.</summary>
    private async Task RejoinAsync(StoredProfile? stored, IReadOnlyList<string> left, CancellationToken cancellation)
    {
        if (stored is not { Document: { Kind: ProfileKind.Live } document })
            return;
        foreach (var key in left.Where(key => document.Values.TryGetValue(key, out var value) && !SyncPlan.IsEmpty(value.Json.Span)))
            await members.AddAsync(key, stored.Profile, Addressees.Exist(document, _iterable.ProjectType), cancellation);
    }

    /// <summary>For who looks the person up.</summary>
    private static string Refusal(IterableRequest call, Delivery.Refused refused)
    {
        var words = $"{call.Endpoint.Path}: {refused.Status} {refused.Code} {refused.Message}";
        return words.Length <= LongestRefusal ? words : words[..LongestRefusal];
    }

    private static TimeSpan WaitOf(Delivery delivery) => delivery switch
    {
        Delivery.RetryLater later => later.After ?? TimeSpan.Zero,
        Delivery.NotSent notSent => notSent.After,
        Delivery.KeyRefused => KeyGuard.Probing,
        _ => TimeSpan.Zero,
    };

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Iterable refused to be told of {Definition} for profile {Profile}: {Status} {Code}. It is not tried again until the value changes")]
        public static partial void Refused(ILogger logger, string definition, string profile, int status, string code);
    }
}
