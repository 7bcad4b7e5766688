using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace IterableFunctions.Personas.Runs;

/// <summary>An hour's look at the profiles that need one, or a backfill: a look at all of them.</summary>
public sealed record Run
{
    /// <summary>Sorts newest first.</summary>
    public required string Id { get; init; }

    /// <summary>Of a backfill: the definition that all profiles are brought up to; null for an hour.</summary>
    public string? Definition { get; init; }

    /// <summary>UTC.</summary>
    public DateTime Started { get; init; }

    /// <summary>UTC; null while it goes on.</summary>
    public DateTime? Finished { get; init; }

    /// <summary>Whether it ended because nobody waits for it any more: its definition was deleted, disabled or changed.</summary>
    public bool IsGivenUp { get; init; }

    [JsonIgnore]
    public bool IsDone => Finished is not null && !IsGivenUp;

    /// <summary>How many parts it has: 64 of a backfill, of an hour those in which something is due.</summary>
    public int Shards { get; init; }
}

/// <summary>How far a part of a run is.</summary>
public sealed record ShardProgress
{
    public static ShardProgress None { get; } = new();

    /// <summary>Of a backfill: the last profile that was looked at, in the order of their ids.</summary>
    public string? After { get; init; }

    public bool IsDone { get; init; }

    /// <summary>When it last gave a sign of life, UTC.</summary>
    public DateTime Sign { get; init; }

    public RunCounts Counts { get; init; } = RunCounts.None;
}

/// <summary>What a run, or a part of it, has done.</summary>
public sealed record RunCounts
{
    public static RunCounts None { get; } = new();

    /// <summary>Profiles that were looked at.</summary>
    public long Looked { get; init; }

    /// <summary>Profiles that could not be looked at; they are due again later.</summary>
    public long Failed { get; init; }

    /// <summary>Calls to Iterable.</summary>
    public long Calls { get; init; }

    /// <summary>Storage transactions of tables.</summary>
    public long Transactions { get; init; }

    /// <summary>By the definition's key.</summary>
    public ImmutableSortedDictionary<string, DefinitionCounts> Definitions { get; init; } = ImmutableSortedDictionary<string, DefinitionCounts>.Empty;

    public RunCounts Add(RunCounts other) => new()
    {
        Looked = Looked + other.Looked,
        Failed = Failed + other.Failed,
        Calls = Calls + other.Calls,
        Transactions = Transactions + other.Transactions,
        Definitions = other.Definitions.Aggregate(Definitions, (all, counts) => all.SetItem(counts.Key, all.GetValueOrDefault(counts.Key, DefinitionCounts.None).Add(counts.Value))),
    };
}

/// <summary>What a run has done about one definition.</summary>
/// <param name="Entered">Profiles whose value became one that is not empty.</param>
/// <param name="Exited">Profiles whose value became empty.</param>
/// <param name="Refused">Tellings that Iterable refused for good.</param>
public sealed record DefinitionCounts(long Entered, long Exited, long Refused)
{
    public static DefinitionCounts None { get; } = new(0, 0, 0);

    public DefinitionCounts Add(DefinitionCounts other) => new(Entered + other.Entered, Exited + other.Exited, Refused + other.Refused);
}
