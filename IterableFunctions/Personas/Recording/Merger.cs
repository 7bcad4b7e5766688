using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Personas.Sync;
using IterableFunctions.Storage;

namespace IterableFunctions.Personas.Recording;

/// <summary>
/// Merges profiles that are one person: the survivor lists the loser, the loser is sealed, the survivor joins what it knew, takes its rows over, and strikes it off. Every step
/// is a write under the ETag at which was read, and any of them can be the last before the process dies: whoever does the work again goes on from there.
/// </summary>
public sealed class Merger(IdentityTable identities, ProfileTable profiles, ProfileIndex index, Calendar calendar, SyncQueue looks, TimeProvider time)
{
    /// <summary>Makes two profiles one, and finishes whatever else the survivor is absorbing.</summary>
    public async Task MergeAsync(SamePerson same, CancellationToken cancellation)
    {
        await SealAsync(same.One, same.Other, cancellation);
        string?[] ends = [await FinishAsync(same.One, cancellation), await FinishAsync(same.Other, cancellation)];
        // What was not evaluated meanwhile is evaluated now. A look that was asked for before could come too early.
        foreach (var profile in ends.OfType<string>().Distinct())
            await looks.AddAsync(new(profile), TimeSpan.Zero, cancellation);
    }

    /// <summary>Steps 1 and 2: one of two is sealed as a redirect to the other, which lists it. Nothing happens to two that are one, deleted, or too much for one.</summary>
    private async Task SealAsync(string one, string other, CancellationToken cancellation)
    {
        while (await LiveAsync(one, cancellation) is { } first && await LiveAsync(other, cancellation) is { } second && first.Profile != second.Profile)
        {
            // The loser is read before the survivor: so of two that merge the same profiles in opposite directions, which what they read may tell them to, one is refused.
            var tentative = IdentityResolution.Survivor(PersonOf(first), PersonOf(second)).Profile;
            var (losing, surviving) = tentative == first.Profile ? (second.Profile, first.Profile) : (first.Profile, second.Profile);
            if (await profiles.FindAsync(losing, cancellation) is not { Document.Kind: ProfileKind.Live } loser
                || await profiles.FindAsync(surviving, cancellation) is not { Document.Kind: ProfileKind.Live } survivor
                || IdentityResolution.Survivor(PersonOf(loser), PersonOf(survivor)).Profile != surviving)
            {
                continue;
            }

            // One of them may have taken ids on since.
            if (!IdentityResolution.IsWithinLimits(survivor.Document.AllIds.Concat(loser.Document.AllIds)))
            {
                if (await StrikeAsync(survivor, losing, cancellation) && await StrikeAsync(loser, surviving, cancellation))
                    return;
                continue;
            }

            var listed = survivor.Document.Merging.FirstOrDefault(absorption => absorption.Profile == losing);
            if (listed is null || !listed.Ids.ToHashSet().SetEquals(loser.Document.AllIds))
                await profiles.CommitAsync(survivor, ProfileMerge.List(survivor.Document, PersonOf(loser)), [], cancellation);
            else if (await profiles.CommitAsync(loser, ProfileMerge.Seal(loser.Document, surviving), [], cancellation) is { Result: CommitResult.Committed })
                return;
        }
    }

    /// <summary>Step 3, for every profile that this one lists. Returns the profile that is left.</summary>
    private async Task<string?> FinishAsync(string profile, CancellationToken cancellation)
    {
        StoredProfile? end;
        while ((end = await LiveAsync(profile, cancellation)) is { Document.Merging: [var absorption, ..] } survivor)
        {
            var loser = await profiles.FindAsync(absorption.Profile, cancellation);
            if (loser is not { Document.Kind: ProfileKind.Redirect })
            {
                if (loser is { Document.Kind: ProfileKind.Live })
                    await SealAsync(survivor.Profile, loser.Profile, cancellation);
                else
                    await StrikeAsync(survivor, absorption.Profile, cancellation);
            }
            else if ((await LiveAsync(loser.Profile, cancellation))?.Profile != survivor.Profile)
            {
                // Another has taken it over, which lists it itself.
                await StrikeAsync(survivor, loser.Profile, cancellation);
            }
            else if (!absorption.Joined)
            {
                var joined = ProfileMerge.Join(survivor.Document, PersonOf(loser), survivor.Profile);
                await index.JoinAsync(survivor, joined, cancellation);
                await profiles.CommitAsync(survivor, joined, [], cancellation);
            }
            else if (await MoveRowsAsync(survivor, loser.Profile, cancellation))
            {
                await MoveIndexAsync(absorption, survivor.Profile, cancellation);
                await index.DeleteAsync(loser, cancellation);
                if (await profiles.CommitAsync(loser, ProfileMerge.Strip(loser.Document), [], cancellation) is { Result: CommitResult.Committed }
                    && await LiveAsync(survivor.Profile, cancellation) is { } done)
                {
                    await StrikeAsync(done, loser.Profile, cancellation);
                }
            }
        }

        return end?.Profile;
    }

    /// <summary>Moves what was folded into the loser, message by message with its event; a message that the survivor has seen is not moved. False where the survivor has changed.</summary>
    private async Task<bool> MoveRowsAsync(StoredProfile survivor, string loser, CancellationToken cancellation)
    {
        var into = survivor;
        await foreach (var page in profiles.FoldedPagesAsync(loser, cancellation))
        {
            var (result, stored) = await profiles.CopyAsync(into, page, cancellation);
            if (result is CommitResult.Exists or CommitResult.TooLarge)
            {
                foreach (var row in page)
                {
                    (result, stored) = await profiles.CopyAsync(into, [row], cancellation);
                    if (result == CommitResult.Stale)
                        return false;
                    into = stored ?? into;
                }
            }
            else if (result == CommitResult.Stale)
            {
                return false;
            }

            into = stored ?? into;
            await profiles.DeleteAsync(page, cancellation);
        }

        return true;
    }

    /// <summary>Lets the index lead to the survivor straight. Until then the redirect does.</summary>
    private async Task MoveIndexAsync(Absorption absorption, string survivor, CancellationToken cancellation)
    {
        foreach (var id in absorption.Ids)
        {
            if (await identities.FindAsync(id, cancellation) is { } row && row.Profile == absorption.Profile)
                await identities.ReplaceAsync(row, survivor, cancellation);
        }
    }

    /// <summary>Ends it, and arms the next full hour anew: looks at hours that came meanwhile have evaluated nothing, and their rows are gone.</summary>
    private async Task<bool> StrikeAsync(StoredProfile survivor, string loser, CancellationToken cancellation)
    {
        if (!survivor.Document.Merging.Any(absorption => absorption.Profile == loser))
            return true;
        var next = Calendar.NextLooks(time.GetUtcNow().UtcTicks);
        var struck = ProfileMerge.Strike(survivor.Document, loser);
        struck = await calendar.ArmAsync(survivor.Profile, struck with { Due = [.. struck.Due.Where(hour => hour > next)] }, next, cancellation);
        return await profiles.CommitAsync(survivor, struck, [], cancellation) is { Result: CommitResult.Committed };
    }

    /// <summary>The living profile that an id stands for, over redirects; null where it was deleted.</summary>
    private async Task<StoredProfile?> LiveAsync(string profile, CancellationToken cancellation)
        => await profiles.FindEndAsync(profile, cancellation) is { Document.Kind: ProfileKind.Live } live ? live : null;

    private static Person PersonOf(StoredProfile stored) => new(stored.Profile, stored.Document);
}
