using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Profiles;

namespace IterableFunctions.Personas.Sync;

/// <summary>What an evaluation changes.</summary>
/// <param name="Document">The document with the values in it.</param>
/// <param name="Joined">The definitions whose value was empty or another profile's before and is not now.</param>
/// <param name="Left">Those whose value is empty now.</param>
/// <param name="Changed">All whose value is another.</param>
public sealed record Reckoned(ProfileDocument Document, IReadOnlyList<string> Joined, IReadOnlyList<string> Left, IReadOnlyList<string> Changed);

/// <summary>Takes the values that an evaluation found into a profile's document. Pure.</summary>
public static class Reckoning
{
    /// <summary>Bytes of a value's JSON; a longer one counts as null, for a document has to hold it several times.</summary>
    public const int LargestValue = 32 * 1024;

    /// <summary>A person as an evaluation sees them.</summary>
    /// <param name="document">The profile.</param>
    /// <param name="catalog">The definitions.</param>
    /// <param name="history">The rows that the evaluation asked for.</param>
    public static ProfileView ViewOf(ProfileDocument document, Catalog catalog, EventHistory history) => new()
    {
        Traits = new TraitValues(document),
        States = document.States,
        History = history,
        IsBuilt = leaf => catalog.IsBuilt(leaf, document.BuiltThrough),
    };

    /// <param name="document">The profile as it was evaluated.</param>
    /// <param name="catalog">The definitions.</param>
    /// <param name="evaluation">What was found.</param>
    /// <param name="isAddressable">Whether Iterable can be told of the person; others have values of definitions that include anonymous users only.</param>
    /// <param name="now">UTC ticks.</param>
    public static Reckoned Settle(ProfileDocument document, Catalog catalog, ProfileEvaluation evaluation, bool isAddressable, long now)
    {
        var values = document.Values.ToBuilder();
        var told = document.Told.Keys.Select(key => key.Definition).ToHashSet(StringComparer.Ordinal);
        var (joined, left, changed) = (new List<string>(), new List<string>(), new List<string>());
        foreach (var key in document.Values.Keys.Where(key => catalog[key] is null))
        {
            values.Remove(key);
            left.Add(key);
        }

        foreach (var result in evaluation.Results)
        {
            var definition = catalog[result.Definition.Key]!;
            if (!isAddressable && !definition.IncludeAnonymousUsers)
                continue;
            var json = definition.Retiring ? "false"u8.ToArray() : result.Value.ToUtf8Json();
            if (json.Length > LargestValue)
                json = "null"u8.ToArray();
            var before = values.GetValueOrDefault(definition.Key);
            var isKnown = before is not null && before.Version == definition.Version && before.Json.Span.SequenceEqual(json);
            if (isKnown)
                continue;
            var (wasMember, isMember) = (before is not null && !SyncPlan.IsEmpty(before.Json.Span), !SyncPlan.IsEmpty(json));
            if (isMember || wasMember)
                changed.Add(definition.Key);
            // A value that came with a merge stands in the index under the profile that is gone.
            if (isMember && (!wasMember || before!.Version == 0))
                joined.Add(definition.Key);
            else if (!isMember && wasMember)
                left.Add(definition.Key);
            if (isMember || told.Contains(definition.Key))
                values[definition.Key] = new(json, before is not null && before.Json.Span.SequenceEqual(json) ? before.Since : now, definition.Version);
            else
                values.Remove(definition.Key);
        }

        var after = values.ToImmutable();
        return new(ReferenceEquals(after, document.Values) ? document : document with { Values = after }, joined, left, changed);
    }

    /// <summary>The traits as JSON, read when they are asked for: most definitions ask for none.</summary>
    private sealed class TraitValues(ProfileDocument document) : IReadOnlyDictionary<string, JsonElement>
    {
        public int Count => document.Traits.Count;

        public IEnumerable<string> Keys => document.Traits.Keys;

        public IEnumerable<JsonElement> Values => document.Traits.Values.Select(Read);

        public JsonElement this[string key] => Read(document.Traits[key]);

        public bool ContainsKey(string key) => document.Traits.ContainsKey(key);

        public bool TryGetValue(string key, [MaybeNullWhen(false)] out JsonElement value)
        {
            var found = document.Traits.TryGetValue(key, out var trait);
            value = found ? Read(trait!) : default;
            return found;
        }

        public IEnumerator<KeyValuePair<string, JsonElement>> GetEnumerator() => document.Traits.Select(trait => KeyValuePair.Create(trait.Key, Read(trait.Value))).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        private static JsonElement Read(Trait trait)
        {
            var reader = new Utf8JsonReader(trait.Json.Span, new JsonReaderOptions { MaxDepth = 2 * Segment.JsonTokens.MaxDepth });
            return JsonElement.ParseValue(ref reader);
        }
    }
}
