using IterableFunctions.Personas.Profiles;
using IterableFunctions.Personas.Sync;
using IterableFunctions.Storage;

namespace IterableFunctions.Personas.Recording;

/// <summary>
/// Finds out whose a message is, claims its new ids, and folds it. Index rows are inserted first; the document, written under the ETag at which it was read, makes the claim
/// good. A claim that was not made good is fenced off by whoever needs the id: the document that could still make it good is rewritten, so that its claimant fails and looks again.
/// </summary>
public sealed class ProfileWriter(IdentityTable identities, ProfileTable profiles, Evaluator evaluator, SyncWriter writer, RecordQueue queue, ProfileCache cache, TimeProvider time)
{
    /// <summary>How long other writers may be in the way.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Folds what it can of some messages into the profile of the first, in one transaction; returns the rest. Each message's <see cref="Waiting.Done"/> says what became of it.
    /// </summary>
    internal async Task<IReadOnlyList<Waiting>> FoldAsync(IReadOnlyList<Waiting> waiting)
    {
        try
        {
            return await FoldFirstAsync(waiting, CancellationToken.None);
        }
        catch (Exception e)
        {
            foreach (var failed in waiting)
                failed.Done.TrySetException(e);
            return [];
        }
    }

    private async Task<IReadOnlyList<Waiting>> FoldFirstAsync(IReadOnlyList<Waiting> waiting, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        var largest = int.MaxValue;
        for (var attempt = 0; attempt == 0 || time.GetElapsedTime(started) < Patience; attempt++)
        {
            if (attempt > 0)
                await Task.Delay(Random.Shared.Next(1, 10 * Math.Min(attempt, 5)), cancellation);
            if (await TargetAsync(waiting[0].Message, cancellation) is not { } target)
                continue;

            var covered = Covered(waiting, target.Document, largest);
            List<ProfileMessage> messages = [.. covered.Select(one => one.Message).DistinctBy(message => message.MessageId)];
            var folded = ProfileFold.Fold(target.Document, messages);
            var evaluated = await evaluator.FoldAsync(target.Before, folded, messages, cancellation);
            var (result, untold) = await writer.FoldAsync(target.Before, evaluated, messages, cancellation);
            switch (result)
            {
                case CommitResult.Committed:
                    Settle(covered, untold!.Stored, target.Before.Document, again: false, untold);
                    return [.. waiting.Except(covered)];
                case CommitResult.TooLarge when messages.Count > 1:
                    largest = messages.Count / 2;
                    break;
                case CommitResult.TooLarge:
                    throw new InvalidOperationException("A message is larger than a transaction.");
                case CommitResult.Exists when target.Before.ETag is not null && await SeenAsync(target.Before.Profile, covered, cancellation) is { Count: > 0 } seen:
                    Settle(seen, target.Before, target.Before.Document, again: true, untold: null);
                    return [.. waiting.Except(seen)];
                default:
                    cache.Forget(target.Before.Profile);
                    break;
            }
        }

        foreach (var one in waiting)
            one.Done.TrySetResult(null);
        return [];
    }

    /// <summary>The first message, and those behind it that bring nothing that the document would have to take on first.</summary>
    private static List<Waiting> Covered(IReadOnlyList<Waiting> waiting, ProfileDocument document, int largest)
        => [.. waiting.Where((one, index) => index == 0 || one.Message.Ids.All(document.Covers)).Take(largest)];

    /// <summary>What is to be told falls to the first of the messages: it is told once.</summary>
    private void Settle(List<Waiting> settled, StoredProfile stored, ProfileDocument before, bool again, Untold? untold)
    {
        var messages = new Dictionary<string, DateTime>();
        foreach (var (index, one) in settled.Index())
        {
            cache.Keep(one.Message.Ids[0], stored);
            var isFirst = messages.TryAdd(one.Message.MessageId, one.Message.Timestamp);
            one.Done.TrySetResult(new(stored.Profile, stored.Document, again || !isFirst, index == 0 && untold is { IsNothing: false } ? untold : null)
            {
                Timestamp = one.Seen ?? messages[one.Message.MessageId],
                Before = before,
            });
        }
    }

