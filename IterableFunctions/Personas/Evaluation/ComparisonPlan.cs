using IterableFunctions.Personas.Queries;

namespace IterableFunctions.Personas.Evaluation;

/// <summary>A value and what is asked of it.</summary>
internal abstract class ComparisonPlan(ScalarPlan left) : ConditionPlan
{
    protected ScalarPlan Left => left;

    public override int NextEdge(Scope scope) => left.NextEdge(scope);

    public override int KnownUntil(Scope scope) => left.KnownUntil(scope);

    public override (bool Holds, int Until) TestUntil(Scope scope)
    {
        var holds = Test(scope) is true;
        return (holds, Lookahead.FirstChange(scope, NextEdge, later => Test(later) is true != holds, KnownUntil(scope)));
    }

    /// <summary>Whether one of the left side's values passes; none passes where there is none.</summary>
    protected bool Any(Scope scope, Func<Value, bool> passes)
    {
        if (!left.IsMany)
            return left.At(scope) is { IsNull: false } value && passes(value);
        var values = new List<Value>();
        left.Collect(scope, values);
        return values.Exists(value => passes(value));
    }
}

internal sealed class RelationPlan(ScalarPlan left, RelationKind kind, ScalarPlan right) : ComparisonPlan(left)
{
    public override bool? Test(Scope scope)
    {
        if (!Left.IsMany && !right.IsMany)
            return TestOne(scope);
        var values = new List<Value>();
        right.Collect(scope, values);
        return Any(scope, value => values.Exists(other => ValueComparison.Holds(kind, value, other)));
    }

    public override int NextEdge(Scope scope) => Math.Min(Left.NextEdge(scope), right.NextEdge(scope));

    public override int KnownUntil(Scope scope) => Math.Min(Left.KnownUntil(scope), right.KnownUntil(scope));

    public override (bool Holds, int Until) TestUntil(Scope scope)
    {
        if (Left is LeafPlan leaf && right is ConstantPlan bound)
        {
            var holds = TestOne(scope) is true;
            if (leaf.FirstChange(scope, value => ValueComparison.Holds(kind, value, bound.Value) != holds) is { } change)
                return (holds, change);
        }
        return base.TestUntil(scope);
    }

    private bool? TestOne(Scope scope)
    {
        var (one, other) = (Left.At(scope), right.At(scope));
        var holds = ValueComparison.Holds(kind, one, other);
        return (Left.IsOpen(scope), right.IsOpen(scope)) switch
        {
            (false, false) => holds,
            (true, false) => WhileGrowing(kind, one, other, holds),
            (false, true) => WhileGrowing(Mirrored(kind), other, one, holds),
            _ => null,
        };
    }

    /// <summary>What is certain of a count that can still grow.</summary>
    internal static bool? WhileGrowing(RelationKind kind, Value count, Value bound, bool holds)
    {
        if (bound.IsNull)
            return holds;
        // How a longer count would sort among texts cannot be said before it is there.
        if (!bound.TryGetNumber(out var number))
            return null;
        var passed = count.Number > number || !number.IsWhole;
        return kind switch
        {
            RelationKind.Equals => passed ? false : null,
            RelationKind.Differs => passed ? true : null,
            RelationKind.GreaterThan or RelationKind.AtLeast => holds ? true : null,
            _ => holds ? null : false,
        };
    }

    private static RelationKind Mirrored(RelationKind kind) => kind switch
    {
        RelationKind.GreaterThan => RelationKind.LessThan,
        RelationKind.AtLeast => RelationKind.AtMost,
        RelationKind.LessThan => RelationKind.GreaterThan,
        RelationKind.AtMost => RelationKind.AtLeast,
        _ => kind,
    };
}

internal sealed class PresencePlan(ScalarPlan left, bool exists) : ComparisonPlan(left)
{
    public override bool? Test(Scope scope) => Any(scope, _ => true) == exists;
}

