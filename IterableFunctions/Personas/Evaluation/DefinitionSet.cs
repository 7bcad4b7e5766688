using System.Collections.Immutable;
using IterableFunctions.Personas.Queries;

namespace IterableFunctions.Personas.Evaluation;

/// <summary>
/// All definitions, compiled together: they share leaves, refer to one another, and are evaluated in one pass. Immutable and
/// free of clocks and I/O; every method is a pure function.
/// </summary>
public sealed class DefinitionSet
{
    private readonly Dictionary<string, List<int>> _leavesByEvent = new(StringComparer.Ordinal);
    private readonly HashSet<string> _eventsReadFromRows = new(StringComparer.Ordinal);
    private readonly HashSet<int> _hourlyLeaves = [];

    private DefinitionSet(ImmutableArray<CompiledDefinition> definitions, ImmutableArray<Leaf> leaves)
    {
        Definitions = definitions;
        Leaves = leaves;
        for (var i = 0; i < leaves.Length; i++)
        {
            if (!_leavesByEvent.TryGetValue(leaves[i].Event, out var indices))
                _leavesByEvent[leaves[i].Event] = indices = [];
            indices.Add(i);
        }
        foreach (var definition in definitions.Where(definition => definition.Cadence.IsHourly))
        {
            HasHourly = true;
            _hourlyLeaves.UnionWith(definition.LeafIndices);
            _eventsReadFromRows.UnionWith(definition.Rows.Select(rows => rows.Event));
        }
    }

    public static DefinitionSet Empty { get; } = new([], []);

    /// <summary>Referred definitions before those that refer to them.</summary>
    public ImmutableArray<CompiledDefinition> Definitions { get; }

    /// <summary>Whether any is evaluated at full hours only.</summary>
    public bool HasHourly { get; }

    /// <summary>Every leaf that some definition reads, each once.</summary>
    public ImmutableArray<Leaf> Leaves { get; }

    /// <summary>Reads, checks and orders definitions.</summary>
    /// <exception cref="DefinitionException">A query cannot be read, a key stands twice, or references go in a circle.</exception>
    public static DefinitionSet Compile(IEnumerable<Definition> definitions)
    {
        var parsed = new Dictionary<string, Parsed>(StringComparer.Ordinal);
        foreach (var definition in definitions)
        {
            if (!parsed.TryAdd(definition.Key, Parsed.From(definition)))
                throw new DefinitionException(definition.Key, $"the key '{definition.Key}' is taken; keys are unique over audiences and computed traits");
        }

        var order = DefinitionOrder.Sort(parsed.Keys, key => parsed[key].Traits
            .Where(trait => trait.Path.IsSingle && parsed.ContainsKey(trait.Path.Head))
            .Select(trait => trait.Path.Head));
        var indices = order.Index().ToDictionary(entry => entry.Item, entry => entry.Index, StringComparer.Ordinal);
        var compiler = new DefinitionCompiler(IndexOf);
        var compiled = ImmutableArray.CreateBuilder<CompiledDefinition>(order.Count);
        foreach (var key in order)
        {
            var (source, condition, scalar, _) = parsed[key];
            var cadence = condition is not null ? Cadence.Of(condition, IsHourly) : Cadence.Of(scalar!, IsHourly);
            var plans = condition is not null ? compiler.Compile(condition) : compiler.Compile(scalar!);
            compiled.Add(new CompiledDefinition(source, condition?.ToString() ?? scalar!.ToString(), cadence, plans));
        }
        return new DefinitionSet(compiled.DrainToImmutable(), [.. compiler.Leaves]);

        int? IndexOf(TraitReference trait) => trait.Path.IsSingle && indices.TryGetValue(trait.Path.Head, out var index) ? index : null;

        bool IsHourly(TraitReference trait) => IndexOf(trait) is { } index && compiled[index].Cadence.IsHourly;
    }

    /// <summary>Folds one event, which must not have been folded before, into every leaf it matches.</summary>
    /// <param name="states">The states before.</param>
    /// <param name="e">The event; events may come in any order.</param>
    /// <param name="only">Restricts the fold to some leaves: those that are being built are kept beside the others.</param>
    public FoldResult Fold(LeafStates states, ProfileEvent e, Func<Leaf, bool>? only = null)
    {
        var hourly = _eventsReadFromRows.Contains(e.Name);
        if (!_leavesByEvent.TryGetValue(e.Name, out var indices))
            return new FoldResult(states, hourly);

        var changes = new List<(LeafId, LeafState)>();
        foreach (var index in indices)
        {
            var leaf = Leaves[index];
            if (only is not null && !only(leaf))
                continue;
            var before = states[leaf.Id];
            var after = leaf.Fold(before, e);
            // A leaf from rows has no state that could show whether the event matters.
            var touched = before.IsFromRows ? leaf.Matches(e) : !after.Equals(before);
            if (!touched)
                continue;
            hourly |= _hourlyLeaves.Contains(index);
            if (!before.IsFromRows)
                changes.Add((leaf.Id, after));
        }
        return new FoldResult(changes.Count == 0 ? states : states.With(changes), hourly);
    }

