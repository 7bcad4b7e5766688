using System.Collections.Immutable;
using IterableFunctions.Iterable;
using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Storage;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Personas.Sync;

/// <summary>A document that has been evaluated, and is not written yet.</summary>
/// <param name="Document">The document with states and values.</param>
/// <param name="Catalog">The definitions that it was evaluated with.</param>
/// <param name="Joined">Definitions whose value is not empty any more.</param>
/// <param name="Left">Definitions whose value is empty now.</param>
/// <param name="Needed">The hour at which the profile has to be looked at; null where none is needed.</param>
/// <param name="IsIncomplete">Whether a look has to do what a fold has no time for: build states from the rows.</param>
public sealed record Evaluated(ProfileDocument Document, Catalog Catalog, IReadOnlyList<string> Joined, IReadOnlyList<string> Left, Hour? Needed, bool IsIncomplete);

/// <summary>Evaluates definitions over a profile: in a fold those that do not depend on the clock, at a look all that are asked for. It reads event rows where states do not tell; it writes nothing.</summary>
public sealed class Evaluator(Catalogs catalogs, ProfileTable profiles, IOptions<IterableOptions> options, TimeProvider time)
{
    private readonly ProjectType _project = options.Value.ProjectType;

    private long Now => time.GetUtcNow().UtcTicks;

    /// <summary>Whether Iterable can be told of a person.</summary>
    public bool IsAddressable(ProfileDocument document) => Addressees.Exist(document, _project);

    /// <summary>Takes messages that have been folded into the states, and evaluates.</summary>
    /// <param name="before">The profile before them.</param>
    /// <param name="folded">With them, their states apart.</param>
    /// <param name="messages">Each once.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public async Task<Evaluated> FoldAsync(StoredProfile before, ProfileDocument folded, IReadOnlyList<ProfileMessage> messages, CancellationToken cancellation)
    {
        var catalog = await catalogs.CurrentAsync(folded.BuiltThrough, cancellation);
        var document = AdvanceTo(catalog, before.ETag is null ? folded with { BuiltThrough = catalog.Version } : folded);
        var events = messages.Where(message => message.Event is not null).Select(EventOf).ToList();
        var (states, isHourlyTouched) = (document.States, false);
        foreach (var one in events)
        {
            var fold = catalog.Set.Fold(states, one, leaf => catalog.IsBuilt(leaf, document.BuiltThrough));
            (states, isHourlyTouched) = (fold.States, isHourlyTouched | fold.HourlyNeedsLook);
        }

        document = document with { States = states };
        var isAddressable = IsAddressable(document);
        if (!document.Merging.IsEmpty || catalog.Records.Count == 0 || (!isAddressable && !catalog.IncludesAnonymousUsers))
            return new(document, catalog, [], [], null, false);

        isHourlyTouched |= messages.Any(message => message.Traits is { } traits && traits.EnumerateObject().Any(trait => catalog.Set.HourlyReadsTrait(trait.Name)))
            || (isAddressable && (before.ETag is null || !IsAddressable(before.Document)) && catalog.Set.HasHourly);
        var hour = HourOf(document, events);
        var history = await FirstPagesAsync(before.Profile, catalog.Set.RowsNeeded(states, hour, EvaluationScope.RealTime), events, cancellation);
        if (history is null)
            return new(document, catalog, [], [], isHourlyTouched ? NextLooks(hour) : null, IsIncomplete: true);

        var evaluation = catalog.Set.Evaluate(Reckoning.ViewOf(document, catalog, history), hour, EvaluationScope.RealTime);
        var reckoned = Reckoning.Settle(document, catalog, evaluation, isAddressable, Now);
        isHourlyTouched |= reckoned.Changed.Any(catalog.Set.HourlyRefersTo);
        return new(
            reckoned.Document, catalog, reckoned.Joined, reckoned.Left,
            isHourlyTouched ? NextLooks(hour) : evaluation.NextHour,
            IsIncomplete: document.BuiltThrough < catalog.Version);
    }

    /// <summary>Builds what is not built, and evaluates.</summary>
    /// <param name="stored">The profile.</param>
    /// <param name="scope">All at a full hour; else what does not depend on the clock.</param>
    /// <param name="build">What earlier attempts at the same look have built.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public async Task<Evaluated> LookAsync(StoredProfile stored, EvaluationScope scope, Build build, CancellationToken cancellation)
    {
        var document = stored.Document;
        var catalog = await catalogs.CurrentAsync(document.BuiltThrough, cancellation);
        var isAddressable = IsAddressable(document);
        if (document.Kind != ProfileKind.Live || !document.Merging.IsEmpty)
            return new(document, catalog, [], [], null, false);

        var hour = HourOf(document, []);
        // The look that they stood for is this one, even if it finds nobody to tell. Their rows are deleted when all is done.
        if (scope == EvaluationScope.All && document.Due.Any(outstanding => outstanding <= hour))
            document = document with { Due = [.. document.Due.Where(outstanding => outstanding > hour)] };
        document = AdvanceTo(catalog, document);
        if (document.BuiltThrough < catalog.Version)
            document = await BuildAsync(stored.Profile, document, catalog, build, cancellation);
        if (!isAddressable && !catalog.IncludesAnonymousUsers)
            return new(document, catalog, [], [], null, false);

        var history = await HistoryAsync(stored.Profile, catalog.Set.RowsNeeded(document.States, hour, scope), cancellation);
        var evaluation = catalog.Set.Evaluate(Reckoning.ViewOf(document, catalog, history), hour, scope);
        var reckoned = Reckoning.Settle(document, catalog, evaluation, isAddressable, Now);
        // At a full hour all are renewed together; else those that refer to what has changed wait for it.
        var needed = scope == EvaluationScope.RealTime && reckoned.Changed.Any(catalog.Set.HourlyRefersTo) ? NextLooks(hour) : evaluation.NextHour;
        document = reckoned.Document;
        if (scope == EvaluationScope.All && (catalog.Set.HasHourly || needed is not null))
            document = document with { EvaluatedHour = hour };

        return new(document, catalog, reckoned.Joined, reckoned.Left, needed, false);
    }

