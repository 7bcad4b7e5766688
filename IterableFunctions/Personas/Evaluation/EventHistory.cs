namespace IterableFunctions.Personas.Evaluation;

/// <summary>The event rows of a profile that were loaded for an evaluation, by name, in order.</summary>
public sealed class EventHistory
{
    private readonly Dictionary<string, ProfileEvent[]> _events = new(StringComparer.Ordinal);

    /// <param name="loaded">
    /// For every event name that was asked for, its rows in any order, an empty list if there are none. A name that is
    /// missing was not loaded, and reading it fails: an answer from half the facts would be wrong without a sign.
    /// </param>
    public EventHistory(IEnumerable<KeyValuePair<string, IReadOnlyList<ProfileEvent>>> loaded)
    {
        foreach (var (name, events) in loaded)
        {
            ProfileEvent[] sorted = [.. events];
            Array.Sort(sorted, ProfileEvent.InOrder);
            _events[name] = sorted;
        }
    }

    public static EventHistory None { get; } = new([]);

    /// <summary>The events of one name by timestamp, then message id.</summary>
    /// <exception cref="InvalidOperationException">The rows of that name were not loaded.</exception>
    internal ProfileEvent[] Named(string name) =>
        _events.TryGetValue(name, out var events)
            ? events
            : throw new InvalidOperationException($"The evaluation needs the rows of event '{name}', and they were not loaded; ask {nameof(DefinitionSet)}.{nameof(DefinitionSet.RowsNeeded)} first.");
}

/// <summary>Event rows that an evaluation will read.</summary>
/// <param name="Event">The event's name.</param>
/// <param name="FromTicks">Rows before this moment (UTC ticks) make no difference.</param>
public readonly record struct RowsNeed(string Event, long FromTicks);
