namespace IterableFunctions.Personas.Evaluation;

/// <summary>A condition ready to be evaluated, and what is known about its future.</summary>
internal abstract class ConditionPlan
{
    /// <summary>
    /// Whether it holds; null while that is not certain, which happens only inside <c>where</c>, to a count whose window
    /// behind the parent event is still open.
    /// </summary>
    public abstract bool? Test(Scope scope);

    /// <summary>A later hour before which time alone does not change any part.</summary>
    public abstract int NextEdge(Scope scope);

    /// <summary>The hour before which the future can be foreseen.</summary>
    public abstract int KnownUntil(Scope scope);

    /// <summary>
    /// Whether it holds, and a later hour before which time alone does not change that. For use outside <c>where</c>.
    /// </summary>
    public abstract (bool Holds, int Until) TestUntil(Scope scope);
}

internal sealed class JunctionPlan(bool all, ConditionPlan[] parts) : ConditionPlan
{
    // Kleene's logic: a certain part may decide, whatever the uncertain ones come to.
    public override bool? Test(Scope scope)
    {
        bool? result = all;
        foreach (var part in parts)
        {
            var holds = part.Test(scope);
            if (holds == !all)
                return !all;
            if (holds is null)
                result = null;
        }
        return result;
    }

    public override int NextEdge(Scope scope)
    {
        var next = Hour.Never;
        foreach (var part in parts)
            next = Math.Min(next, part.NextEdge(scope));
        return next;
    }

    public override int KnownUntil(Scope scope)
    {
        var until = Hour.Never;
        foreach (var part in parts)
            until = Math.Min(until, part.KnownUntil(scope));
        return until;
    }

    // While AND is false it stays so until the last of its false parts may turn: all must be true at once. OR mirrors it.
    public override (bool Holds, int Until) TestUntil(Scope scope)
    {
        var decided = false;
        var (earliest, latest) = (Hour.Never, 0);
        foreach (var part in parts)
        {
            var (holds, until) = part.TestUntil(scope);
            earliest = Math.Min(earliest, until);
            if (holds == all)
                continue;
            decided = true;
            latest = Math.Max(latest, until);
        }
        return decided ? (!all, latest) : (all, earliest);
    }
}

internal sealed class NegationPlan(ConditionPlan inner) : ConditionPlan
{
    public override bool? Test(Scope scope) => !inner.Test(scope);

    public override int NextEdge(Scope scope) => inner.NextEdge(scope);

    public override int KnownUntil(Scope scope) => inner.KnownUntil(scope);

    public override (bool Holds, int Until) TestUntil(Scope scope)
    {
        var (holds, until) = inner.TestUntil(scope);
        return (!holds, until);
    }
}
