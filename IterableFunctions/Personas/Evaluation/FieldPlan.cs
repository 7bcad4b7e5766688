using System.Text.Json;
using IterableFunctions.Personas.Queries;

namespace IterableFunctions.Personas.Evaluation;

/// <summary>A property or context field of the event at hand, or of the event around it.</summary>
internal sealed class FieldPlan(FieldReference reference) : ScalarPlan
{
    public override bool IsMany => reference.Path.HasEach;

    public override Value At(Scope scope) => Value.From(reference.Path.Find(Root(Event(scope))));

    public override void Collect(Scope scope, List<Value> into) => reference.Path.FindAll(Root(Event(scope)), into);

    /// <summary>Gives the values that an event contributes to an accumulator.</summary>
    /// <returns>Whether any was of use.</returns>
    public static bool AddTo(FieldPlan? plan, Reducer reducer, Accumulator accumulator, ProfileEvent e)
    {
        if (plan is null)
            return accumulator.Add(Value.Null, e, 0);
        if (!plan.IsMany)
            return plan.Read(e) is { IsNull: false } single && accumulator.Add(single, e, 0);

        var values = new List<Value>();
        plan.Collect(e, values);
        if (reducer.As is ReducerType.Array)
            return values.Count > 0 && accumulator.Add(Value.From(Value.FromList([.. values.Select(value => value.AsText()!)]).ToJson()), e, 0);
        var used = false;
        for (var i = 0; i < values.Count; i++)
            used |= accumulator.Add(values[i], e, i);
        return used;
    }

    private Value Read(ProfileEvent e) => Value.From(reference.Path.Find(Root(e)));

    private void Collect(ProfileEvent e, List<Value> into) => reference.Path.FindAll(Root(e), into);

    private ProfileEvent Event(Scope scope) => (reference.OfParent ? scope.Parent!.Event : scope.Event)!;

    private JsonElement Root(ProfileEvent e) => reference.Root is FieldRoot.Property ? e.Properties : e.Context;
}
