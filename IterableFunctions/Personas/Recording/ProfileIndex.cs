using IterableFunctions.Iterable;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Personas.Sync;
using IterableFunctions.Storage;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Personas.Recording;

/// <summary>The rows about a profile that stand outside its partition: members, and hours at which it is looked at.</summary>
public sealed class ProfileIndex(MemberTable members, DueTable due, IOptions<IterableOptions> options)
{
    private readonly ProjectType _project = options.Value.ProjectType;

    /// <summary>Says of a profile that takes another's ids on that Iterable can be told of it, if it could not before: backfills pass over those of whom it cannot. Called before its document is written.</summary>
    public Task JoinAsync(StoredProfile before, ProfileDocument after, CancellationToken cancellation)
        => Addressees.Exist(after, _project) && !Addressees.Exist(before.Document, _project)
            ? members.AddAsync(MemberTable.Everybody, before.Profile, isAddressable: true, cancellation)
            : Task.CompletedTask;

    /// <summary>Deletes them all, for a profile that was deleted or merged away. What is left over all the same leads to a profile that says so.</summary>
    public Task DeleteAsync(StoredProfile stored, CancellationToken cancellation) => Task.WhenAll(
    [
        .. stored.Document.Values.Keys.Append(MemberTable.Everybody).Select(definition => members.DeleteAsync(definition, stored.Profile, cancellation)),
        .. stored.Document.Due.Select(hour => due.DeleteAsync(stored.Profile, hour, cancellation)),
    ]);
}
