using System.Collections.Concurrent;
using Azure.Data.Tables;
using Azure.Storage.Queues;

namespace IterableFunctions.Benchmarks.InMemory;

/// <summary>Stands between a client and storage; runs the operation once, not at all, or runs it and loses the answer.</summary>
/// <param name="isTable">Whether it is an operation on a table, else on a queue.</param>
/// <param name="operation">The operation.</param>
public delegate Task Passage(bool isTable, Action operation);

/// <summary>
/// A storage account in memory: of tables and queues as much as the app calls, and that as Azure answers it. Sizes of entities and transactions are not checked, nor are queues' times to live.
/// Tests hold it against Azurite, case by case.
/// </summary>
/// <param name="time">The clock of queues.</param>
public sealed class InMemoryStorage(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, InMemoryTable> _tables = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, InMemoryQueue> _queues = new(StringComparer.Ordinal);

    /// <summary>Transactions since the last <see cref="Forget"/>, by table or queue and kind, as <c>Profiles write</c>. An entity-group transaction is one.</summary>
    public ConcurrentDictionary<string, long> Transactions { get; } = new(StringComparer.Ordinal);

    public long TableTransactions => Transactions.Where(count => !count.Key.StartsWith("queue ", StringComparison.Ordinal)).Sum(count => count.Value);

    public long QueueTransactions => Transactions.Where(count => count.Key.StartsWith("queue ", StringComparison.Ordinal)).Sum(count => count.Value);

    /// <summary>Counts from 0 on.</summary>
    public void Forget() => Transactions.Clear();

    /// <summary>A client of one process.</summary>
    public TableServiceClient TablesThrough(Passage? passage = null) => new InMemoryTableService(this, passage);

    /// <inheritdoc cref="TablesThrough"/>
    public QueueServiceClient QueuesThrough(Passage? passage = null) => new InMemoryQueueService(this, passage);

    /// <summary>A table to fill or look into past all clients, created if it is not there.</summary>
    public InMemoryTable Table(string name) => _tables.GetOrAdd(name, _ => new());

    internal InMemoryTable? FindTable(string name) => _tables.GetValueOrDefault(name);

    /// <summary>A queue to look into past all clients, created if it is not there.</summary>
    public InMemoryQueue Queue(string name) => _queues.GetOrAdd(name, _ => new(time));

    internal InMemoryQueue? FindQueue(string name) => _queues.GetValueOrDefault(name);

    internal async Task<T> RunAsync<T>(Passage? passage, string counted, Func<T> act, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (passage is null)
            return Run();
        T? result = default;
        await passage(!counted.StartsWith("queue ", StringComparison.Ordinal), () => result = Run());
        return result!;

        T Run()
        {
            Transactions.AddOrUpdate(counted, 1, static (_, count) => count + 1);
            return act();
        }
    }
}
