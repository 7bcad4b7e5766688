using IterableFunctions.Storage;

namespace IterableFunctions.Personas.Recording;

/// <summary>The rows about a profile that stand outside its partition: members, and hours at which it is looked at.</summary>
public sealed class ProfileIndex(MemberTable members, DueTable due)
{
    /// <summary>Deletes them all, for a profile that was deleted or merged away. What is left over all the same leads to a profile that says so.</summary>
    public Task DeleteAsync(StoredProfile stored, CancellationToken cancellation) => Task.WhenAll(
    [
        .. stored.Document.Values.Keys.Append(MemberTable.Everybody).Select(definition => members.DeleteAsync(definition, stored.Profile, cancellation)),
        .. stored.Document.Due.Select(hour => due.DeleteAsync(stored.Profile, hour, cancellation)),
    ]);
}
