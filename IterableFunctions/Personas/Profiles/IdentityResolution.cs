namespace IterableFunctions.Personas.Profiles;

/// <summary>A profile and its document.</summary>
public sealed record Person(string Profile, ProfileDocument Document);

/// <summary>Whose message it is.</summary>
/// <param name="Ids">The message's ids that are kept; those that would break a limit are dropped.</param>
/// <param name="Survivor">The profile that takes the message; null for a new one.</param>
/// <param name="Losers">Profiles that turn out to be the same person, to be merged into the survivor.</param>
public sealed record Resolution(IReadOnlyList<ExternalId> Ids, Person? Survivor, IReadOnlyList<Person> Losers);

/// <summary>
/// Segment's identity resolution: no match is a new profile, one match takes the ids on, several are one person and merge, all of it under the limits.
/// What would break one loses the lowest-priority id of the message and is looked at again.
/// </summary>
public static class IdentityResolution
{
    /// <summary>Decides.</summary>
    /// <param name="ids">The message's ids, by priority, at least one.</param>
    /// <param name="holder">Whose an id is, if anybody's; the same object for the same profile.</param>
    public static Resolution Resolve(IReadOnlyList<ExternalId> ids, Func<ExternalId, Person?> holder)
    {
        for (var kept = ids.Count; ; kept--)
        {
            ExternalId[] tried = [.. ids.Take(kept)];
            Person[] persons = [.. tried.Select(holder).OfType<Person>().DistinctBy(person => person.Profile)];
            // One id breaks no limit that its profile has not broken before.
            if (kept > 1 && !IsWithinLimits(persons.SelectMany(person => person.Document.AllIds).Concat(tried)))
                continue;
            if (persons.Length < 2)
                return new(tried, persons.FirstOrDefault(), []);
            var survivor = persons.Aggregate(Survivor);
            return new(tried, survivor, [.. persons.Where(person => person != survivor)]);
        }
    }

    /// <summary>Which of two absorbs the other: the one with a <c>user_id</c>, else the older, else the smaller id.</summary>
    public static Person Survivor(Person one, Person other)
    {
        var (oneKnown, otherKnown) = (HasUserId(one), HasUserId(other));
        if (oneKnown != otherKnown)
            return oneKnown ? one : other;
        if (one.Document.Created != other.Document.Created)
            return one.Document.Created < other.Document.Created ? one : other;
        return string.CompareOrdinal(one.Profile, other.Profile) <= 0 ? one : other;
    }

    public static bool IsWithinLimits(IEnumerable<ExternalId> ids)
        => ids.Distinct().GroupBy(id => id.Type).All(type => type.Count() <= type.First().Limit);

    private static bool HasUserId(Person person) => person.Document.AllIds.Any(id => id.Type == ExternalId.UserIdType);
}
