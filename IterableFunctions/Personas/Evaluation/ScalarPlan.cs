using IterableFunctions.Personas.Queries;

namespace IterableFunctions.Personas.Evaluation;

/// <summary>A value ready to be evaluated, and what is known about its future.</summary>
internal abstract class ScalarPlan
{
    /// <summary>The value; null where there is none.</summary>
    public abstract Value At(Scope scope);

    /// <summary>Whether a <c>$</c> in its path can make several values of it, any of which may satisfy a comparator.</summary>
    public virtual bool IsMany => false;

    /// <summary>All its values that are not null.</summary>
    public virtual void Collect(Scope scope, List<Value> into)
    {
        if (At(scope) is { IsNull: false } value)
            into.Add(value);
    }

    /// <summary>Whether it is a count that can still grow because its window behind the parent event has not closed.</summary>
    public virtual bool IsOpen(Scope scope) => false;

    /// <summary>A later hour before which time alone does not change the value.</summary>
    public virtual int NextEdge(Scope scope) => Hour.Never;

    /// <summary>The hour before which the future can be foreseen; it ends where another definition's value may change.</summary>
    public virtual int KnownUntil(Scope scope) => Hour.Never;
}

internal sealed class ConstantPlan(Value value) : ScalarPlan
{
    public Value Value => value;

    public override Value At(Scope scope) => value;
}

/// <summary>A custom trait of the profile: always its present value, whatever the hour.</summary>
internal sealed class CustomTraitPlan(FieldPath path) : ScalarPlan
{
    public override bool IsMany => path.HasEach;

    public override Value At(Scope scope) =>
        scope.Run!.Profile.Traits.TryGetValue(path.Head, out var head) ? Value.From(path.FindBelowHead(head)) : Value.Null;

    public override void Collect(Scope scope, List<Value> into)
    {
        if (scope.Run!.Profile.Traits.TryGetValue(path.Head, out var head))
            path.FindAllBelowHead(head, into);
    }
}

/// <summary>Another definition's value, evaluated before this one.</summary>
internal sealed class DefinitionPlan(int definition) : ScalarPlan
{
    public override Value At(Scope scope) => scope.Run!.Values[definition];

    public override int KnownUntil(Scope scope) => scope.Run!.Next[definition];
}

/// <summary>A leaf's value, from its state.</summary>
internal sealed class LeafPlan(int index, Leaf leaf) : ScalarPlan
{
    public override Value At(Scope scope) => scope.Run!.LeafValue(index, scope.Hour);

    public override int NextEdge(Scope scope) => leaf.NextEdge(scope.Run!.State(index), scope.Hour);

    /// <summary>The exact hour at which the value becomes one that is asked for; null when the leaf cannot tell in one sweep.</summary>
    public int? FirstChange(Scope scope, Func<Value, bool> changed) => leaf.FirstChange(scope.Run!.State(index), scope.Hour, changed);
}
