using IterableFunctions.Personas.Queries;

namespace IterableFunctions.Personas.Evaluation;

/// <summary>
/// One event condition whose events can be folded as they arrive: event name, filter, window and reducer. Its filter
/// reads nothing but the event, so whether an event matches never changes.
/// </summary>
public sealed class Leaf
{
    private readonly ConditionPlan[] _filter;
    private readonly HashSet<string>? _excludedSources;
    private readonly FieldPlan? _field;

    internal Leaf(LeafParts parts, ConditionPlan[] filter)
    {
        Id = LeafId.Of(parts.Text);
        Text = parts.Text;
        Event = parts.Event;
        Reducer = parts.Reducer;
        Window = parts.Window;
        SessionTicks = parts.SessionTicks;
        Keep = parts.Keep;
        _filter = filter;
        _excludedSources = parts.ExcludedSources;
        _field = parts.Reducer.Field is { } field ? new FieldPlan(field) : null;
    }

    public LeafId Id { get; }

    /// <summary>What the leaf measures, in words that its id is made of.</summary>
    public string Text { get; }

    /// <summary>The name of the events it folds.</summary>
    public string Event { get; }

    internal Reducer Reducer { get; }

    internal AgeWindow? Window { get; }

    /// <summary>The inactivity that ends a session; 0 when the leaf has no sessions.</summary>
    internal long SessionTicks { get; }

    /// <summary>How many of the newest events answer every question that is asked of this leaf; 0 for all of them.</summary>
    internal int Keep { get; }

    internal LeafShape Shape => Window is not null ? LeafShape.Hours : SessionTicks > 0 ? LeafShape.Sessions : LeafShape.Lifetime;

    /// <summary>Whether the event is one of those that the leaf folds.</summary>
    public bool Matches(ProfileEvent e)
    {
        if (!string.Equals(e.Name, Event, StringComparison.Ordinal))
            return false;
        if (_excludedSources is not null && e.KnownSource is { } source && _excludedSources.Contains(source))
            return false;
        if (_filter.Length == 0)
            return true;
        var scope = new Scope(null, 0, e, null);
        foreach (var part in _filter)
        {
            if (part.Test(scope) is not true)
                return false;
        }
        return true;
    }

    /// <summary>The state with one more event, which must not have been folded before. Events may come in any order.</summary>
    public LeafState Fold(LeafState state, ProfileEvent e)
    {
        if (state.IsFromRows || !Matches(e))
            return state;
        return Change(state, fold => fold.Add(e), capped: true);
    }

    /// <summary>The state made from scratch of all the profile's events (of this leaf's event name at least).</summary>
    public LeafState Build(IEnumerable<ProfileEvent> events) => Build(events, capped: true);

    /// <summary>
    /// The state over the events of both states, which must have no event in common: rows that were built up to some fold,
    /// and folds from then on.
    /// </summary>
    public LeafState Join(LeafState one, LeafState other)
    {
        if (one.IsFromRows || other.IsFromRows)
            return LeafState.FromRows;
        return one.IsEmpty ? other : other.IsEmpty ? one : Change(one, fold => fold.Join(other.Content), capped: true);
    }

    /// <summary>As the public one; without the cap when the result is only looked at, not kept.</summary>
    internal LeafState Build(IEnumerable<ProfileEvent> events, bool capped)
    {
        ProfileEvent[] matching = [.. events.Where(Matches)];
        // Sessions forget all but the newest; in order, nothing forgotten is ever needed again.
        Array.Sort(matching, ProfileEvent.InOrder);
        return matching.Length == 0 ? default : Change(default, fold => Array.ForEach(matching, fold.Add), capped);
    }

    /// <summary>The value at an hour; the state is not <em>from rows</em>.</summary>
    internal Value ValueAt(LeafState state, int hour)
    {
        var total = Accumulator.For(Reducer);
        if (state.IsEmpty)
            return total.Result;
        switch (Shape)
        {
            case LeafShape.Hours:
                HourBuckets.AddUp(Window!.Value, state.Content.Span, hour, total);
                break;
            case LeafShape.Sessions:
                SessionList.AddUpRunning(SessionTicks, state.Content.Span, hour, total);
                break;
            default:
                var reader = new StateReader(state.Content.Span);
                total.Merge(ref reader);
                break;
        }
        return total.Result;
    }

    /// <summary>The next hour after <paramref name="hour"/> at which the value may be another.</summary>
    internal int NextEdge(LeafState state, int hour) => state.IsEmpty ? Hour.Never : Shape switch
    {
        LeafShape.Hours => HourBuckets.NextEdge(Reducer, Window!.Value, state.Content.Span, hour),
        LeafShape.Sessions => SessionList.NextEdge(SessionTicks, state.Content.Span, hour),
        _ => Hour.Never,
    };

    /// <summary>
    /// The exact hour at which the value becomes one that <paramref name="changed"/> asks for, where one sweep over the state
    /// can tell; null where it takes trying one hour after the other.
    /// </summary>
    internal int? FirstChange(LeafState state, int hour, Func<Value, bool> changed) => (Shape, Window) switch
    {
        _ when state.IsEmpty => Hour.Never,
        (LeafShape.Lifetime, _) or (_, { IsEmpty: true }) => Hour.Never,
        (LeafShape.Hours, { From: 0 }) => HourBuckets.FirstChange(this, state, hour, changed),
        (LeafShape.Hours, { } window) when Reducer.Kind is ReducerKind.Count => HourBuckets.FirstCountChange(window, state.Content.Span, hour, changed),
        _ => null,
    };

    /// <summary>Gives the values that an event contributes to an accumulator.</summary>
    /// <returns>Whether any was of use.</returns>
    internal bool AddTo(Accumulator accumulator, ProfileEvent e) => FieldPlan.AddTo(_field, Reducer, accumulator, e);

    private LeafState Change(LeafState state, Action<IFoldedEvents> change, bool capped)
    {
        IFoldedEvents fold = Shape switch
        {
            LeafShape.Hours => new HourBuckets(this, state.Content),
            LeafShape.Sessions => new SessionList(this, state.Content),
            _ => new Lifetime(this, state.Content),
        };
        change(fold);
        if (fold.NeedsRows)
            return LeafState.FromRows;
        return fold.HasContent ? LeafState.Write(Shape, fold.Write, capped) : state;
    }
}

/// <summary>What makes a leaf the leaf it is.</summary>
internal sealed record LeafParts(string Text, string Event, HashSet<string>? ExcludedSources, Reducer Reducer, AgeWindow? Window, long SessionTicks, int Keep);

/// <summary>A leaf state taken apart, so that events can be added to it.</summary>
internal interface IFoldedEvents
{
    /// <summary>The state can no longer tell the answer; only the rows can.</summary>
    bool NeedsRows { get; }

    /// <summary>Some event was of use.</summary>
    bool HasContent { get; }

    void Add(ProfileEvent e);

    /// <summary>Adds the content of another state of the same leaf.</summary>
    void Join(ReadOnlyMemory<byte> content);

    void Write(StateWriter writer);
}
