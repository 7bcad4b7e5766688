using Azure;
using Azure.Data.Tables;

namespace IterableFunctions.Storage;

/// <summary>What all tables have in common: a prefix that names the app's own, and being created by the first write, once in an account's life.</summary>
internal static class Table
{
    private const string NoSuchTable = "TableNotFound";

    public static TableClient Of(TableServiceClient tables, StorageOptions options, string name) => tables.GetTableClient(options.TablePrefix + name);

    /// <summary>Writes, after creating the table if it is not there yet.</summary>
    public static async Task<T> WritingAsync<T>(this TableClient table, Func<Task<T>> write, CancellationToken cancellation)
    {
        try
        {
            return await write();
        }
        catch (RequestFailedException e) when (e.ErrorCode == NoSuchTable)
        {
            await table.CreateIfNotExistsAsync(cancellation);
            return await write();
        }
    }
}
