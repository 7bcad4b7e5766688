using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Evaluation;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Storage;

/// <summary>The catalog as it stands in storage.</summary>
/// <param name="Catalog">The catalog.</param>
/// <param name="ETag">Under which it is replaced; null before the first definition.</param>
public sealed record StoredCatalog(Catalog Catalog, ETag? ETag);

/// <summary>
/// The table <c>Definitions</c>: one partition, so that a definition and the catalog's version change together. A row for each definition, whichever its kind, since keys are unique over both; a row
/// for the catalog, whose ETag every change is written under.
/// </summary>
public sealed class DefinitionTable(TableServiceClient tables, IOptions<StorageOptions> options)
{
    private const string Partition = "definition";
    private const string CatalogKey = "catalog";
    private const string FirstDefinition = "key|";
    private const string Json = "Json";
    private const string Version = "Version";

    private readonly TableClient _table = Table.Of(tables, options.Value, "Definitions");

    /// <summary>One transaction for each thousand definitions.</summary>
    public async Task<StoredCatalog> LoadAsync(CancellationToken cancellation)
    {
        var (version, leafVersions, etag, records) = (0, new Dictionary<string, int>(), default(ETag?), new List<DefinitionRecord>());
        try
        {
            await foreach (var row in _table.QueryAsync<TableEntity>(TableClient.CreateQueryFilter($"PartitionKey eq {Partition}"), cancellationToken: cancellation))
            {
                var json = Chunks.Read(row, Json);
                if (row.RowKey == CatalogKey)
                    (version, leafVersions, etag) = (row.GetInt32(Version)!.Value, JsonSerializer.Deserialize(json, AppJson.Default.DictionaryStringInt32)!, row.ETag);
                else
                    records.Add(JsonSerializer.Deserialize(json, AppJson.Default.DefinitionRecord)!);
            }
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return new(Catalog.Empty, null);
        }

        return new(Catalog.Of(version, leafVersions.Select(leaf => KeyValuePair.Create(LeafId.Parse(leaf.Key), leaf.Value)), records), etag);
    }

    /// <summary>Writes a changed catalog over the one that was read. One transaction.</summary>
    /// <param name="before">As it was read.</param>
    /// <param name="after">As it is to be.</param>
    /// <param name="changed">The key of the definition in which they differ.</param>
    /// <param name="cancellation">Ends the wait, not the write.</param>
    /// <returns>Null where another has changed it meanwhile: read it again.</returns>
    public async Task<StoredCatalog?> ReplaceAsync(StoredCatalog before, Catalog after, string changed, CancellationToken cancellation)
    {
        var catalog = new TableEntity(Partition, CatalogKey) { [Version] = after.Version };
        Chunks.Write(catalog, Json, JsonSerializer.SerializeToUtf8Bytes(after.LeafVersions.ToDictionary(leaf => leaf.Key.ToString(), leaf => leaf.Value), AppJson.Default.DictionaryStringInt32));
        var row = new TableEntity(Partition, FirstDefinition + Keys.Part(changed));
        if (after[changed] is { } record)
            Chunks.Write(row, Json, JsonSerializer.SerializeToUtf8Bytes(record, AppJson.Default.DefinitionRecord));
        TableTransactionAction[] actions =
        [
            before.ETag is { } etag ? new(TableTransactionActionType.UpdateReplace, catalog, etag) : new(TableTransactionActionType.Add, catalog),
            after[changed] is null ? new(TableTransactionActionType.Delete, row, ETag.All) : new(TableTransactionActionType.UpsertReplace, row),
        ];
        try
        {
            var response = await _table.WritingAsync(() => _table.SubmitTransactionAsync(actions, cancellation), cancellation);
            return new(after, response.Value[0].Headers.ETag);
        }
        catch (RequestFailedException e) when (e.Status is 404 or 409 or 412)
        {
            return null;
        }
    }
}
