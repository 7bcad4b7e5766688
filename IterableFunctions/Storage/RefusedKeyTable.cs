using Azure;
using Azure.Data.Tables;

namespace IterableFunctions.Storage;

/// <summary>A key that is refused, as all instances see it.</summary>
/// <param name="Scope">What is refused: everything, or one endpoint.</param>
/// <param name="Since">UTC.</param>
/// <param name="NextProbe">When one call may find out whether it still is, UTC.</param>
/// <param name="Status">HTTP status of the answer.</param>
/// <param name="Version">The row's ETag.</param>
public sealed record RefusedKey(string Scope, DateTimeOffset Since, DateTimeOffset NextProbe, int Status, ETag Version);

/// <summary>The table <c>RefusedKeys</c>: PartitionKey a hash of the key, so that a mended one starts with nothing held against it; RowKey the scope. Normally empty.</summary>
public sealed class RefusedKeyTable(TableServiceClient tables)
{
    private const string Name = "RefusedKeys";

    private readonly TableClient _table = tables.GetTableClient(Name);

    /// <summary>What is refused of a key.</summary>
    /// <exception cref="RequestFailedException">Storage does not answer.</exception>
    public async Task<IReadOnlyList<RefusedKey>> ReadAsync(string key, CancellationToken cancellation)
    {
        var refused = new List<RefusedKey>();
        try
        {
            await foreach (var row in _table.QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"PartitionKey eq {key}"), cancellationToken: cancellation))
                refused.Add(new(row.RowKey, row.GetDateTimeOffset("Since") ?? default, row.GetDateTimeOffset("NextProbe") ?? default, row.GetInt32("Status") ?? 0, row.ETag));
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            // The table is made with its first row.
        }

        return refused;
    }

    /// <summary>Writes a row that is not there yet.</summary>
    /// <returns>It, or null where another instance was faster.</returns>
    public async Task<RefusedKey?> AddAsync(string key, RefusedKey refused, CancellationToken cancellation)
    {
        try
        {
            return refused with { Version = await AddOnceAsync(key, refused, cancellation) };
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            await _table.CreateIfNotExistsAsync(cancellation);
            return refused with { Version = await AddOnceAsync(key, refused, cancellation) };
        }
        catch (RequestFailedException e) when (e.Status == 409)
        {
            return null;
        }
    }

    /// <summary>Changes a row, unless another instance has changed it since it was read.</summary>
    /// <returns>It, or null where another instance was faster.</returns>
    public async Task<RefusedKey?> ReplaceAsync(string key, RefusedKey refused, CancellationToken cancellation)
    {
        try
        {
            var answer = await _table.UpdateEntityAsync(Row(key, refused), refused.Version, TableUpdateMode.Replace, cancellation);
            return refused with { Version = answer.Headers.ETag ?? default };
        }
        catch (RequestFailedException e) when (e.Status is 404 or 412)
        {
            return null;
        }
    }

    public async Task DeleteAsync(string key, string scope, CancellationToken cancellation)
    {
        try
        {
            await _table.DeleteEntityAsync(key, scope, cancellationToken: cancellation);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            // Gone, as it should be.
        }
    }

    private async Task<ETag> AddOnceAsync(string key, RefusedKey refused, CancellationToken cancellation)
        => (await _table.AddEntityAsync(Row(key, refused), cancellation)).Headers.ETag ?? default;

    private static TableEntity Row(string key, RefusedKey refused) => new(key, refused.Scope)
    {
        ["Since"] = refused.Since,
        ["NextProbe"] = refused.NextProbe,
        ["Status"] = refused.Status,
    };
}
