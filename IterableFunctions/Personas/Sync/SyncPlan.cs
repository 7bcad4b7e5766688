using System.Collections.Immutable;
using System.Text.Json;
using IterableFunctions.Iterable;
using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Profiles;

namespace IterableFunctions.Personas.Sync;

/// <summary>Something to be told: what stands in a document as an intent before it is sent.</summary>
/// <param name="Definition">Of what.</param>
/// <param name="To">Whom of.</param>
/// <param name="Told">The intent.</param>
public sealed record Telling(DefinitionRecord Definition, Addressee To, Told Told)
{
    public ToldKey Key => new(Definition.Key, To.Identifier);
}

/// <summary>
/// What Iterable has to be told, so that it knows each value that a profile has: the difference between the values and what it was told. Pure. A value of which nobody knows whether it has
/// arrived differs from every value: the same is sent again under its number, another under the next one.
/// </summary>
/// <param name="Document">The document with the intents in it.</param>
/// <param name="Tellings">What is to be sent once that is committed.</param>
public sealed record SyncPlan(ProfileDocument Document, IReadOnlyList<Telling> Tellings)
{
    /// <param name="document">With the values of the last evaluation.</param>
    /// <param name="catalog">The definitions.</param>
    /// <param name="project">Which identifiers reach a user.</param>
    /// <param name="now">UTC ticks.</param>
    public static SyncPlan Of(ProfileDocument document, Catalog catalog, ProjectType project, long now)
    {
        if (document.Kind != ProfileKind.Live || !document.Merging.IsEmpty || (document.Values.IsEmpty && document.Told.IsEmpty))
            return new(document, []);
        var present = Addressees.Of(document, project);
        var told = document.Told.ToBuilder();
        var tellings = new List<Telling>();
        var formerly = document.Told.Keys.ToLookup(key => key.Definition, key => key.Identifier, StringComparer.Ordinal);
        foreach (var (key, value) in document.Values)
        {
            if (catalog[key] is not { IsSent: true } definition || value.Version != definition.Version)
                continue;
            var waiting = present is [{ Email: not null, UserId: not null } carrier, ..] && !TakesOver(told, key, value, carrier, now) ? carrier : null;
            foreach (var to in With(present, formerly[key], told, key))
            {
                if (to == waiting)
                    continue;
                if (Next(told.GetValueOrDefault(new(key, to.Identifier)), value, definition.Kind, isPresent: present.Contains(to), now) is not { } next)
                    continue;
                told[new(key, to.Identifier)] = next;
                if (next.State == ToldState.Unknown)
                    tellings.Add(new(definition, to, next));
            }
        }

        var after = told.ToImmutable();
        if (!ReferenceEquals(after, document.Told))
            document = document with { Told = after };
        if (tellings.Count > 0 && document.Carrier is null && present is [{ Email: { } first }, ..])
            document = document with { Carrier = first };
        return new(document, tellings);
    }

    /// <summary>Whether a value says nothing: who has it for the first time is not worth a call.</summary>
    public static bool IsEmpty(ReadOnlySpan<byte> json)
        => json.SequenceEqual("false"u8) || json.SequenceEqual("null"u8) || json.SequenceEqual("0"u8) || json.SequenceEqual("0.0"u8) || json.SequenceEqual("[]"u8);

    /// <summary>
    /// The first email of somebody who was told of by user_id alone takes that over: Iterable makes both one user when an update names both. What was told by user_id stands until it has: where each
    /// is a user of its own already, both are told that they leave. What was refused there, and a value that says nothing, is not taken over; nor is anything when there is nothing to be told but that it
    /// is over: the user_id's user hears of that.
    /// </summary>
    /// <returns>False where the email has to wait until it is known whether the user_id was told: else an entry could be two events.</returns>
    private static bool TakesOver(ImmutableSortedDictionary<ToldKey, Told>.Builder told, string key, KnownValue value, Addressee carrier, long now)
    {
        var (former, own) = (new ToldKey(key, Addressee.OfUserId(carrier.UserId!)), new ToldKey(key, carrier.Identifier));
        if (!told.TryGetValue(former, out var before) || told.ContainsKey(own) || IsEmpty(value.Json.Span))
            return true;
        if (before.State == ToldState.Acknowledged && !IsEmpty(before.Json.Span))
            told[own] = before with { State = ToldState.Unknown, HasLanded = true, IsTakeover = true, When = now };
        return before.State != ToldState.Unknown;
    }

    /// <summary>Those whom the person stands for now, and those who were told before; not a user_id that is about to become one user with an email.</summary>
    private static IEnumerable<Addressee> With(IReadOnlyList<Addressee> present, IEnumerable<string> formerly, ImmutableSortedDictionary<ToldKey, Told>.Builder told, string key)
    {
        string[] others = [.. formerly.Where(identifier => present.All(addressee => addressee.Identifier != identifier) && !IsBeingTakenOver(identifier))];
        return others.Length == 0 ? present : [.. present, .. others.Select(Addressees.Of)];

        bool IsBeingTakenOver(string identifier) => present is [{ Email: not null, UserId: { } userId } carrier, ..]
            && identifier == Addressee.OfUserId(userId) && told.GetValueOrDefault(new(key, carrier.Identifier)) is { State: ToldState.Unknown };
    }

    /// <summary>What is to be told, or to be kept as told; null where nothing changes.</summary>
    private static Told? Next(Told? before, KnownValue value, DefinitionKind kind, bool isPresent, long now)
    {
        var isEmpty = IsEmpty(value.Json.Span);
        if (before is null)
            return isEmpty || !isPresent ? null : new(Numbered(0, now), value.Json, ToldState.Unknown, now, HasLanded: false);
        var isSame = before.Json.Span.SequenceEqual(value.Json.Span);
        if (isSame)
            return before.State == ToldState.Unknown ? before : null;
        // An identifier that the person has no more gets its exits, and nothing new.
        if (!isPresent && !isEmpty && before.State != ToldState.Unknown)
            return null;
        if (before.State == ToldState.Refused && !before.HasLanded && isEmpty)
            return before with { Json = value.Json };
        return new(Numbered(before.Number, now), value.Json, ToldState.Unknown, now, HasLanded: before.HasLanded || before.State != ToldState.Refused);
    }

    private static long Numbered(long before, long now) => Math.Max(before + 1, (now - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMillisecond);
}
