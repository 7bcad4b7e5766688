using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using IterableFunctions.Personas.Evaluation;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Storage;

/// <summary>A row of the calendar.</summary>
/// <param name="Profile">The profile's id.</param>
/// <param name="Partition">Its shard and hour.</param>
/// <param name="Attempts">How often in a row the profile could not be looked at.</param>
/// <param name="ETag">Under which it is deleted: who arms the same hour anew meanwhile keeps the row.</param>
public sealed record DueLook(string Profile, string Partition, int Attempts, ETag ETag);

/// <summary>The table <c>Due</c>, the calendar: PartitionKey a shard and an hour, RowKey a profile's id: this profile is to be looked at at that hour.</summary>
public sealed class DueTable(TableServiceClient tables, IOptions<StorageOptions> options)
{
    private const string Attempts = "Attempts";

    private readonly TableClient _table = Table.Of(tables, options.Value, "Due");

    /// <summary>Arms an hour. One transaction.</summary>
    /// <param name="profile">The profile's id.</param>
    /// <param name="hour">The hour.</param>
    /// <param name="attempts">How often in a row the profile could not be looked at.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public Task AddAsync(string profile, Hour hour, int attempts, CancellationToken cancellation)
        => _table.WritingAsync(() => _table.UpsertEntityAsync(new TableEntity(Partition(Shard.Of(profile), hour), profile) { [Attempts] = attempts }, TableUpdateMode.Replace, cancellation), cancellation);

    /// <summary>The first rows of a shard that are due, overdue ones before. One transaction.</summary>
    /// <param name="shard">The shard.</param>
    /// <param name="hour">The present hour.</param>
    /// <param name="count">How many, 1,000 at most.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public async Task<IReadOnlyList<DueLook>> FirstAsync(Shard shard, Hour hour, int count, CancellationToken cancellation)
    {
        var query = TableClient.CreateQueryFilter($"PartitionKey ge {$"{shard}|"} and PartitionKey le {Partition(shard, hour)}");
        try
        {
            await foreach (var page in _table.QueryAsync<TableEntity>(query, count, ["PartitionKey", "RowKey", "Timestamp", Attempts], cancellation).AsPages())
            {
                if (page.Values.Count > 0)
                    return [.. page.Values.Select(row => new DueLook(row.RowKey, row.PartitionKey, row.GetInt32(Attempts) ?? 0, row.ETag))];
            }
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            // Nothing was ever due.
        }

        return [];
    }

    /// <summary>Disarms what has not been armed anew since it was read, in one transaction for each hour.</summary>
    /// <param name="looks">At most 100.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public async Task DeleteAsync(IEnumerable<DueLook> looks, CancellationToken cancellation)
    {
        foreach (var hour in looks.GroupBy(look => look.Partition))
        {
            try
            {
                await _table.SubmitTransactionAsync(hour.Select(look => new TableTransactionAction(TableTransactionActionType.Delete, new TableEntity(look.Partition, look.Profile), look.ETag)), cancellation);
            }
            catch (RequestFailedException e) when (e.Status is 404 or 412)
            {
                // Another has begun with them, or some are armed anew.
                foreach (var look in hour)
                    await DeleteAsync(look, cancellation);
            }
        }
    }

    /// <summary>Disarms an hour. One transaction.</summary>
    public async Task DeleteAsync(string profile, Hour hour, CancellationToken cancellation)
    {
        try
        {
            await _table.DeleteEntityAsync(Partition(Shard.Of(profile), hour), profile, ETag.All, cancellation);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            // It is not there, nor perhaps the table.
        }
    }

    private async Task DeleteAsync(DueLook look, CancellationToken cancellation)
    {
        try
        {
            await _table.DeleteEntityAsync(look.Partition, look.Profile, look.ETag, cancellation);
        }
        catch (RequestFailedException e) when (e.Status is 404 or 412)
        {
            // Gone, or armed anew.
        }
    }

    private static string Partition(Shard shard, Hour hour) => $"{shard}|{hour}";
}
