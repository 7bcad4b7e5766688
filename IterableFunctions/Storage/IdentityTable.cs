using Azure;
using Azure.Data.Tables;
using IterableFunctions.Personas.Profiles;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Storage;

/// <summary>An index row: which profile an external id led to when the row was written. Whether it is so the profile's document says.</summary>
/// <param name="Id">The external id.</param>
/// <param name="Profile">The profile's id.</param>
/// <param name="ETag">Under which it is replaced or deleted.</param>
public sealed record IdentityRow(ExternalId Id, string Profile, ETag ETag);

/// <summary>The table <c>Identities</c>: PartitionKey the external id, RowKey empty.</summary>
public sealed class IdentityTable(TableServiceClient tables, IOptions<StorageOptions> options)
{
    private const string Profile = "Profile";

    private readonly TableClient _table = Table.Of(tables, options.Value, "Identities");

    /// <summary>One transaction.</summary>
    public async Task<IdentityRow?> FindAsync(ExternalId id, CancellationToken cancellation)
    {
        var row = await _table.GetEntityIfExistsAsync<TableEntity>(Key(id), "", [Profile], cancellation);
        return row.HasValue ? new(id, row.Value!.GetString(Profile), row.Value.ETag) : null;
    }

    /// <summary>Inserts a row. False where another was faster.</summary>
    public async Task<bool> AddAsync(ExternalId id, string profile, CancellationToken cancellation)
    {
        try
        {
            await _table.WritingAsync(() => _table.AddEntityAsync(Entity(id, profile), cancellation), cancellation);
            return true;
        }
        catch (RequestFailedException e) when (e.Status == 409)
        {
            return false;
        }
    }

    /// <summary>Lets a row lead to another profile, if it is still as it was read. False where it is not.</summary>
    public async Task<bool> ReplaceAsync(IdentityRow row, string profile, CancellationToken cancellation)
    {
        try
        {
            await _table.UpdateEntityAsync(Entity(row.Id, profile), row.ETag, TableUpdateMode.Replace, cancellation);
            return true;
        }
        catch (RequestFailedException e) when (e.Status is 404 or 412)
        {
            return false;
        }
    }

    /// <summary>Deletes a row, if it is still as it was read.</summary>
    public async Task DeleteAsync(IdentityRow row, CancellationToken cancellation)
    {
        try
        {
            await _table.DeleteEntityAsync(Key(row.Id), "", row.ETag, cancellation);
        }
        catch (RequestFailedException e) when (e.Status is 404 or 412)
        {
            // Gone, or another profile's by now.
        }
    }

    private static string Key(ExternalId id) => Keys.Identity(id.Type, id.Value);

    private static TableEntity Entity(ExternalId id, string profile) => new(Key(id), "") { [Profile] = profile };
}
