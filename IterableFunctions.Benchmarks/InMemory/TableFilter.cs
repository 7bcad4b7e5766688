using System.Globalization;

namespace IterableFunctions.Benchmarks.InMemory;

/// <summary>A query's filter: comparisons joined by <c>and</c>, which is all that the app writes.</summary>
internal sealed class TableFilter
{
    private readonly List<Comparison> _others = [];

    private TableFilter()
    {
    }

    public Bounds Partitions { get; private set; }

    public Bounds Rows { get; private set; }

    /// <exception cref="NotSupportedException">It is more than comparisons joined by <c>and</c>.</exception>
    public static TableFilter Parse(string? text)
    {
        var filter = new TableFilter();
        for (var rest = text?.Trim() ?? ""; rest.Length > 0;)
        {
            var (name, afterName) = Word(rest);
            var (symbol, afterSymbol) = Word(afterName);
            var (value, afterValue) = Value(afterSymbol);
            filter.Add(new(name, symbol, value));
            if (afterValue.Length == 0)
                break;
            var (joint, next) = Word(afterValue);
            if (joint != "and")
                throw new NotSupportedException($"{joint} in {text}");
            rest = next;
        }

        return filter;
    }

    public bool Takes(InMemoryTable.Row row) => _others.TrueForAll(comparison => comparison.Holds(comparison.Name == "RowKey" ? row.Key : row[comparison.Name]));

    private void Add(Comparison comparison)
    {
        if (comparison is { Name: "PartitionKey", Value: string partition } && Partitions.With(comparison.Symbol, partition) is { } partitions)
            Partitions = partitions;
        else if (comparison is { Name: "RowKey", Value: string row } && Rows.With(comparison.Symbol, row) is { } rows)
            Rows = rows;
        else if (comparison.Name == "PartitionKey")
            throw new NotSupportedException($"PartitionKey {comparison.Symbol}");
        else
            _others.Add(comparison);
    }

    private static (string Word, string Left) Word(string text)
    {
        var end = text.IndexOf(' ', StringComparison.Ordinal);
        return end < 0 ? (text, "") : (text[..end], text[end..].TrimStart());
    }

    private static (object Value, string Left) Value(string text)
    {
        if (text[0] == '\'')
        {
            var end = 1;
            while (text[end] != '\'' || (end + 1 < text.Length && text[end + 1] == '\''))
                end += text[end] == '\'' ? 2 : 1;
            return (text[1..end].Replace("''", "'", StringComparison.Ordinal), text[(end + 1)..].TrimStart());
        }

        var (word, rest) = Word(text);
        if (word is "true" or "false")
            return (word == "true", rest);
        return (word.EndsWith('L') ? long.Parse(word[..^1], CultureInfo.InvariantCulture) : (object)int.Parse(word, CultureInfo.InvariantCulture), rest);
    }

    private sealed record Comparison(string Name, string Symbol, object Value)
    {
        /// <summary>A property that a row does not have, or has with another type, matches nothing.</summary>
        public bool Holds(object? found)
        {
            if (found is null || found.GetType() != Value.GetType())
                return false;
            var order = found is string text ? string.CompareOrdinal(text, (string)Value) : ((IComparable)found).CompareTo(Value);
            return Symbol switch
            {
                "eq" => order == 0,
                "ne" => order != 0,
                "gt" => order > 0,
                "ge" => order >= 0,
                "lt" => order < 0,
                "le" => order <= 0,
                _ => throw new NotSupportedException(Symbol),
            };
        }
    }
}

/// <summary>A range of keys.</summary>
/// <param name="From">The first that may be in it; null for any.</param>
/// <param name="BehindFrom">Whether that one is not in it itself.</param>
/// <param name="To">The last that may be in it; null for any.</param>
/// <param name="BeforeTo">Whether that one is not in it itself.</param>
internal readonly record struct Bounds(string? From, bool BehindFrom, string? To, bool BeforeTo)
{
    public bool IsOne => From is not null && From == To;

    public bool Contain(string key)
        => (From is null || string.CompareOrdinal(key, From) is var low && (low > 0 || (low == 0 && !BehindFrom)))
            && (To is null || string.CompareOrdinal(key, To) is var high && (high < 0 || (high == 0 && !BeforeTo)));

    /// <summary>Null for a comparison that is no bound.</summary>
    public Bounds? With(string symbol, string key) => symbol switch
    {
        "eq" => new(key, false, key, false),
        "gt" => this with { From = key, BehindFrom = true },
        "ge" => this with { From = key, BehindFrom = false },
        "lt" => this with { To = key, BeforeTo = true },
        "le" => this with { To = key, BeforeTo = false },
        _ => null,
    };
}
