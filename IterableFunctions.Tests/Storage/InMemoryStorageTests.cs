using System.Globalization;
using System.Text;
using Azure;
using Azure.Data.Tables;
using Azure.Storage.Queues;
using CsCheck;
using IterableFunctions.Benchmarks.InMemory;

namespace IterableFunctions.Tests.Storage;

/// <summary>The storage in memory, which large worlds run on, answers every case as Azurite does.</summary>
public sealed class InMemoryStorageTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private static readonly Dictionary<string, Func<TableClient, Task<object?>>[]> _tableCases = new()
    {
        ["a table that is not there"] =
        [
            Get("p", "r"), Add("p", "r"), Upsert("p", "r"), Replace("p", "r", ETag.All), Delete("p", "r"), Submit(new TableTransactionAction(TableTransactionActionType.Add, Row("p", "r"))), Query("PartitionKey eq 'p'"),
        ],
        ["adding, reading, deleting"] =
        [
            Create, Create, Get("p", "r"), Add("p", "r", ("Text", "a'b"), ("Number", 7), ("Long", 8L), ("Flag", true), ("Bytes", new byte[] { 1, 2 })), Get("p", "r"), Get("p", "r", "Number"), Get("p", "R"),
            Add("p", "r"), Add("p", ""), Get("p", ""), Delete("p", "r"), Get("p", "r"), Delete("p", "r"),
        ],
        ["replacing and merging under ETags"] =
        [
            Create, Replace("p", "r", ETag.All), Upsert("p", "r", ("A", 1)), Replace("p", "r", new("W/\"datetime'2020-01-01T00%3A00%3A00.0000000Z'\""), ("B", 2)), Get("p", "r"),
            ReplaceAsRead("p", "r", ("B", 2)), Get("p", "r"), Merge("p", "r", ("C", 3)), Get("p", "r"), Upsert("p", "r", ("D", 4)), Get("p", "r"), DeleteStale("p", "r"), Get("p", "r"),
        ],
        ["transactions"] =
        [
            Create,
            Submit(new TableTransactionAction(TableTransactionActionType.Add, Row("p", "1")), new TableTransactionAction(TableTransactionActionType.Add, Row("p", "2", ("A", 1)))), Query("PartitionKey eq 'p'"),
            // All or nothing, and the first that cannot be done says why.
            Submit(new TableTransactionAction(TableTransactionActionType.Add, Row("p", "3")), new TableTransactionAction(TableTransactionActionType.Add, Row("p", "2"))), Query("PartitionKey eq 'p'"),
            Submit(new TableTransactionAction(TableTransactionActionType.UpdateReplace, Row("p", "2", ("A", 2)), ETag.All), new TableTransactionAction(TableTransactionActionType.Add, Row("p", "3"))), Query("PartitionKey eq 'p'"),
            Submit(new TableTransactionAction(TableTransactionActionType.UpdateReplace, Row("p", "2"), new("W/\"datetime'2020-01-01T00%3A00%3A00.0000000Z'\"")), new TableTransactionAction(TableTransactionActionType.Add, Row("p", "4"))),
            Submit(new TableTransactionAction(TableTransactionActionType.UpdateMerge, Row("p", "2", ("B", 1)), ETag.All), new TableTransactionAction(TableTransactionActionType.UpsertReplace, Row("p", "5")), new TableTransactionAction(TableTransactionActionType.Delete, Row("p", "1"), ETag.All)),
            Query("PartitionKey eq 'p'"),
            Submit(new TableTransactionAction(TableTransactionActionType.Delete, Row("p", "2"), ETag.All), new TableTransactionAction(TableTransactionActionType.Delete, Row("p", "none"), ETag.All)),
            Submit(new TableTransactionAction(TableTransactionActionType.UpdateReplace, Row("p", "none"), ETag.All)), Query("PartitionKey eq 'p'"),
        ],
        ["queries"] =
        [
            Create,
            .. from partition in (string[])["a", "b", "b|1", "c"] from row in (string[])["", "1", "2", "10", "a'"] select Upsert(partition, row, ("N", row.Length), ("L", (long)row.Length), ("Flag", row.Length > 1)),
            Query("PartitionKey eq 'b'"), Query("PartitionKey eq 'b' and RowKey gt '1'"), Query("PartitionKey eq 'b' and RowKey ge '1' and RowKey lt '2'"), Query("PartitionKey eq 'b' and RowKey ne '2'"),
            Query("PartitionKey eq 'b' and RowKey gt 'a'''"), Query("PartitionKey eq 'b' and RowKey eq 'a'''"), Query("PartitionKey ge 'b' and PartitionKey le 'b|1'"), Query("PartitionKey gt 'b'"), Query("PartitionKey gt 'x'"),
            Query("PartitionKey eq 'c' and L gt 1L"), Query("PartitionKey eq 'c' and N le 1"), Query("PartitionKey eq 'c' and Flag eq true"), Query("PartitionKey eq 'none'"),
            Query("PartitionKey eq 'b'", 2, "RowKey"), Query("PartitionKey ge 'a' and PartitionKey le 'b'", 3, "PartitionKey", "RowKey", "N"),
            QueryWhileRowsGo("PartitionKey eq 'b'", 2),
        ],
    };

    public static TheoryData<string> TableCases => [.. _tableCases.Keys];

    [Theory]
    [MemberData(nameof(TableCases))]
    public async Task Table_in_memory_answers_as_Azurite_does(string name)
    {
        var (memory, real) = Tables();
        for (var step = 0; step < _tableCases[name].Length; step++)
            Assert.Equal($"{step}: {await SayAsync(() => _tableCases[name][step](real))}", $"{step}: {await SayAsync(() => _tableCases[name][step](memory))}");
    }

    [Fact]
    public async Task Any_sequence_of_writes_leaves_the_same_rows()
    {
        var key = Gen.Int[0, 3].Select(n => n.ToString(CultureInfo.InvariantCulture));
        var action = Gen.Select(key, Gen.Int[0, 5], Gen.Int[0, 2], Gen.Int[0, 9], (row, type, etag, value) => (row, type, etag, value));
        await Gen.Select(key, action.Array[1, 3], (partition, actions) => (partition, actions)).Array[1, 8].SampleAsync(async transactions =>
        {
            var (memory, real) = Tables();
            await Task.WhenAll(Create(memory), Create(real));
            foreach (var (partition, actions) in transactions)
            {
                var distinct = actions.DistinctBy(one => one.row).ToList();
                Assert.Equal(await SayAsync(() => Do(real)), await SayAsync(() => Do(memory)));

                async Task<object?> Do(TableClient table)
                {
                    var read = new List<TableTransactionAction>();
                    foreach (var (row, type, etag, value) in distinct)
                    {
                        var found = await table.GetEntityIfExistsAsync<TableEntity>(partition, row);
                        // A new row's own ETag, an old one, or any.
                        var condition = etag == 0 || !found.HasValue ? ETag.All : etag == 1 ? found.Value!.ETag : new("W/\"datetime'2020-01-01T00%3A00%3A00.0000000Z'\"");
                        read.Add(new((TableTransactionActionType)type, Row(partition, row, ($"V{value % 3}", value)), condition));
                    }

                    return await SubmitAll([.. read])(table);
                }
            }

            Assert.Equal(await SayAsync(() => Query("PartitionKey ge '0'")(real)), await SayAsync(() => Query("PartitionKey ge '0'")(memory)));
        }, iter: 15, threads: 1);
    }

    [Fact]
    public async Task Queue_in_memory_answers_as_Azurite_does()
    {
        var name = AzuriteFixture.Unique("q");
        var said = new List<string>();
        foreach (var service in (QueueServiceClient[])[new(azurite.ConnectionString, new() { MessageEncoding = QueueMessageEncoding.Base64 }), new InMemoryStorage(TimeProvider.System).QueuesThrough()])
        {
            var queue = service.GetQueueClient(name);
            var words = new StringBuilder();
            await Say(async () => await queue.SendMessageAsync(new BinaryData("too early"), TimeSpan.Zero, TimeSpan.FromSeconds(-1)));
            await queue.CreateIfNotExistsAsync();
            await queue.CreateIfNotExistsAsync();
            await Say(async () => await queue.SendMessageAsync(new BinaryData("now"), TimeSpan.Zero, TimeSpan.FromSeconds(-1)));
            await Say(async () => await queue.SendMessageAsync(new BinaryData("later"), TimeSpan.FromHours(1), TimeSpan.FromSeconds(-1)));
            var first = (await queue.ReceiveMessagesAsync(5, TimeSpan.FromHours(1))).Value;
            words.AppendJoin(',', first.Select(message => $"{message.Body} {message.DequeueCount}"));
            words.Append((await queue.ReceiveMessagesAsync(5, TimeSpan.FromHours(1))).Value.Length);
            await Say(async () => await queue.UpdateMessageAsync(first[0].MessageId, first[0].PopReceipt, visibilityTimeout: TimeSpan.Zero));
            await Say(async () => await queue.DeleteMessageAsync(first[0].MessageId, first[0].PopReceipt));
            var second = (await queue.ReceiveMessagesAsync(5, TimeSpan.FromHours(1))).Value;
            words.AppendJoin(',', second.Select(message => $"{message.Body} {message.DequeueCount}"));
            await Say(async () => await queue.DeleteMessageAsync(second[0].MessageId, second[0].PopReceipt));
            await Say(async () => await queue.DeleteMessageAsync(second[0].MessageId, second[0].PopReceipt));
            words.Append((await queue.ReceiveMessagesAsync(5, TimeSpan.FromHours(1))).Value.Length);
            said.Add(words.ToString());

            async Task Say(Func<Task> act) => words.Append(await SayAsync(async () =>
            {
                await act();
                return "done";
            })).Append(' ');
        }

        Assert.Equal(said[0], said[1]);
    }

    private (TableClient Memory, TableClient Real) Tables()
    {
        var name = AzuriteFixture.Unique("memory");
        return (new InMemoryStorage(TimeProvider.System).TablesThrough().GetTableClient(name), new TableServiceClient(azurite.ConnectionString).GetTableClient(name));
    }

    private static TableEntity Row(string partition, string key, params (string Name, object Value)[] properties)
    {
        var row = new TableEntity(partition, key);
        foreach (var (name, value) in properties)
            row[name] = value;
        return row;
    }

    private static async Task<object?> Create(TableClient table)
    {
        await table.CreateIfNotExistsAsync();
        return "created";
    }

    private static Func<TableClient, Task<object?>> Get(string partition, string key, params string[] select)
        => async table => await table.GetEntityIfExistsAsync<TableEntity>(partition, key, select.Length == 0 ? null : select) is { HasValue: true } found ? Say(found.Value!) : "none";

    private static Func<TableClient, Task<object?>> Add(string partition, string key, params (string Name, object Value)[] properties)
        => async table => await table.AddEntityAsync(Row(partition, key, properties));

    private static Func<TableClient, Task<object?>> Upsert(string partition, string key, params (string Name, object Value)[] properties)
        => async table => await table.UpsertEntityAsync(Row(partition, key, properties), TableUpdateMode.Replace);

    private static Func<TableClient, Task<object?>> Merge(string partition, string key, params (string Name, object Value)[] properties)
        => async table => await table.UpdateEntityAsync(Row(partition, key, properties), ETag.All, TableUpdateMode.Merge);

    private static Func<TableClient, Task<object?>> Replace(string partition, string key, ETag etag, params (string Name, object Value)[] properties)
        => async table => await table.UpdateEntityAsync(Row(partition, key, properties), etag, TableUpdateMode.Replace);

    /// <summary>Twice under the ETag that was read: the second time it is another.</summary>
    private static Func<TableClient, Task<object?>> ReplaceAsRead(string partition, string key, params (string Name, object Value)[] properties)
        => async table =>
        {
            var etag = (await table.GetEntityIfExistsAsync<TableEntity>(partition, key, ["RowKey"])).Value!.ETag;
            var written = await table.UpdateEntityAsync(Row(partition, key, properties), etag, TableUpdateMode.Replace);
            var now = (await table.GetEntityIfExistsAsync<TableEntity>(partition, key)).Value!.ETag;
            var again = await SayAsync(async () => await table.UpdateEntityAsync(Row(partition, key, properties), etag, TableUpdateMode.Replace));
            return $"{etag != now} {written.Headers.ETag == now} {again}";
        };

    private static Func<TableClient, Task<object?>> Delete(string partition, string key) => async table => await table.DeleteEntityAsync(partition, key, ETag.All);

    private static Func<TableClient, Task<object?>> DeleteStale(string partition, string key)
        => async table => await table.DeleteEntityAsync(partition, key, new ETag("W/\"datetime'2020-01-01T00%3A00%3A00.0000000Z'\""));

    private static Func<TableClient, Task<object?>> Submit(TableTransactionAction first, params TableTransactionAction[] others) => SubmitAll([first, .. others]);

    private static Func<TableClient, Task<object?>> SubmitAll(TableTransactionAction[] actions)
        => async table => string.Join(' ', (await table.SubmitTransactionAsync(actions)).Value.Select(response => $"{response.Status} {response.Headers.ETag is not null}"));

    private static Func<TableClient, Task<object?>> Query(string filter, int? pageSize = null, params string[] select)
        => async table =>
        {
            var pages = new StringBuilder();
            await foreach (var page in table.QueryAsync<TableEntity>(filter, pageSize, select.Length == 0 ? null : select).AsPages())
                pages.AppendJoin("; ", page.Values.Select(Say)).Append(" / ");
            return pages.ToString();
        };

    /// <summary>Each page is read as the table is then.</summary>
    private static Func<TableClient, Task<object?>> QueryWhileRowsGo(string filter, int pageSize)
        => async table =>
        {
            var pages = new StringBuilder();
            await foreach (var page in table.QueryAsync<TableEntity>(filter, pageSize).AsPages())
            {
                pages.AppendJoin("; ", page.Values.Select(Say)).Append(" / ");
                foreach (var row in page.Values)
                    await table.DeleteEntityAsync(row, ETag.All);
            }

            return pages.ToString();
        };

    private static string Say(TableEntity row)
        => $"{row.PartitionKey ?? "?"} {row.RowKey ?? "?"} {row.ETag != default} "
            + string.Join(' ', ((IDictionary<string, object>)row).Where(property => property.Key is not ("PartitionKey" or "RowKey" or "Timestamp" or "odata.etag")).OrderBy(property => property.Key, StringComparer.Ordinal)
                .Select(property => $"{property.Key}={(property.Value is byte[] bytes ? Convert.ToHexString(bytes) : property.Value)}:{property.Value.GetType().Name}"));

    private static async Task<string> SayAsync(Func<Task<object?>> act)
    {
        try
        {
            return await act() switch
            {
                Response response => $"{response.Status} {response.Headers.ETag is not null}",
                var said => said?.ToString() ?? "",
            };
        }
        catch (RequestFailedException e)
        {
            return $"refused {e.Status} {e.ErrorCode}";
        }
    }
}
