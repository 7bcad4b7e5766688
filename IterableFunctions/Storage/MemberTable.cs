using System.Runtime.CompilerServices;
using Azure;
using Azure.Data.Tables;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Storage;

/// <summary>A row of the index of members.</summary>
/// <param name="Profile">The profile's id.</param>
/// <param name="IsAddressable">Whether Iterable could be told of the person when the row was written.</param>
public readonly record struct Member(string Profile, bool IsAddressable);

/// <summary>
/// The table <c>Members</c>: PartitionKey a definition's key and a shard, RowKey a profile's id. An index of who has a value that is not empty; <c>*</c> in a key's place: of every profile. Rows are added before
/// the document that makes somebody a member and deleted after the one that ends it, so it may list some who are none, and leaves nobody out.
/// </summary>
public sealed class MemberTable(TableServiceClient tables, IOptions<StorageOptions> options)
{
    /// <summary>In a definition's place: every profile.</summary>
    public const string Everybody = "*";

    private const string Addressable = "Addressable";

    private readonly TableClient _table = Table.Of(tables, options.Value, "Members");

    /// <summary>Adds a profile to the index. One transaction.</summary>
    public Task AddAsync(string definition, string profile, bool isAddressable, CancellationToken cancellation)
        => _table.WritingAsync(() => _table.UpsertEntityAsync(new TableEntity(Partition(definition, Shard.Of(profile)), profile) { [Addressable] = isAddressable }, TableUpdateMode.Replace, cancellation), cancellation);

    /// <summary>Takes a profile out of the index. One transaction.</summary>
    public async Task DeleteAsync(string definition, string profile, CancellationToken cancellation)
    {
        try
        {
            await _table.DeleteEntityAsync(Partition(definition, Shard.Of(profile)), profile, ETag.All, cancellation);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            // It is not there, nor perhaps the table.
        }
    }

    /// <summary>The members in a shard, in the order of their ids.</summary>
    /// <param name="definition">The definition's key.</param>
    /// <param name="shard">The shard.</param>
    /// <param name="after">The id behind which to begin; null for the first.</param>
    /// <param name="pageSize">Rows in one transaction, 1,000 at most.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public async IAsyncEnumerable<IReadOnlyList<Member>> PagesAsync(string definition, Shard shard, string? after, int pageSize, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var query = TableClient.CreateQueryFilter($"PartitionKey eq {Partition(definition, shard)} and RowKey gt {after ?? ""}");
        await using var pages = _table.QueryAsync<TableEntity>(query, pageSize, ["RowKey", Addressable], cancellation).AsPages().GetAsyncEnumerator(cancellation);
        while (await NextAsync(pages))
        {
            if (pages.Current.Values.Count > 0)
                yield return [.. pages.Current.Values.Select(row => new Member(row.RowKey, row.GetBoolean(Addressable) ?? true))];
        }
    }

    /// <summary>Nobody is a member where there is no table.</summary>
    private static async Task<bool> NextAsync(IAsyncEnumerator<Page<TableEntity>> pages)
    {
        try
        {
            return await pages.MoveNextAsync();
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return false;
        }
    }

    private static string Partition(string definition, Shard shard) => $"{definition}|{shard}";
}
