using System.Collections.Frozen;
using System.Collections.Immutable;
using IterableFunctions.Personas.Evaluation;

namespace IterableFunctions.Personas.Definitions;

/// <summary>
/// All definitions as they stood at one moment, compiled. Its version grows with each change; a leaf carries the version that introduced it, and a profile the version that its states
/// are complete through.
/// </summary>
public sealed class Catalog
{
    private readonly FrozenDictionary<string, DefinitionRecord> _records;
    private readonly ImmutableSortedDictionary<LeafId, int> _leafVersions;

    private Catalog(int version, ImmutableSortedDictionary<LeafId, int> leafVersions, IReadOnlyList<DefinitionRecord> records, DefinitionSet set)
    {
        Version = version;
        _leafVersions = leafVersions;
        Records = records;
        _records = records.ToFrozenDictionary(record => record.Key, StringComparer.Ordinal);
        Set = set;
        IncludesAnonymousUsers = records.Any(record => record.IncludeAnonymousUsers);
    }

    public static Catalog Empty { get; } = new(0, ImmutableSortedDictionary<LeafId, int>.Empty, [], DefinitionSet.Empty);

    public int Version { get; }

    public DefinitionSet Set { get; }

    /// <summary>By key.</summary>
    public IReadOnlyList<DefinitionRecord> Records { get; }

    /// <summary>The version that introduced each leaf.</summary>
    public IReadOnlyDictionary<LeafId, int> LeafVersions => _leafVersions;

    /// <summary>Whether somebody who cannot be told of at Iterable is evaluated at all.</summary>
    public bool IncludesAnonymousUsers { get; }

    public DefinitionRecord? this[string key] => _records.GetValueOrDefault(key);

    /// <summary>Puts a stored catalog together.</summary>
    /// <exception cref="DefinitionException">Its definitions do not go together.</exception>
    public static Catalog Of(int version, IEnumerable<KeyValuePair<LeafId, int>> leafVersions, IEnumerable<DefinitionRecord> records)
    {
        DefinitionRecord[] all = [.. records.OrderBy(record => record.Key, StringComparer.Ordinal)];
        return new(version, leafVersions.ToImmutableSortedDictionary(), all, DefinitionSet.Compile(all.Select(record => new Definition(record.Key, record.Kind, record.Query))));
    }

    /// <summary>The next catalog: with a definition put into it.</summary>
    /// <param name="record">Takes the new version where it is new or its query another.</param>
    /// <exception cref="DefinitionException">It cannot be read, or does not go together with the others.</exception>
    public Catalog With(DefinitionRecord record)
        => Next([.. Records.Where(other => other.Key != record.Key), this[record.Key]?.Query == record.Query && this[record.Key]?.Kind == record.Kind ? record : record with { Version = Version + 1 }]);

    /// <summary>The next catalog: without a definition.</summary>
    /// <exception cref="DefinitionException">Another refers to it and cannot do without.</exception>
    public Catalog Without(string key) => Next([.. Records.Where(other => other.Key != key)]);

    /// <summary>The definitions that refer to one.</summary>
    public IEnumerable<string> ThoseThatReferTo(string key)
        => Set.Definitions.Where(definition => definition.References.Any(reference => Set.Definitions[reference].Key == key)).Select(definition => definition.Key);

    /// <summary>Whether a profile whose states are complete through a version has this leaf's.</summary>
    public bool IsBuilt(Leaf leaf, int builtThrough) => _leafVersions[leaf.Id] <= builtThrough;

    /// <summary>Leaves that nothing reads any more lose their version; introduced again they get a new one.</summary>
    private Catalog Next(IReadOnlyList<DefinitionRecord> records)
    {
        var version = Version + 1;
        var next = Of(version, [], records);
        return new(version, next.Set.Leaves.ToImmutableSortedDictionary(leaf => leaf.Id, leaf => _leafVersions.GetValueOrDefault(leaf.Id, version)), next.Records, next.Set);
    }
}