    private async Task<List<Waiting>> SeenAsync(string profile, List<Waiting> covered, CancellationToken cancellation)
    {
        await Task.WhenAll(covered.Select(async one => one.Seen = await profiles.FindSeenAsync(profile, one.Message.MessageId, cancellation) is { } ticks ? new(ticks, DateTimeKind.Utc) : null));
        return [.. covered.Where(one => one.Seen is not null)];
    }

    /// <summary>The document that a message is to be folded into, with its new ids claimed and listed. Null where another was faster: look again.</summary>
    private async Task<Target?> TargetAsync(ProfileMessage message, CancellationToken cancellation)
    {
        if (cache.Find(message.Ids[0]) is { } cached && message.Ids.All(cached.Document.Covers))
            return new(cached, cached.Document);

        // The id of the highest priority first: if its profile lists the others, they need no look.
        var recognition = new Recognition(identities, profiles, cancellation);
        var first = await recognition.FindAsync(message.Ids[0]);
        if (first.Holder is { } holder && message.Ids.All(holder.Document.Covers))
            return new(holder, holder.Document);
        var findings = (await Task.WhenAll(message.Ids.Skip(1)
            .Select(id => first.Holder?.Document.Covers(id) == true ? Task.FromResult(first with { Id = id }) : recognition.FindAsync(id))))
            .Prepend(first).ToDictionary(finding => finding.Id);

        var persons = findings.Values.Select(finding => finding.Holder).OfType<StoredProfile>().DistinctBy(stored => stored.Profile)
            .ToDictionary(stored => stored.Profile, stored => new Person(stored.Profile, stored.Document));
        var resolution = IdentityResolution.Resolve(message.Ids, id => findings[id].Holder is { } stored ? persons[stored.Profile] : null);

        Finding[] kept = [.. resolution.Ids.Select(id => findings[id])];
        var before = resolution.Survivor is { } survivor
            ? kept.Select(finding => finding.Holder).First(stored => stored?.Profile == survivor.Profile)!
            : new(NewProfileFor(kept), new() { Created = message.Arrived.Ticks }, null);

        Finding[] unheld = [.. kept.Where(finding => finding.Holder is null)];
        if ((await Task.WhenAll(unheld.Select(finding => ClaimAsync(finding, before.Profile, cancellation)))).Contains(false))
            return null;

        var document = ProfileFold.Attach(before.Document, unheld.Select(finding => finding.Id), message);
        foreach (var loser in resolution.Losers)
        {
            // In the queue before it is in the document, so that nothing that is listed is ever left undone.
            await queue.AddAsync(new() { Merge = new(before.Profile, loser.Profile) }, TimeSpan.Zero, cancellation);
            document = ProfileMerge.List(document, loser);
        }

        return new(before, document);
    }

    /// <summary>A profile that somebody has claimed an id for and not written yet is as good as a new one: of two that write it only one can.</summary>
    private static string NewProfileFor(Finding[] kept) => kept.FirstOrDefault(finding => finding.IsUnborn)?.Row!.Profile ?? Guid.NewGuid().ToString("N");

    /// <summary>Lets an id's index row lead to a profile. False where another was faster.</summary>
    private async Task<bool> ClaimAsync(Finding finding, string profile, CancellationToken cancellation)
    {
        if (finding.Row is not { } row)
            return await identities.AddAsync(finding.Id, profile, cancellation);
        if (row.Profile == profile || finding.Live?.Profile == profile)
            return true;

        if (finding.IsUnborn && await profiles.CommitAsync(new(row.Profile, ProfileDocument.Tombstone, null), ProfileDocument.Tombstone, [], cancellation) is not { Result: CommitResult.Committed })
            return false;
        if (finding.Live is { } live)
        {
            cache.Forget(live.Profile);
            if (await profiles.CommitAsync(live, live.Document, [], cancellation) is not { Result: CommitResult.Committed })
                return false;
        }

        return await identities.ReplaceAsync(row, profile, cancellation);
    }

    /// <param name="Before">The document as it was read.</param>
    /// <param name="Document">The same with what the message brings to who the person is.</param>
    private sealed record Target(StoredProfile Before, ProfileDocument Document);
}
