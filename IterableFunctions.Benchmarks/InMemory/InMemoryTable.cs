using System.Globalization;
using Azure;
using Azure.Data.Tables;

namespace IterableFunctions.Benchmarks.InMemory;

/// <summary>A table's rows, by partition and in the order of their keys. Safe for concurrent use; each operation is atomic.</summary>
public sealed class InMemoryTable
{
    private const int LargestTransaction = 100;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, SortedSet<Row>> _partitions = new(StringComparer.Ordinal);
    private SortedSet<string>? _order;
    private long _version;

    /// <summary>Rows in all.</summary>
    public long Count
    {
        get
        {
            lock (_lock)
                return _partitions.Values.Sum(rows => (long)rows.Count);
        }
    }

    /// <summary>Writes a row past all clients, over one that is there.</summary>
    public void Put(string partition, string key, params KeyValuePair<string, object>[] properties)
    {
        lock (_lock)
            Write(partition, new(key, ++_version, properties));
    }

    /// <summary>All rows.</summary>
    public IReadOnlyList<TableEntity> Rows() => Page(TableFilter.Parse(null), from: null, int.MaxValue, select: null).Rows;

    internal TableEntity? Find(string partition, string key, IReadOnlyCollection<string>? select)
    {
        lock (_lock)
            return FindRow(partition, key)?.ToEntity(partition, select);
    }

    /// <summary>Does all of it or nothing.</summary>
    /// <returns>The ETags.</returns>
    /// <exception cref="RequestFailedException">As Azure's table service refuses it.</exception>
    internal IReadOnlyList<ETag?> Submit(IReadOnlyList<TableTransactionAction> actions)
    {
        if (actions.Count > LargestTransaction || actions.Select(action => action.Entity.PartitionKey).Distinct().Count() > 1)
            throw Answered.Failure(400, actions.Count > LargestTransaction ? "InvalidInput" : "CommandsInBatchActOnDifferentPartitions");
        if (actions.Select(action => action.Entity.RowKey).Distinct().Count() < actions.Count)
            throw Answered.Failure(400, "InvalidDuplicateRow");
        lock (_lock)
        {
            foreach (var action in actions)
                Check(action, FindRow(action.Entity.PartitionKey, action.Entity.RowKey));
            return [.. actions.Select(Apply)];
        }
    }

    /// <summary>The next rows that a filter takes.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="from">Where an earlier page ended; null for the first.</param>
    /// <param name="size">How many.</param>
    /// <param name="select">The properties that matter; null for all.</param>
    internal (List<TableEntity> Rows, string? Next) Page(TableFilter filter, string? from, int size, IReadOnlyCollection<string>? select)
    {
        var (partition, key) = from?.Split('\n') is [var first, var second] ? (first, second) : (null, null);
        var page = new List<TableEntity>();
        lock (_lock)
        {
            foreach (var name in Partitions(filter.Partitions, partition))
            {
                foreach (var row in RowsOf(name, filter.Rows, name == partition ? key : null))
                {
                    if (!filter.Takes(row))
                        continue;
                    if (page.Count == size)
                        return (page, $"{name}\n{row.Key}");
                    page.Add(row.ToEntity(name, select));
                }
            }
        }

        return (page, null);
    }

    private static void Check(TableTransactionAction action, Row? row)
    {
        var isUpsert = action.ActionType is TableTransactionActionType.UpsertMerge or TableTransactionActionType.UpsertReplace;
        if (action.ActionType == TableTransactionActionType.Add && row is not null)
            throw Answered.Failure(409, "EntityAlreadyExists");
        if (action.ActionType == TableTransactionActionType.Add || isUpsert)
            return;
        if (row is null)
            throw Answered.Failure(404, "ResourceNotFound");
        if (action.ETag != default && action.ETag != ETag.All && action.ETag != row.ETag)
            throw Answered.Failure(412, "UpdateConditionNotSatisfied");
    }

    private ETag? Apply(TableTransactionAction action)
    {
        var (partition, key) = (action.Entity.PartitionKey, action.Entity.RowKey);
        if (action.ActionType == TableTransactionActionType.Delete)
        {
            var rows = _partitions[partition];
            rows.Remove(new(key, 0, []));
            if (rows.Count == 0)
            {
                _partitions.Remove(partition);
                _order?.Remove(partition);
            }

            return null;
        }

        var properties = Row.PropertiesOf((TableEntity)action.Entity);
        if (action.ActionType is TableTransactionActionType.UpdateMerge or TableTransactionActionType.UpsertMerge && FindRow(partition, key) is { } before)
            properties = [.. before.Properties.Where(old => !properties.Any(property => property.Key == old.Key)), .. properties];
        var row = new Row(key, ++_version, properties);
        Write(partition, row);
        return row.ETag;
    }

    private Row? FindRow(string partition, string key) => _partitions.TryGetValue(partition, out var rows) && rows.TryGetValue(new(key, 0, []), out var row) ? row : null;

    private void Write(string partition, Row row)
    {
        if (!_partitions.TryGetValue(partition, out var rows))
        {
            _partitions.Add(partition, rows = new(KeyOrder.Instance));
            _order?.Add(partition);
        }

        rows.Remove(row);
        rows.Add(row);
    }

    private IEnumerable<string> Partitions(Bounds bounds, string? from)
    {
        if (bounds.IsOne)
            return _partitions.ContainsKey(bounds.From!) ? [bounds.From!] : [];
        // Only a table that is read over several partitions needs their order.
        _order ??= new(_partitions.Keys, StringComparer.Ordinal);
        var (low, high) = (from ?? bounds.From ?? _order.Min, bounds.To ?? _order.Max);
        return low is null || high is null || string.CompareOrdinal(low, high) > 0 ? [] : _order.GetViewBetween(low, high).Where(bounds.Contain);
    }

    private IEnumerable<Row> RowsOf(string partition, Bounds bounds, string? from)
    {
        var rows = _partitions[partition];
        var (low, high) = (from ?? bounds.From ?? rows.Min!.Key, bounds.To ?? rows.Max!.Key);
        return string.CompareOrdinal(low, high) > 0 ? [] : rows.GetViewBetween(new(low, 0, []), new(high, 0, [])).Where(row => bounds.Contain(row.Key));
    }

    internal sealed class Row(string key, long version, KeyValuePair<string, object>[] properties)
    {
        public string Key => key;

        public KeyValuePair<string, object>[] Properties => properties;

        public ETag ETag => new($"W/\"{version.ToString(CultureInfo.InvariantCulture)}\"");

        public object? this[string name] => Array.Find(properties, property => property.Key == name).Value;

        public static KeyValuePair<string, object>[] PropertiesOf(TableEntity entity)
            => [.. ((IDictionary<string, object?>)entity).Where(property => property.Value is not null && property.Key is not ("PartitionKey" or "RowKey" or "Timestamp" or "odata.etag"))!];

        public TableEntity ToEntity(string partition, IReadOnlyCollection<string>? select)
        {
            var entity = new TableEntity { ETag = ETag };
            if (select is null || select.Contains("PartitionKey"))
                entity.PartitionKey = partition;
            if (select is null || select.Contains("RowKey"))
                entity.RowKey = key;
            foreach (var property in properties)
            {
                if (select is null || select.Contains(property.Key))
                    entity[property.Key] = property.Value;
            }

            return entity;
        }
    }

    private sealed class KeyOrder : IComparer<Row>
    {
        public static KeyOrder Instance { get; } = new();

        public int Compare(Row? x, Row? y) => string.CompareOrdinal(x!.Key, y!.Key);
    }
}
