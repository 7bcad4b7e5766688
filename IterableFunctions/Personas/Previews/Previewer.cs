using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Personas.Queries;
using IterableFunctions.Personas.Sync;
using IterableFunctions.Storage;

namespace IterableFunctions.Personas.Previews;

/// <summary>Evaluates definitions that are not saved over a sample of profiles, from their events. Writes nothing, and takes no longer than somebody waits.</summary>
public sealed class Previewer(Catalogs catalogs, MemberTable members, ProfileTable profiles, Evaluator evaluator, TimeProvider time)
{
    public const int SampleSize = 200;

    private const int Concurrency = 16;
    private const int MostMembers = 5;
    private const int MostValues = 10;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);

    /// <param name="kind">Of the definition.</param>
    /// <param name="draft">What the user says of it; of a definition that there is, it takes the place.</param>
    /// <param name="cancellation">Ends the preview.</param>
    /// <returns>What it would come to, or why it cannot be taken.</returns>
    public async Task<(PreviewReport? Report, DefinitionRefusal? Refusal)> PreviewAsync(DefinitionKind kind, DefinitionDraft draft, CancellationToken cancellation)
    {
        var key = draft.Key ?? (draft.Name is { } name ? DefinitionKeys.Of(name) : DefinitionKeys.OfPreviews);
        var catalog = (await catalogs.ReloadAsync(cancellation)).Catalog;
        var definition = draft.Onto(new() { Key = key, Kind = kind, Name = key, Query = draft.Query });
        if (DefinitionRules.Compile(catalog, definition) is { } refusal)
            return (null, refusal);
        catalog = catalog.With(definition);
        var set = WithoutOthers(catalog.Set, key);

        using var limit = new CancellationTokenSource(Limit, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        var (sample, seen) = (new ProfileSample([], 0, IsWhole: false), new ConcurrentBag<Seen?>());
        try
        {
            sample = await ProfileSample.DrawAsync(members, SampleSize, draft.IncludeAnonymousUsers, both.Token);
            await Parallel.ForEachAsync(sample.Profiles, new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = both.Token }, async (profile, cancelled) =>
                seen.Add(await EvaluateAsync(profile, definition, catalog, set, cancelled)));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // What was seen until now is the sample.
        }

        return (Report(definition, set, sample, seen), null);
    }

    /// <summary>Null for somebody whom it would not be evaluated for.</summary>
    private async Task<Seen?> EvaluateAsync(string profile, DefinitionRecord definition, Catalog catalog, DefinitionSet set, CancellationToken cancellation)
    {
        if (await profiles.FindAsync(profile, cancellation) is not { Document: { Kind: ProfileKind.Live, Merging.IsEmpty: true } document }
            || (!definition.IncludeAnonymousUsers && !evaluator.IsAddressable(document)))
            return null;
        // No state is built of a definition that is not saved, so all is read from the rows.
        var states = set.Leaves.Aggregate(LeafStates.None, (all, leaf) => all.With(leaf.Id, LeafState.FromRows));
        var hour = Hour.Containing(time.GetUtcNow());
        var rows = new Dictionary<string, IReadOnlyList<ProfileEvent>>(StringComparer.Ordinal);
        foreach (var need in set.RowsNeeded(states, hour, EvaluationScope.All))
        {
            var events = new List<ProfileEvent>();
            await foreach (var e in profiles.EventsAsync(profile, need.Event, need.FromTicks, foldedAfter: -1, cancellation))
                events.Add(e.Event);
            rows[need.Event] = events;
        }

        var view = Reckoning.ViewOf(document, catalog, new(rows)) with { States = states, IsBuilt = static _ => true };
        return new(profile, document, set.Evaluate(view, hour, EvaluationScope.All)[definition.Key]);
    }

    private static PreviewReport Report(DefinitionRecord definition, DefinitionSet set, ProfileSample sample, IReadOnlyCollection<Seen?> seen)
    {
        Seen[] sampled = [.. seen.OfType<Seen>()];
        Seen[] matched = [.. sampled.Where(one => !SyncPlan.IsEmpty(one.Value.ToUtf8Json()))];
        var isExact = sample.IsWhole && seen.Count == sample.Profiles.Count;
        // Who was drawn and is nobody to evaluate it for stands for others like that.
        var population = isExact ? sampled.Length : seen.Count == 0 ? 0 : sample.Population * sampled.Length / seen.Count;
        var estimate = sampled.Length == 0 ? 0 : population * matched.Length / sampled.Length;
        var compiled = set.Definitions.First(other => other.Key == definition.Key);
        var isTrait = definition.Kind == DefinitionKind.ComputedTrait;
        return new(
            compiled.CanonicalText,
            CadenceReport.Of(compiled.Cadence),
            (long)Math.Round(estimate),
            isExact,
            (long)Math.Round(population),
            sampled.Length,
            matched.Length,
            Method(sample, sampled.Length, seen.Count, isExact, population),
            [.. matched.Take(MostMembers).Select(one => new PreviewMember(one.Profile, [.. Identifiers(one.Document)], isTrait ? Json(one.Value) : null))],
            isTrait ? [.. sampled.GroupBy(one => one.Value).OrderByDescending(group => group.Count()).ThenBy(group => group.Key.ToJson(), StringComparer.Ordinal).Take(MostValues).Select(group => new PreviewValue(Json(group.Key), group.Count()))] : null);
    }

    private static string Method(ProfileSample sample, int sampled, int seen, bool isExact, double population)
        => isExact ? string.Create(CultureInfo.InvariantCulture, $"Every profile was evaluated: {sampled}.")
            : string.Create(CultureInfo.InvariantCulture, $"{sampled} profiles were evaluated, drawn at random from about {Math.Round(population)}; the estimate is the share of them that matched, times that number.")
                + (seen < sample.Profiles.Count || sample.Profiles.Count == 0 ? string.Create(CultureInfo.InvariantCulture, $" There was no time for more: {Limit.TotalSeconds} seconds were over.") : "");

    private static IEnumerable<string> Identifiers(ProfileDocument document)
        => document.Ids.Select(known => known.Id).Order(Comparer<ExternalId>.Create(ExternalId.ByPriority)).Select(id => $"{id.Type}:{id.Value}");

    /// <summary>A definition, and those that it refers to.</summary>
    private static DefinitionSet WithoutOthers(DefinitionSet all, string key)
    {
        var needed = new HashSet<string>(StringComparer.Ordinal) { key };
        // Those that are referred to come first.
        foreach (var definition in all.Definitions.Reverse().Where(definition => needed.Contains(definition.Key)))
            needed.UnionWith(definition.References.Select(reference => all.Definitions[reference].Key));
        return DefinitionSet.Compile(all.Definitions.Where(definition => needed.Contains(definition.Key)).Select(definition => definition.Source));
    }

    private static JsonElement Json(Value value) => JsonSerializer.Deserialize(value.ToUtf8Json(), AppJson.Default.JsonElement);

    /// <summary>Somebody for whom it was evaluated.</summary>
    private sealed record Seen(string Profile, ProfileDocument Document, Value Value);
}
