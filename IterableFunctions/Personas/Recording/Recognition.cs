using System.Collections.Concurrent;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Storage;

namespace IterableFunctions.Personas.Recording;

/// <summary>What the tables say about an id.</summary>
/// <param name="Id">The id.</param>
/// <param name="Row">Its index row, if it has one.</param>
/// <param name="Live">The profile at the end of the way from that row, over redirects; null where there is none, or a deleted one.</param>
/// <param name="Lists">Whether a document on that way lists the id. If none does, the row is an unfinished claim, or left over.</param>
/// <param name="IsUnborn">Whether the row leads to a profile that has no document (yet).</param>
internal sealed record Finding(ExternalId Id, IdentityRow? Row, StoredProfile? Live, bool Lists, bool IsUnborn)
{
    /// <summary>Whose the id is.</summary>
    public StoredProfile? Holder => Lists ? Live : null;
}

/// <summary>One look at who somebody is; it reads each document once.</summary>
internal sealed class Recognition(IdentityTable identities, ProfileTable profiles, CancellationToken cancellation)
{
    private readonly ConcurrentDictionary<string, Lazy<Task<StoredProfile?>>> _documents = [];

    public async Task<Finding> FindAsync(ExternalId id)
    {
        if (await identities.FindAsync(id, cancellation) is not { } row)
            return new(id, null, null, Lists: false, IsUnborn: false);
        var lists = false;
        var stored = await DocumentAsync(row.Profile);
        var isUnborn = stored is null;
        for (; stored is { Document: { Kind: ProfileKind.Redirect } document }; stored = await DocumentAsync(document.RedirectTo!))
            lists |= document.Lists(id);
        var live = stored is { Document.Kind: ProfileKind.Live } ? stored : null;
        return new(id, row, live, lists || live?.Document.Covers(id) == true, isUnborn);
    }

    private Task<StoredProfile?> DocumentAsync(string profile)
        => _documents.GetOrAdd(profile, id => new(() => profiles.FindAsync(id, cancellation))).Value;
}
