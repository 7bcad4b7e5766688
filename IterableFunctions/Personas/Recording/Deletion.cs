using IterableFunctions.Iterable;
using IterableFunctions.Iterable.Limits;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Sending;
using IterableFunctions.Storage;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Personas.Recording;

/// <summary>
/// Deletes a person: a tombstone first, in the document's place, which keeps every fold and merge out; then all rows, the index, dead letters. What the tombstone still
/// has to know for that it forgets at last. Messages that come later make a new profile.
/// </summary>
public sealed class Deletion(
    IdentityTable identities, ProfileTable profiles, ProfileIndex index, ProfileCache cache, DeadLetterTable deadLetters, RecordQueue queue, IterableClient iterable, IOptions<IterableOptions> options)
{
    private readonly IterableOptions _iterable = options.Value;

    /// <summary>Deletes the person with an id. When it returns the person is gone for everyone who asks; the rows go soon after.</summary>
    /// <returns>False where nobody has this id.</returns>
    public async Task<bool> DeleteAsync(ExternalId id, CancellationToken cancellation)
    {
        while ((await new Recognition(identities, profiles, cancellation).FindAsync(id)).Holder is { } holder)
        {
            // In the queue first: a tombstone whose rows nobody deletes would be half a deletion.
            await queue.AddAsync(new() { Delete = holder.Profile }, TimeSpan.Zero, cancellation);
            if (await BuryAsync(holder, cancellation))
                return true;
        }

        return false;
    }

    /// <summary>Deletes what belongs to a profile. Can be done again at any time.</summary>
    public async Task FinishAsync(string profile, CancellationToken cancellation)
    {
        var stored = await profiles.FindAsync(profile, cancellation);
        if (stored is { Document: { Kind: ProfileKind.Redirect } document })
            await FinishAsync(document.RedirectTo!, cancellation);
        if (stored is not { Document.Kind: ProfileKind.Live or ProfileKind.Tombstone })
            return;
        if (stored.Document.Kind == ProfileKind.Live && !await BuryAsync(stored, cancellation))
        {
            await FinishAsync(profile, cancellation);
            return;
        }

        ExternalId[] ids = [.. stored.Document.AllIds];
        foreach (var absorption in stored.Document.Merging)
            await FinishAbsorbedAsync(absorption.Profile, profile, cancellation);
        await profiles.DeleteRowsAsync(profile, cancellation);
        await index.DeleteAsync(stored, cancellation);
        foreach (var id in ids)
        {
            if (await identities.FindAsync(id, cancellation) is { } row && (row.Profile == profile || stored.Document.Merging.Any(absorption => absorption.Profile == row.Profile)))
                await identities.DeleteAsync(row, cancellation);
        }

        await DeleteLettersAsync(ids, cancellation);
        if (_iterable.ForgetOnDelete)
            await ForgetAsync(ids, cancellation);
        if (await profiles.FindAsync(profile, cancellation) is { Document.Kind: ProfileKind.Tombstone } buried && buried.Document != ProfileDocument.Tombstone)
            await profiles.CommitAsync(buried, ProfileDocument.Tombstone, [], cancellation);
    }

    /// <summary>One that was being absorbed is the same person, wherever the merge stood.</summary>
    private async Task FinishAbsorbedAsync(string profile, string into, CancellationToken cancellation)
    {
        if (await profiles.FindAsync(profile, cancellation) is not { } stored)
            return;
        if (stored.Document.Kind != ProfileKind.Redirect)
        {
            await FinishAsync(profile, cancellation);
            return;
        }

        var end = stored;
        while (end is { Document: { Kind: ProfileKind.Redirect } redirect })
            end = await profiles.FindAsync(redirect.RedirectTo!, cancellation);
        if (end?.Profile != into)
            return;
        await profiles.DeleteRowsAsync(profile, cancellation);
        await index.DeleteAsync(stored, cancellation);
        if (stored.Document.Ids.Length > 0)
            await profiles.CommitAsync(stored, ProfileMerge.Strip(stored.Document), [], cancellation);
    }

    private async Task<bool> BuryAsync(StoredProfile stored, CancellationToken cancellation)
    {
        cache.Forget(stored.Profile);
        var tombstone = ProfileDocument.Tombstone with { Ids = stored.Document.Ids, Merging = stored.Document.Merging, Values = stored.Document.Values, Due = stored.Document.Due };
        return await profiles.CommitAsync(stored, tombstone, [], cancellation) is { Result: CommitResult.Committed };
    }

    private async Task DeleteLettersAsync(ExternalId[] ids, CancellationToken cancellation)
    {
        await foreach (var letter in deadLetters.QueryAsync(new(), after: null, cancellation))
        {
            if ((letter.Call.UserId is { } userId && ids.Contains(ExternalId.UserId(userId))) || (letter.Call.Email is { } email && ids.Contains(ExternalId.Email(email))))
                await deadLetters.DeleteAsync(letter.Id, cancellation);
        }
    }

    /// <summary>Iterable forgets by email in email-based projects, by userId in userId-based ones, by either in hybrid ones, where a user may have one of them only.</summary>
    private async Task ForgetAsync(ExternalId[] ids, CancellationToken cancellation)
    {
        foreach (var id in ids.Where(id => id.Type == ExternalId.EmailType ? _iterable.ProjectType != ProjectType.UserId : id.Type == ExternalId.UserIdType && _iterable.ProjectType != ProjectType.Email))
        {
            // A refusal is Iterable not knowing the user.
            if (await iterable.SendAsync(UserCalls.Forget(id.Type == ExternalId.EmailType ? null : id.Value, id.Type == ExternalId.EmailType ? id.Value : null), Urgency.Background, JsonPost.Timeout, cancellation)
                is not (Delivery.Delivered or Delivery.Refused))
            {
                throw new InvalidOperationException("Iterable cannot forget the user now.");
            }
        }
    }
}