    /// <summary>
    /// The event rows that an evaluation with these states will read, by event name; most evaluations read none. Inside a
    /// fold the rows must include the event that is being folded.
    /// </summary>
    public IReadOnlyList<RowsNeed> RowsNeeded(LeafStates states, Hour hour, EvaluationScope scope)
    {
        Dictionary<string, long>? needs = null;
        foreach (var definition in InScope(scope))
        {
            foreach (var index in definition.LeafIndices)
            {
                if (states[Leaves[index].Id].IsFromRows)
                    Need(Leaves[index].Event, Leaves[index].Window?.To);
            }
            foreach (var (name, maximumAge) in definition.Rows)
                Need(name, maximumAge);
        }
        return needs is null ? [] : [.. needs.Select(need => new RowsNeed(need.Key, need.Value))];

        void Need(string name, int? maximumAge)
        {
            needs ??= new Dictionary<string, long>(StringComparer.Ordinal);
            var from = maximumAge is { } age ? Math.Max(0, (hour.Number - age) * TimeSpan.TicksPerHour) : 0;
            needs[name] = needs.TryGetValue(name, out var before) ? Math.Min(before, from) : from;
        }
    }

    /// <summary>The value of every definition in scope, and the next hour at which time alone can change one.</summary>
    /// <param name="profile">The profile.</param>
    /// <param name="hour">
    /// The present hour: not before the hour of the profile's newest event, and never a smaller one than before.
    /// </param>
    /// <param name="scope">Which definitions.</param>
    /// <exception cref="InvalidOperationException">Rows that <see cref="RowsNeeded"/> asked for are missing.</exception>
    public ProfileEvaluation Evaluate(ProfileView profile, Hour hour, EvaluationScope scope)
    {
        var run = new EvaluationRun(this, profile, hour.Number);
        var top = new Scope(run, hour.Number, null, null);
        var left = new bool[Definitions.Length];
        var results = ImmutableArray.CreateBuilder<DefinitionResult>(Definitions.Length);
        var next = Hour.Never;
        for (var i = 0; i < Definitions.Length; i++)
        {
            var definition = Definitions[i];
            left[i] = (scope is EvaluationScope.RealTime && definition.Cadence.IsHourly)
                || IsAnyUnbuilt(definition, profile)
                || definition.References.Any(reference => left[reference]);
            if (left[i])
                continue;
            (run.Values[i], run.Next[i]) = definition.Evaluate(top);
            next = Math.Min(next, run.Next[i]);
            results.Add(new DefinitionResult(definition, run.Values[i], Hour.OrNone(run.Next[i])));
        }
        return new ProfileEvaluation(results.DrainToImmutable(), Hour.OrNone(next));
    }

    /// <summary>Whether some hourly definition reads this custom trait, so that its change asks for a look at the next full hour.</summary>
    public bool HourlyReadsTrait(string name) =>
        Definitions.Any(definition => definition.Cadence.IsHourly && definition.CustomTraits.Contains(name));

    /// <summary>Whether some hourly definition refers to this one, so that a change of its value asks for a look at the next full hour.</summary>
    public bool HourlyRefersTo(string key) =>
        Definitions.Any(definition => definition.Cadence.IsHourly && definition.References.Any(reference => Definitions[reference].Key == key));

    private IEnumerable<CompiledDefinition> InScope(EvaluationScope scope) =>
        scope is EvaluationScope.All ? Definitions : Definitions.Where(definition => !definition.Cadence.IsHourly);

    private bool IsAnyUnbuilt(CompiledDefinition definition, ProfileView profile)
    {
        foreach (var index in definition.LeafIndices)
        {
            if (!profile.IsBuilt(Leaves[index]))
                return true;
        }
        return false;
    }

    private sealed record Parsed(Definition Source, Condition? Condition, Scalar? Scalar, IReadOnlyList<TraitReference> Traits)
    {
        public static Parsed From(Definition definition)
        {
            try
            {
                if (definition.Kind is DefinitionKind.Audience)
                {
                    var condition = QueryParser.ParseAudience(definition.Query);
                    return new Parsed(definition, condition, null, [.. TraitReferences.In(condition)]);
                }
                var scalar = QueryParser.ParseTrait(definition.Query);
                return new Parsed(definition, null, scalar, [.. TraitReferences.In(scalar)]);
            }
            catch (QuerySyntaxException error)
            {
                throw new DefinitionException(definition.Key, $"'{definition.Key}' cannot be read: {error.Message}", error);
            }
        }
    }
}