    /// <summary>A version that brought no new leaf needs no building.</summary>
    private static ProfileDocument AdvanceTo(Catalog catalog, ProfileDocument document)
        => document.BuiltThrough < catalog.Version && catalog.Set.Leaves.All(leaf => catalog.IsBuilt(leaf, document.BuiltThrough)) ? document with { BuiltThrough = catalog.Version } : document;

    /// <summary>
    /// Builds states from the rows. Where the document changes before it is written, the next attempt builds on with the rows that were folded meanwhile, so that a person of many events is done some time.
    /// </summary>
    private async Task<ProfileDocument> BuildAsync(string profile, ProfileDocument document, Catalog catalog, Build build, CancellationToken cancellation)
    {
        Leaf[] leaves = [.. catalog.Set.Leaves.Where(leaf => !catalog.IsBuilt(leaf, document.BuiltThrough))];
        build.BeginFor(profile, document.BuiltThrough, catalog.Version);
        foreach (var name in leaves.Select(leaf => leaf.Event).Distinct(StringComparer.Ordinal))
        {
            var events = new List<ProfileEvent>();
            await foreach (var e in profiles.EventsAsync(profile, name, from: 0, foldedAfter: build.Through, cancellation))
            {
                if (e.Fold <= document.Folds)
                    events.Add(e.Event);
            }

            foreach (var leaf in leaves.Where(leaf => leaf.Event == name))
                build.States[leaf.Id] = leaf.Join(build.States.GetValueOrDefault(leaf.Id), leaf.Build(events));
        }

        build.Through = document.Folds;
        var known = catalog.Set.Leaves.Select(leaf => leaf.Id).ToHashSet();
        var states = build.States.Aggregate(document.States.Where(known.Contains), (all, built) => all.With(built.Key, built.Value));
        return document with { States = states, BuiltThrough = catalog.Version };
    }

    /// <summary>The present hour, and never one before: another instance's clock may be ahead.</summary>
    private Hour HourOf(ProfileDocument document, IEnumerable<ProfileEvent> events)
    {
        var hour = Hour.Containing(Now);
        foreach (var e in events)
            hour = Later(hour, Hour.Containing(e.Timestamp));
        foreach (var recent in document.Recent)
            hour = Later(hour, Hour.Containing(recent.Time));
        return Later(hour, document.EvaluatedHour);

        static Hour Later(Hour one, Hour other) => one < other ? other : one;
    }

    /// <summary>The hour at which hourly definitions are renewed next.</summary>
    private Hour NextLooks(Hour present) => Hour.Containing(Now) < present ? present.Next : Calendar.NextLooks(Now);

    private async Task<EventHistory> HistoryAsync(string profile, IReadOnlyList<RowsNeed> needs, CancellationToken cancellation)
    {
        var rows = new Dictionary<string, IReadOnlyList<ProfileEvent>>(StringComparer.Ordinal);
        foreach (var need in needs)
        {
            var events = new List<ProfileEvent>();
            await foreach (var e in profiles.EventsAsync(profile, need.Event, need.FromTicks, foldedAfter: -1, cancellation))
                events.Add(e.Event);
            rows[need.Event] = events;
        }

        return needs.Count == 0 ? EventHistory.None : new(rows);
    }

    /// <summary>As much of the rows as a fold has time for, and the events that it folds. Null where there are more.</summary>
    private async Task<EventHistory?> FirstPagesAsync(string profile, IReadOnlyList<RowsNeed> needs, List<ProfileEvent> folding, CancellationToken cancellation)
    {
        if (needs.Count == 0)
            return EventHistory.None;
        if (needs.Count > 1)
            return null;
        var events = new List<ProfileEvent>(folding.Where(e => e.Name == needs[0].Event));
        await foreach (var e in profiles.EventsAsync(profile, needs[0].Event, needs[0].FromTicks, foldedAfter: -1, cancellation))
        {
            if (events.Count == ProfileTable.LargestPage)
                return null;
            events.Add(e.Event);
        }

        return new([KeyValuePair.Create<string, IReadOnlyList<ProfileEvent>>(needs[0].Event, events)]);
    }

    private static ProfileEvent EventOf(ProfileMessage message) => new()
    {
        Name = message.Event!,
        Timestamp = message.Timestamp.Ticks,
        MessageId = message.MessageId,
        Properties = message.Properties ?? default,
        Context = message.Context ?? default,
        Source = message.Source,
    };
}

/// <summary>States under construction, from one attempt of a look to the next.</summary>
public sealed class Build
{
    private (string Profile, int From, int To) _of;

    /// <summary>The fold up to which rows are in the states; -1 before the first.</summary>
    internal long Through { get; set; } = -1;

    internal Dictionary<LeafId, LeafState> States { get; } = [];

    /// <summary>Goes on, or begins anew where it is about something else by now.</summary>
    internal void BeginFor(string profile, int from, int to)
    {
        if (_of == (profile, from, to))
            return;
        _of = (profile, from, to);
        Through = -1;
        States.Clear();
    }
}
