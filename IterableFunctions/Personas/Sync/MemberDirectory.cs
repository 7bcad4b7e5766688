using System.Text;
using System.Text.Json;
using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Storage;

namespace IterableFunctions.Personas.Sync;

/// <summary>Shows who is in an audience, page by page in the order of profiles. The index may list somebody who has left; the profile says so, and the index is mended on sight.</summary>
public sealed class MemberDirectory(Catalogs catalogs, MemberTable members, ProfileTable profiles)
{
    private const int PageSize = 100;

    /// <summary>Whether a text can be where a page begins: a profile's id.</summary>
    public static bool IsPlace(string after) => after.Length == 32 && after.All(char.IsAsciiHexDigitLower);

    /// <summary>The members behind a profile. Null where there is no such audience. A transaction for each member shown, and for each shard that is read on the way.</summary>
    public async Task<MemberPage?> ListAsync(string key, string? after, CancellationToken cancellation)
    {
        if ((await catalogs.CurrentAsync(0, cancellation))[key] is not { Kind: DefinitionKind.Audience } definition)
            return null;
        var rows = new List<string>(PageSize + 1);
        for (var shard = after is null ? 0 : Shard.Of(after).Number; shard < Shard.Count && rows.Count <= PageSize; shard++)
        {
            // One more than are shown says whether more follow.
            await foreach (var page in members.PagesAsync(key, new(shard), after, PageSize + 1, cancellation))
            {
                rows.AddRange(page.Select(member => member.Profile));
                if (rows.Count > PageSize)
                    break;
            }
        }

        var found = await Task.WhenAll(rows.Take(PageSize).Select(profile => ReadAsync(definition, profile, cancellation)));
        return new([.. found.OfType<MemberReport>()], rows.Count > PageSize ? rows[PageSize - 1] : null);
    }

    private async Task<MemberReport?> ReadAsync(DefinitionRecord definition, string profile, CancellationToken cancellation)
    {
        var stored = await profiles.FindAsync(profile, cancellation);
        if (stored is { Document: { Kind: ProfileKind.Live } document } && document.Values.TryGetValue(definition.Key, out var value) && !SyncPlan.IsEmpty(value.Json.Span))
        {
            return new(
                profile,
                [.. document.Ids.Where(known => known.Id.Type is ExternalId.UserIdType or ExternalId.EmailType).Select(known => $"{known.Id.Type}:{known.Id.Value}")],
                new(value.Since, DateTimeKind.Utc));
        }

        // Left over of who was merged or deleted. Where there is no document yet the row was written before it, and nobody would add it again.
        if (stored is { Document.Kind: not ProfileKind.Live })
            await members.DeleteAsync(definition.Key, profile, cancellation);
        return null;
    }
}

/// <param name="Members">A hundred, or fewer where some have left just now or no more follow.</param>
/// <param name="Next">Give it as <c>after</c> to go on; null when there are no more.</param>
public sealed record MemberPage(IReadOnlyList<MemberReport> Members, string? Next);

/// <summary>Who is in an audience.</summary>
/// <param name="Profile">The profile's id.</param>
/// <param name="Identifiers">As <c>email:ann@example.com</c>, <c>user_id:42</c>; none of a person of whom Iterable cannot be told.</param>
/// <param name="Since">UTC.</param>
public sealed record MemberReport(string Profile, IReadOnlyList<string> Identifiers, DateTime Since);
