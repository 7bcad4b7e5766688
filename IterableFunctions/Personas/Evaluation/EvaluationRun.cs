using System.Runtime.CompilerServices;
using IterableFunctions.Personas.Queries;

namespace IterableFunctions.Personas.Evaluation;

/// <summary>One evaluation under way: what it has found out so far.</summary>
internal sealed class EvaluationRun(DefinitionSet set, ProfileView profile, int hour)
{
    private readonly LeafState?[] _states = new LeafState?[set.Leaves.Length];
    private readonly Value?[] _leafValues = new Value?[set.Leaves.Length];
    private readonly Dictionary<(RowsPlan, ProfileEvent), (int From, (bool Passes, int Until) Found)> _recalled = new(ByReference.Instance);
    private Dictionary<RowsPlan, ProfileEvent[]>? _candidates;

    public ProfileView Profile => profile;

    /// <summary>Each definition's value, in the set's order.</summary>
    public Value[] Values { get; } = new Value[set.Definitions.Length];

    /// <summary>A later hour before which time alone does not change the value.</summary>
    public int[] Next { get; } = new int[set.Definitions.Length];

    /// <summary>The buckets and events that looking ahead may still visit.</summary>
    public int Allowance { get; set; }

    /// <summary>The leaf's state, made of the rows where it is kept there.</summary>
    public LeafState State(int leaf)
    {
        if (_states[leaf] is { } known)
            return known;
        var state = profile.States[set.Leaves[leaf].Id];
        if (state.IsFromRows)
            state = set.Leaves[leaf].Build(profile.History.Named(set.Leaves[leaf].Event), capped: false);
        _states[leaf] = state;
        return state;
    }

    public Value LeafValue(int leaf, int at)
    {
        if (at == hour)
            return _leafValues[leaf] ??= set.Leaves[leaf].ValueAt(State(leaf), hour);
        var state = State(leaf);
        // A bucket takes three bytes at least.
        Allowance -= state.Size / 3;
        return set.Leaves[leaf].ValueAt(state, at);
    }

    public ProfileEvent[] Candidates(RowsPlan plan)
    {
        _candidates ??= [];
        if (!_candidates.TryGetValue(plan, out var found))
            _candidates[plan] = found = plan.FindCandidates(profile.History);
        return found;
    }

    /// <summary>What was found about an event at this hour, or at an earlier one with nothing changed since.</summary>
    public bool TryRecall(RowsPlan plan, ProfileEvent e, int at, out (bool Passes, int Until) found)
    {
        var known = _recalled.TryGetValue((plan, e), out var recalled) && recalled.From <= at && at < recalled.Found.Until;
        found = recalled.Found;
        return known;
    }

    public void Remember(RowsPlan plan, ProfileEvent e, int at, (bool Passes, int Until) found) => _recalled[(plan, e)] = (at, found);

    // Events are records, and comparing their content would cost more than is saved.
    private sealed class ByReference : IEqualityComparer<(RowsPlan Plan, ProfileEvent Event)>
    {
        public static ByReference Instance { get; } = new();

        public bool Equals((RowsPlan Plan, ProfileEvent Event) one, (RowsPlan Plan, ProfileEvent Event) other) =>
            ReferenceEquals(one.Plan, other.Plan) && ReferenceEquals(one.Event, other.Event);

        public int GetHashCode((RowsPlan Plan, ProfileEvent Event) pair) =>
            HashCode.Combine(RuntimeHelpers.GetHashCode(pair.Plan), RuntimeHelpers.GetHashCode(pair.Event));
    }
}
