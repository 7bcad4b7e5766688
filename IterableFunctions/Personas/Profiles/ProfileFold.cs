using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using IterableFunctions.Personas.Evaluation;

namespace IterableFunctions.Personas.Profiles;

/// <summary>Folds messages into a profile's document. No I/O and no clock; in whatever order messages come, the document is the same in the end.</summary>
public static class ProfileFold
{
    /// <summary>How many of the newest events a document names.</summary>
    public const int RecentEvents = 10;

    /// <summary>Folds messages that have not been folded before, each once.</summary>
    /// <param name="document">The document before.</param>
    /// <param name="messages">With ids that the document covers.</param>
    public static ProfileDocument Fold(ProfileDocument document, IReadOnlyList<ProfileMessage> messages)
    {
        var traits = document.Traits.ToBuilder();
        var sent = document.Sent.ToBuilder();
        var recent = document.Recent.ToList();
        var last = document.LastMessage;
        foreach (var message in messages)
        {
            SetTraits(traits, message);
            if (message.Sent is { } call)
            {
                foreach (var address in call.Addressed)
                    sent[address] = sent.GetValueOrDefault(address, LastSent.Nothing).With(call, message.Timestamp.Ticks);
            }

            if (message.Event is { } name)
                recent.Add(new(name, message.Timestamp.Ticks, message.MessageId));
            last = Math.Max(last, message.Arrived.Ticks);
        }

        return document with
        {
            Traits = traits.ToImmutable(),
            Sent = sent.ToImmutable(),
            Recent = Newest(recent),
            LastMessage = last,
            Folds = document.Folds + 1,
        };
    }

    /// <summary>Lists ids in a document that a message brings, and that are nobody's yet.</summary>
    public static ProfileDocument Attach(ProfileDocument document, IEnumerable<ExternalId> ids, ProfileMessage message)
        => document with { Ids = [.. document.Ids, .. ids.Where(id => !document.Lists(id)).Select(id => new KnownId(id, message.Timestamp.Ticks))] };

    /// <summary>
    /// The document as bytes that an entity can hold. One that is too large gives up first its leaf states, which are read from the rows instead, and what was sent, but for its times;
    /// then its largest traits, then those times: it goes on counting events whatever happens.
    /// </summary>
    public static (ProfileDocument Document, byte[] Bytes) Fit(ProfileDocument document)
    {
        var bytes = ProfileFormat.Write(document);
        if (bytes.Length <= ProfileFormat.LargestDocument)
            return (document, bytes);

        var states = document.States.All.Aggregate(document.States, (all, state) => all.With(state.Key, LeafState.FromRows));
        var fitting = document with { States = states, Sent = document.Sent.ToImmutableSortedDictionary(sent => sent.Key, sent => sent.Value.WithoutValues(), StringComparer.Ordinal) };
        foreach (var (name, _) in document.Traits.OrderByDescending(trait => trait.Value.Json.Length))
        {
            if ((bytes = ProfileFormat.Write(fitting)).Length <= ProfileFormat.LargestDocument)
                return (fitting, bytes);
            fitting = fitting with { Traits = fitting.Traits.Remove(name) };
        }

        fitting = fitting with { Sent = fitting.Sent.Clear() };
        return (fitting, ProfileFormat.Write(fitting));
    }

    internal static ImmutableArray<RecentEvent> Newest(IEnumerable<RecentEvent> events) =>
    [
        // Of a message that is known twice the one that came last.
        .. events.Reverse().DistinctBy(e => e.MessageId)
            .OrderByDescending(e => e.Time).ThenBy(e => e.MessageId, StringComparer.Ordinal).Take(RecentEvents),
    ];

    private static void SetTraits(ImmutableSortedDictionary<string, Trait>.Builder traits, ProfileMessage message)
    {
        if (message.Traits is not { } given)
            return;
        var by = MessageHash.Of(message.MessageId);
        foreach (var member in given.EnumerateObject())
        {
            var trait = new Trait(Encoding.UTF8.GetBytes(member.Value.GetRawText()), message.Timestamp.Ticks, by);
            if (!traits.TryGetValue(member.Name, out var before) || !before.IsNewerThan(trait))
                traits[member.Name] = trait;
        }
    }
}
