using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using IterableFunctions.Personas.Evaluation;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Storage;

/// <summary>The table <c>Due</c>, the calendar: PartitionKey a shard and an hour, RowKey a profile's id: this profile is to be looked at at that hour.</summary>
public sealed class DueTable(TableServiceClient tables, IOptions<StorageOptions> options)
{
    private readonly TableClient _table = Table.Of(tables, options.Value, "Due");

    /// <summary>Arms an hour. One transaction.</summary>
    public Task AddAsync(string profile, Hour hour, CancellationToken cancellation)
        => _table.WritingAsync(() => _table.UpsertEntityAsync(new TableEntity(Partition(Shard.Of(profile), hour), profile), TableUpdateMode.Replace, cancellation), cancellation);

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

    private static string Partition(Shard shard, Hour hour) => $"{shard}|{hour}";
}
