using IterableFunctions.Tests.Personas.Evaluation.Oracle;

namespace IterableFunctions.Tests.Personas.Worlds;

/// <summary>A message as a world sends it.</summary>
/// <param name="Id">The messageId.</param>
/// <param name="Ids">Whose, as <c>user_id:…</c>, <c>email:…</c>, <c>anonymous_id:…</c>.</param>
/// <param name="Event">Of a track.</param>
/// <param name="Traits">Of an identify.</param>
/// <param name="Time">When it happened; no two identifies at the same time.</param>
internal sealed record Heard(string Id, string[] Ids, OEvent? Event, Dictionary<string, object?>? Traits, DateTime Time);

/// <summary>A person, as they come out of all messages.</summary>
/// <param name="Ids">All of them.</param>
/// <param name="Events">Each once.</param>
/// <param name="Traits">The newest of each.</param>
/// <param name="Messages">How many messages there were.</param>
internal sealed record Individual(string[] Ids, List<OEvent> Events, Dictionary<string, object?> Traits, int Messages)
{
    /// <summary>Whom Iterable knows them as.</summary>
    /// <param name="byUserId">Whether by userId alone.</param>
    public string[] Addressees(bool byUserId) => !byUserId && Ids.Any(id => id.StartsWith("email:", StringComparison.Ordinal))
        ? [.. Ids.Where(id => id.StartsWith("email:", StringComparison.Ordinal))]
        : [.. Ids.Where(id => id.StartsWith("user_id:", StringComparison.Ordinal))];

    public string Name => string.Join(' ', Ids);
}

/// <summary>Who is who, worked out from all messages anew each time: whoever shares an id is one person.</summary>
internal sealed class Population
{
    private readonly List<Heard> _heard = [];

    public void Hear(Heard message)
    {
        if (_heard.TrueForAll(other => other.Id != message.Id))
            _heard.Add(message);
    }

    /// <returns>Whoever was deleted; null where nobody had the id.</returns>
    public Individual? Delete(string id)
    {
        if (Individuals().FirstOrDefault(one => one.Ids.Contains(id)) is not { } gone)
            return null;
        _heard.RemoveAll(message => message.Ids.Any(gone.Ids.Contains));
        return gone;
    }

    public List<Individual> Individuals()
    {
        var groups = new List<(HashSet<string> Ids, List<Heard> Messages)>();
        foreach (var message in _heard)
        {
            var same = groups.FindAll(group => group.Ids.Overlaps(message.Ids));
            groups.RemoveAll(same.Contains);
            groups.Add(([.. same.SelectMany(group => group.Ids), .. message.Ids], [.. same.SelectMany(group => group.Messages), message]));
        }

        return [.. groups.Select(group => new Individual(
            [.. group.Ids.Order(StringComparer.Ordinal)],
            [.. group.Messages.Select(message => message.Event).OfType<OEvent>()],
            group.Messages.Where(message => message.Traits is not null).OrderBy(message => message.Time)
                .Aggregate(new Dictionary<string, object?>(), (all, message) => message.Traits!.Aggregate(all, (traits, trait) => new(traits) { [trait.Key] = trait.Value })),
            group.Messages.Count))];
    }
}
