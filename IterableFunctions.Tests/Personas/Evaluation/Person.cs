using System.Text.Json;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Queries;

namespace IterableFunctions.Tests.Personas.Evaluation;

/// <summary>A profile as a store would keep it: event rows without duplicates, leaf states folded one event at a time, traits.</summary>
internal sealed class Person(DefinitionSet set)
{
    private readonly Dictionary<string, JsonElement> _traits = [];
    private readonly List<ProfileEvent> _rows = [];
    private readonly HashSet<string> _seen = [];

    public LeafStates States { get; set; } = LeafStates.None;

    public IReadOnlyList<ProfileEvent> Rows => _rows;

    public FoldResult Record(ProfileEvent e)
    {
        if (!_seen.Add(e.MessageId))
            return new FoldResult(States, false);
        _rows.Add(e);
        var folded = set.Fold(States, e);
        States = folded.States;
        return folded;
    }

    public void Set(string trait, string json) => _traits[trait] = JsonDocument.Parse(json).RootElement;

    public ProfileEvaluation Look(Hour hour, EvaluationScope scope = EvaluationScope.All) => set.Evaluate(View(hour, scope), hour, scope);

    public ProfileView View(Hour hour, EvaluationScope scope = EvaluationScope.All)
    {
        var loaded = set.RowsNeeded(States, hour, scope).Select(need => KeyValuePair.Create(
            need.Event, (IReadOnlyList<ProfileEvent>)[.. _rows.Where(row => row.Name == need.Event && row.Timestamp >= need.FromTicks)]));
        return new ProfileView { States = States, Traits = _traits, History = new EventHistory(loaded) };
    }

    /// <summary>A person with one definition and events given as "2024-05-01T10:30:00Z Name {properties} {context}".</summary>
    public static Person With(DefinitionKind kind, string query, params string[] events)
    {
        var person = new Person(DefinitionSet.Compile([new Definition("d", kind, query)]));
        foreach (var e in events)
            person.Record(Event(e, "m" + person._rows.Count));
        return person;
    }

    public static ProfileEvent Event(string text, string messageId)
    {
        var parts = text.Split(' ', 3);
        var json = parts.Length > 2 ? parts[2] : "{}";
        var reader = new Utf8JsonReader(System.Text.Encoding.UTF8.GetBytes(json), new JsonReaderOptions { AllowMultipleValues = true });
        Assert.True(reader.Read());
        var properties = JsonElement.ParseValue(ref reader);
        var context = reader.Read() ? JsonElement.ParseValue(ref reader) : default;
        return new ProfileEvent { Name = parts[1], Timestamp = At(parts[0]), MessageId = messageId, Properties = properties, Context = context };
    }

    public static long At(string time) => IsoTime.TryParse(time, out var ticks, out _) ? ticks : throw new FormatException(time);

    public static Hour HourOf(string time) => Hour.Containing(At(time));
}
