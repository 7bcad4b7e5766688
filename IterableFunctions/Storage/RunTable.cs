using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using IterableFunctions.Personas.Runs;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Storage;

/// <summary>A run as it stands in storage.</summary>
/// <param name="Run">The run.</param>
/// <param name="ETag">Under which it is replaced.</param>
public sealed record StoredRun(Run Run, ETag ETag);

/// <summary>A part of a run as it stands in storage.</summary>
/// <param name="Shard">Which part.</param>
/// <param name="Progress">How far it is.</param>
/// <param name="ETag">Under which it is replaced; null for one that is not there yet.</param>
public sealed record StoredProgress(Shard Shard, ShardProgress Progress, ETag? ETag);

/// <summary>The table <c>Runs</c>: in the partition <c>run</c> a row for each run, newest first; in a partition of its own a row for each part of it, so that parts get on without each other.</summary>
public sealed class RunTable(TableServiceClient tables, IOptions<StorageOptions> options)
{
    private const string Partition = "run";
    private const string Json = "Json";

    private readonly TableClient _table = Table.Of(tables, options.Value, "Runs");

    /// <summary>One transaction.</summary>
    public async Task<Run?> FindAsync(string id, CancellationToken cancellation) => (await FindStoredAsync(id, cancellation))?.Run;

    /// <summary>One transaction.</summary>
    public async Task<StoredRun?> FindStoredAsync(string id, CancellationToken cancellation)
    {
        try
        {
            var row = await _table.GetEntityIfExistsAsync<TableEntity>(Partition, id, cancellationToken: cancellation);
            return row.HasValue ? new(Read(row.Value!), row.Value!.ETag) : null;
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Writes a run. One transaction.</summary>
    public Task PutAsync(Run run, CancellationToken cancellation)
        => _table.WritingAsync(() => _table.UpsertEntityAsync(RowOf(run), TableUpdateMode.Replace, cancellation), cancellation);

    /// <summary>Writes a run, unless another has written it since it was read. One transaction.</summary>
    /// <param name="before">The run as it was read.</param>
    /// <param name="after">The run as it is to be.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    public async Task<bool> ReplaceAsync(StoredRun before, Run after, CancellationToken cancellation)
    {
        try
        {
            await _table.UpdateEntityAsync(RowOf(after), before.ETag, TableUpdateMode.Replace, cancellation);
            return true;
        }
        catch (RequestFailedException e) when (e.Status is 404 or 412)
        {
            return false;
        }
    }

    /// <summary>The newest runs. One transaction.</summary>
    /// <param name="after">The id behind which to begin; null for the newest.</param>
    /// <param name="count">How many, 1,000 at most.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public async Task<IReadOnlyList<Run>> ListAsync(string? after, int count, CancellationToken cancellation)
    {
        var runs = new List<Run>();
        try
        {
            await foreach (var page in _table.QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"PartitionKey eq {Partition} and RowKey gt {after ?? ""}"), count, cancellationToken: cancellation).AsPages())
            {
                runs.AddRange(page.Values.Select(Read));
                if (runs.Count >= count)
                    break;
            }
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            // There has been none.
        }

        return runs.Count > count ? runs[..count] : runs;
    }

    /// <summary>How far a part is. One transaction.</summary>
    public async Task<StoredProgress> FindProgressAsync(string run, Shard shard, CancellationToken cancellation)
    {
        try
        {
            var row = await _table.GetEntityIfExistsAsync<TableEntity>(run, shard.ToString(), cancellationToken: cancellation);
            if (row.HasValue)
                return new(shard, ReadProgress(row.Value!), row.Value!.ETag);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            // The table is not there.
        }

        return new(shard, ShardProgress.None, null);
    }

    /// <summary>How far all parts are that have begun. One transaction.</summary>
    public async Task<IReadOnlyList<StoredProgress>> ProgressAsync(string run, CancellationToken cancellation)
    {
        var parts = new List<StoredProgress>();
        await foreach (var row in _table.QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"PartitionKey eq {run}"), cancellationToken: cancellation))
            parts.Add(new(new(int.Parse(row.RowKey, System.Globalization.CultureInfo.InvariantCulture)), ReadProgress(row), row.ETag));
        return parts;
    }

    /// <summary>Writes how far a part is, over what was read. One transaction; two where that was written over, by another or by the same write, whose answer was lost. Null where another is at the same part.</summary>
    public async Task<StoredProgress?> AdvanceAsync(string run, StoredProgress before, ShardProgress after, CancellationToken cancellation)
    {
        var row = new TableEntity(run, before.Shard.ToString());
        var json = JsonSerializer.SerializeToUtf8Bytes(after, AppJson.Default.ShardProgress);
        Chunks.Write(row, Json, json);
        try
        {
            var response = before.ETag is { } etag
                ? await _table.UpdateEntityAsync(row, etag, TableUpdateMode.Replace, cancellation)
                : await _table.WritingAsync(() => _table.AddEntityAsync(row, cancellation), cancellation);
            return before with { Progress = after, ETag = response.Headers.ETag };
        }
        catch (RequestFailedException e) when (e.Status is 404 or 409 or 412)
        {
            var stands = await FindProgressAsync(run, before.Shard, cancellation);
            return JsonSerializer.SerializeToUtf8Bytes(stands.Progress, AppJson.Default.ShardProgress).AsSpan().SequenceEqual(json) ? stands : null;
        }
    }

    /// <summary>Deletes a run and how far its parts were. Three transactions. The run itself goes last, so that who dies in between is followed by another who finds it.</summary>
    public async Task DeleteAsync(string id, CancellationToken cancellation)
    {
        var parts = new List<TableTransactionAction>();
        await foreach (var row in _table.QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"PartitionKey eq {id}"), select: ["PartitionKey", "RowKey"], cancellationToken: cancellation))
            parts.Add(new(TableTransactionActionType.Delete, new TableEntity(row.PartitionKey, row.RowKey), ETag.All));
        try
        {
            if (parts.Count > 0)
                await _table.SubmitTransactionAsync(parts, cancellation);
            await _table.DeleteEntityAsync(Partition, id, ETag.All, cancellation);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            // Another deletes it as well.
        }
    }

    private static TableEntity RowOf(Run run)
    {
        var row = new TableEntity(Partition, run.Id);
        Chunks.Write(row, Json, JsonSerializer.SerializeToUtf8Bytes(run, AppJson.Default.Run));
        return row;
    }

    private static Run Read(TableEntity row) => JsonSerializer.Deserialize(Chunks.Read(row, Json), AppJson.Default.Run)!;

    private static ShardProgress ReadProgress(TableEntity row) => JsonSerializer.Deserialize(Chunks.Read(row, Json), AppJson.Default.ShardProgress)!;
}