/// <summary>Several texts: contains one of them; omits all of them, which something absent does too.</summary>
internal sealed class TextMatchPlan(ScalarPlan left, TextMatch match) : ComparisonPlan(left)
{
    public override bool? Test(Scope scope) => match.Kind switch
    {
        TextMatchKind.Omits => !Any(scope, value => Contains(value.AsText()!)),
        TextMatchKind.Contains => Any(scope, value => Contains(value.AsText()!)),
        TextMatchKind.StartsWith => Any(scope, value => value.AsText()!.StartsWith(match.Texts[0], StringComparison.Ordinal)),
        _ => Any(scope, value => value.AsText()!.EndsWith(match.Texts[0], StringComparison.Ordinal)),
    };

    private bool Contains(string text)
    {
        foreach (var sought in match.Texts.AsSpan())
        {
            if (text.Contains(sought, StringComparison.Ordinal))
                return true;
        }
        return false;
    }
}

internal sealed class MembershipPlan(ScalarPlan left, bool listed, ScalarPlan[] options) : ComparisonPlan(left)
{
    private readonly RelationPlan[] _equals = [.. options.Select(option => new RelationPlan(left, RelationKind.Equals, option))];

    public override bool? Test(Scope scope)
    {
        bool? found = false;
        foreach (var option in _equals)
        {
            var equal = option.Test(scope);
            if (equal is true)
                return listed;
            if (equal is null)
                found = null;
        }
        return listed ? found : !found;
    }

    public override int NextEdge(Scope scope) => _equals.Aggregate(Left.NextEdge(scope), (next, option) => Math.Min(next, option.NextEdge(scope)));

    public override int KnownUntil(Scope scope) => _equals.Aggregate(Left.KnownUntil(scope), (until, option) => Math.Min(until, option.KnownUntil(scope)));
}

internal sealed class DateBoundPlan(ScalarPlan left, bool before, long bound) : ComparisonPlan(left)
{
    public override bool? Test(Scope scope) =>
        Any(scope, value => value.TryGetInstant(out var instant, out _) && (before ? instant < bound : instant > bound));
}

/// <summary>
/// A date against the hour of the look. A day without a time of day is measured in days: against the start of the hour's
/// day (UTC), so that today is within the last day and the next day alike.
/// </summary>
internal sealed class RelativeDatePlan(ScalarPlan left, RelativeDate relative) : ComparisonPlan(left)
{
    private readonly long _distance = relative.Duration.Ticks;

    public override bool? Test(Scope scope) => Any(scope, value =>
    {
        if (!value.TryGetInstant(out var instant, out var dateOnly))
            return false;
        var now = dateOnly ? scope.Ticks / TimeSpan.TicksPerDay * TimeSpan.TicksPerDay : scope.Ticks;
        return relative.Kind switch
        {
            RelativeDateKind.WithinLast => now - _distance <= instant && instant <= now,
            RelativeDateKind.WithinNext => now <= instant && instant <= now + _distance,
            RelativeDateKind.BeforeLast => instant <= now - _distance,
            _ => instant >= now + _distance,
        };
    });

    public override int NextEdge(Scope scope)
    {
        var values = new List<Value>();
        Left.Collect(scope, values);
        var next = Left.NextEdge(scope);
        foreach (var value in values)
        {
            if (!value.TryGetInstant(out var instant, out var dateOnly))
                continue;
            var unit = dateOnly ? TimeSpan.TicksPerDay : TimeSpan.TicksPerHour;
            var (begins, ends) = relative.Kind switch
            {
                RelativeDateKind.WithinLast => (Edges.At(instant, unit), Edges.After(instant + _distance, unit)),
                RelativeDateKind.WithinNext => (Edges.At(instant - _distance, unit), Edges.After(instant, unit)),
                RelativeDateKind.BeforeLast => (Edges.At(instant + _distance, unit), 0),
                _ => (0, Edges.After(instant - _distance, unit)),
            };
            if (begins > scope.Hour)
                next = Math.Min(next, begins);
            if (ends > scope.Hour)
                next = Math.Min(next, ends);
        }
        return next;
    }
}
