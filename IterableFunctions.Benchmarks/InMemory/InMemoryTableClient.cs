using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;

namespace IterableFunctions.Benchmarks.InMemory;

internal sealed class InMemoryTableService(InMemoryStorage storage, Passage? passage) : TableServiceClient
{
    public override TableClient GetTableClient(string tableName) => new InMemoryTableClient(storage, tableName, passage);

    public override AsyncPageable<TableItem> QueryAsync(string? filter = null, int? maxPerPage = null, CancellationToken cancellationToken = default)
        => AsyncPageable<TableItem>.FromPages([]);
}

/// <summary>A client of one table.</summary>
internal sealed class InMemoryTableClient(InMemoryStorage storage, string name, Passage? passage) : TableClient
{
    private const int LargestPage = 1000;

    private readonly (string Read, string Query, string Write, string Batch) _counted = ($"{name} read", $"{name} query", $"{name} write", $"{name} batch");

    public override string Name => name;

    public override Task<Response<TableItem>> CreateIfNotExistsAsync(CancellationToken cancellationToken = default)
        => RunAsync(_counted.Write, () =>
        {
            storage.Table(name);
            return Response.FromValue(new TableItem(name), new Answered(204));
        }, cancellationToken);

    public override Task<NullableResponse<T>> GetEntityIfExistsAsync<T>(string partitionKey, string rowKey, IEnumerable<string>? select = null, CancellationToken cancellationToken = default)
        => RunAsync(_counted.Read, () => storage.FindTable(name)?.Find(partitionKey, rowKey, select?.ToList()) is { } found
            ? Response.FromValue((T)(ITableEntity)found, new Answered(200, found.ETag))
            : (NullableResponse<T>)new Missing<T>(), cancellationToken);

    public override Task<Response> AddEntityAsync<T>(T entity, CancellationToken cancellationToken = default)
        => WriteAsync(TableTransactionActionType.Add, entity, default, cancellationToken);

    public override Task<Response> UpsertEntityAsync<T>(T entity, TableUpdateMode mode = TableUpdateMode.Merge, CancellationToken cancellationToken = default)
        => WriteAsync(mode == TableUpdateMode.Merge ? TableTransactionActionType.UpsertMerge : TableTransactionActionType.UpsertReplace, entity, default, cancellationToken);

    public override Task<Response> UpdateEntityAsync<T>(T entity, ETag ifMatch, TableUpdateMode mode = TableUpdateMode.Merge, CancellationToken cancellationToken = default)
        => WriteAsync(mode == TableUpdateMode.Merge ? TableTransactionActionType.UpdateMerge : TableTransactionActionType.UpdateReplace, entity, ifMatch, cancellationToken);

    public override Task<Response> DeleteEntityAsync(ITableEntity entity, ETag ifMatch = default, CancellationToken cancellationToken = default)
        => DeleteEntityAsync(entity.PartitionKey, entity.RowKey, ifMatch, cancellationToken);

    /// <summary>The client of Azure takes a row that is not there for deleted.</summary>
    public override async Task<Response> DeleteEntityAsync(string partitionKey, string rowKey, ETag ifMatch = default, CancellationToken cancellationToken = default)
    {
        try
        {
            return await WriteAsync(TableTransactionActionType.Delete, new TableEntity(partitionKey, rowKey), ifMatch, cancellationToken);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return new Answered(404);
        }
    }

    public override Task<Response<IReadOnlyList<Response>>> SubmitTransactionAsync(IEnumerable<TableTransactionAction> transactionActions, CancellationToken cancellationToken = default)
    {
        TableTransactionAction[] actions = [.. transactionActions];
        return RunAsync(_counted.Batch, () =>
        {
            try
            {
                return Response.FromValue<IReadOnlyList<Response>>([.. Existing.Submit(actions).Select(etag => new Answered(204, etag))], new Answered(202));
            }
            catch (RequestFailedException e)
            {
                throw new TableTransactionFailedException(e);
            }
        }, cancellationToken);
    }

    public override AsyncPageable<T> QueryAsync<T>(string? filter = null, int? maxPerPage = null, IEnumerable<string>? select = null, CancellationToken cancellationToken = default)
        => new Pages<T>(this, TableFilter.Parse(filter), Math.Min(maxPerPage ?? LargestPage, LargestPage), select?.ToList(), cancellationToken);

    private InMemoryTable Existing => storage.FindTable(name) ?? throw Answered.Failure(404, "TableNotFound");

    private Task<Response> WriteAsync(TableTransactionActionType type, ITableEntity entity, ETag etag, CancellationToken cancellation)
        => RunAsync<Response>(_counted.Write, () => new Answered(204, Existing.Submit([new(type, entity, etag)])[0]), cancellation);

    private Task<T> RunAsync<T>(string counted, Func<T> act, CancellationToken cancellation) => storage.RunAsync(passage, counted, act, cancellation);

    private sealed class Pages<T>(InMemoryTableClient client, TableFilter filter, int size, List<string>? select, CancellationToken cancellation) : AsyncPageable<T>(cancellation)
        where T : notnull
    {
        public override async IAsyncEnumerable<Page<T>> AsPages(string? continuationToken = null, int? pageSizeHint = null)
        {
            do
            {
                var (rows, next) = await client.RunAsync(client._counted.Query, () => client.Existing.Page(filter, continuationToken, size, select), CancellationToken);
                yield return Page<T>.FromValues([.. rows.Select(row => (T)(object)row)], next, new Answered(200));
                continuationToken = next;
            }
            while (continuationToken is not null);
        }
    }
}
