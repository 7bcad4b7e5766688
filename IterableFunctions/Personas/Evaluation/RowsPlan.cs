using IterableFunctions.Personas.Queries;

namespace IterableFunctions.Personas.Evaluation;

/// <summary>
/// Events that cannot be folded, because whether one counts depends on other events (a funnel), on a trait, or on the
/// hour. They are read from the rows at every look, and only those before the hour are seen.
/// </summary>
internal sealed class RowsPlan : ScalarPlan
{
    public required string Event { get; init; }

    public required HashSet<string>? ExcludedSources { get; init; }

    /// <summary>The part of the filter that reads nothing but the event.</summary>
    public required ConditionPlan[] Filter { get; init; }

    /// <summary>The part that reads more.</summary>
    public required ConditionPlan[] Dependent { get; init; }

    public required Reducer Reducer { get; init; }

    public required AgeWindow? Window { get; init; }

    public required long SessionTicks { get; init; }

    /// <summary>Whether it stands inside <c>where</c>, so that only events after the parent event count.</summary>
    public required bool Nested { get; init; }

    /// <summary>The distance behind the parent event: more than the first and at most the second, in ticks; null without one.</summary>
    public required (long From, long To)? AfterParent { get; init; }

    public required FieldPlan? Field { get; init; }

    public override Value At(Scope scope)
    {
        var events = Candidates(scope.Run!);
        var (start, end) = Range(events, scope);
        if (Reducer.Kind is ReducerKind.Count && Dependent.Length == 0 && SessionTicks == 0)
            return Value.From(end - start);

        var total = Accumulator.For(Reducer);
        if (SessionTicks > 0)
            AddRunningSession(events.AsSpan(start, end - start), scope, total);
        else
        {
            foreach (var e in events.AsSpan(start, end - start))
            {
                if (Passes(e, scope))
                    FieldPlan.AddTo(Field, Reducer, total, e);
            }
        }
        return total.Result;
    }

    public override bool IsOpen(Scope scope) =>
        Reducer.Kind is ReducerKind.Count && AfterParent is { } distance && scope.Event!.Timestamp + distance.To >= scope.Ticks;

    public override int NextEdge(Scope scope)
    {
        var next = Hour.Never;
        if (IsOpen(scope))
            next = Edges.After(scope.Event!.Timestamp + AfterParent!.Value.To, TimeSpan.TicksPerHour);

        var events = Candidates(scope.Run!);
        var (after, until) = ParentRange(scope);
        // Without a window and anything else that time can change, events seen once stay seen.
        var start = Window is null && Dependent.Length == 0 && SessionTicks == 0
            ? LowerBound(events, Math.Max(after, scope.Ticks))
            : LowerBound(events, after);
        for (var i = start; i < events.Length && events[i].Timestamp <= until; i++)
        {
            scope.Run!.Allowance--;
            var hour = Hour.Containing(events[i].Timestamp).Number;
            if (Window is { } window)
            {
                if (window.IsEmpty || window.Leaves(hour) <= scope.Hour)
                    continue;
                next = Math.Min(next, window.NextEdge(hour, scope.Hour));
            }
            else if (hour >= scope.Hour)
            {
                next = Math.Min(next, hour + 1);
            }
            if (SessionTicks > 0 && Edges.At(events[i].Timestamp + SessionTicks, TimeSpan.TicksPerHour) is var expired && expired > scope.Hour)
                next = Math.Min(next, expired);
            if (Dependent.Length == 0)
                continue;
            if (!Nested)
            {
                next = Math.Min(next, Look(events[i], scope).Until);
                continue;
            }
            var inner = scope with { Event = events[i], Parent = scope };
            foreach (var part in Dependent)
                next = Math.Min(next, part.NextEdge(inner));
        }
        return next;
    }

    public override int KnownUntil(Scope scope)
    {
        // Definitions that the filter refers to are the same for every event.
        var until = Hour.Never;
        foreach (var part in Dependent)
            until = Math.Min(until, part.KnownUntil(scope));
        return until;
    }

    /// <summary>The events of the name that pass the part of the filter that reads nothing but the event; found once an evaluation.</summary>
    internal ProfileEvent[] FindCandidates(EventHistory history)
    {
        var events = history.Named(Event);
        return ExcludedSources is null && Filter.Length == 0 ? events : Array.FindAll(events, IsCandidate);
    }

    private ProfileEvent[] Candidates(EvaluationRun run) => run.Candidates(this);

    private bool IsCandidate(ProfileEvent e)
    {
        if (ExcludedSources is not null && e.KnownSource is { } source && ExcludedSources.Contains(source))
            return false;
        var scope = new Scope(null, 0, e, null);
        return Array.TrueForAll(Filter, part => part.Test(scope) is true);
    }

    private bool Passes(ProfileEvent e, Scope scope) => Dependent.Length == 0 || Look(e, scope).Passes;

    /// <summary>Whether an event passes the dependent part, and a later hour before which it goes on doing what it does.</summary>
    private (bool Passes, int Until) Look(ProfileEvent e, Scope scope)
    {
        // Looking ahead asks again and again about events of which most have not changed.
        if (!Nested && scope.Run!.TryRecall(this, e, scope.Hour, out var known))
            return known;
        scope.Run!.Allowance--;
        var inner = scope with { Event = e, Parent = scope };
        var passes = true;
        foreach (var part in Dependent)
            passes = passes && part.Test(inner) is true;
        if (Nested)
            return (passes, 0);
        var until = Hour.Never;
        foreach (var part in Dependent)
            until = Math.Min(until, part.NextEdge(inner));
        scope.Run.Remember(this, e, scope.Hour, (passes, until));
        return (passes, until);
    }

    // From the newest event back to the first gap that ends a session.
    private void AddRunningSession(ReadOnlySpan<ProfileEvent> events, Scope scope, Accumulator total)
    {
        var expires = scope.Ticks;
        for (var i = events.Length - 1; i >= 0; i--)
        {
            if (!Passes(events[i], scope))
                continue;
            if (events[i].Timestamp + SessionTicks <= expires)
                return;
            FieldPlan.AddTo(Field, Reducer, total, events[i]);
            expires = events[i].Timestamp;
        }
    }

    private (int Start, int End) Range(ProfileEvent[] events, Scope scope)
    {
        var (after, until) = ParentRange(scope);
        var (from, before) = Window is { } window
            ? (window.IsEmpty ? long.MaxValue : scope.Ticks - window.To * TimeSpan.TicksPerHour, scope.Ticks - window.From * TimeSpan.TicksPerHour)
            : (0L, scope.Ticks);
        var start = LowerBound(events, Math.Max(from, after));
        var end = LowerBound(events, Math.Min(before, until == long.MaxValue ? until : until + 1));
        return (start, Math.Max(start, end));
    }

    /// <summary>First and last timestamp that the parent event allows.</summary>
    private (long First, long Last) ParentRange(Scope scope)
    {
        if (!Nested)
            return (0, long.MaxValue);
        var parent = scope.Event!.Timestamp;
        return AfterParent is { } distance ? (parent + distance.From + 1, parent + distance.To) : (parent + 1, long.MaxValue);
    }

    private static int LowerBound(ProfileEvent[] events, long timestamp)
    {
        var (low, high) = (0, events.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (events[middle].Timestamp < timestamp)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }
}
