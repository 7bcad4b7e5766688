using System.Collections.Immutable;
using IterableFunctions.Personas.Evaluation;

namespace IterableFunctions.Personas.Profiles;

/// <summary>What stands where a profile stands.</summary>
public enum ProfileKind : byte
{
    Live = 1,

    /// <summary>Merged into another, sealed: nothing is written into it any more.</summary>
    Redirect = 2,

    /// <summary>Deleted, or a claim that was fenced off: nothing is written into it any more.</summary>
    Tombstone = 3,
}

/// <summary>
/// A profile's document: what is known of one person, and the truth about which external ids are theirs (the table <c>Identities</c> is an index of it). Immutable; each
/// change is written under the ETag of the one before.
/// </summary>
public sealed record ProfileDocument
{
    /// <summary>A document that says that something was here, and nothing of what it was.</summary>
    public static ProfileDocument Tombstone { get; } = new() { Kind = ProfileKind.Tombstone };

    public ProfileKind Kind { get; init; } = ProfileKind.Live;

    /// <summary>Of a redirect: the profile that took it over.</summary>
    public string? RedirectTo { get; init; }

    /// <summary>Oldest first.</summary>
    public ImmutableArray<KnownId> Ids { get; init; } = [];

    /// <summary>By name. A trait that was set to null stays with its time, so that an older value does not bring it back.</summary>
    public ImmutableSortedDictionary<string, Trait> Traits { get; init; } = ImmutableSortedDictionary.Create<string, Trait>(StringComparer.Ordinal);

    /// <summary>By the identifier that calls were addressed to: what they set, and how new it is.</summary>
    public ImmutableSortedDictionary<string, LastSent> Sent { get; init; } = ImmutableSortedDictionary.Create<string, LastSent>(StringComparer.Ordinal);

    /// <summary>The newest events, newest first.</summary>
    public ImmutableArray<RecentEvent> Recent { get; init; } = [];

    /// <summary>Profiles that this one is absorbing. While there are any, folds append and nothing is evaluated.</summary>
    public ImmutableArray<Absorption> Merging { get; init; } = [];

    public LeafStates States { get; init; } = LeafStates.None;

    /// <summary>The version of the catalog of leaves up to which <see cref="States"/> are complete.</summary>
    public int BuiltThrough { get; init; }

    /// <summary>The hour of the last evaluation; 0 before the first.</summary>
    public Hour EvaluatedHour { get; init; }

    /// <summary>Hours at which the profile is to be looked at, in order.</summary>
    public ImmutableArray<Hour> Due { get; init; } = [];

    /// <summary>By the key of a definition: its last value, where it is not empty, or where Iterable was told of one.</summary>
    public ImmutableSortedDictionary<string, KnownValue> Values { get; init; } = ImmutableSortedDictionary.Create<string, KnownValue>(StringComparer.Ordinal);

    /// <summary>What Iterable was told of whom.</summary>
    public ImmutableSortedDictionary<ToldKey, Told> Told { get; init; } = ImmutableSortedDictionary.Create<ToldKey, Told>(ToldKey.Order);

    /// <summary>Who may send what <see cref="Told"/> lists as not acknowledged.</summary>
    public SendingLease Lease { get; init; }

    /// <summary>When a look at this profile that stands in the queue <c>sync</c> becomes visible, UTC ticks; 0 where none does.</summary>
    public long QueuedLook { get; init; }

    /// <summary>When Iterable was last told in bulk, UTC ticks; 0 if never. Single calls keep no order with that, so they wait a while.</summary>
    public long BulkAt { get; init; }

    /// <summary>The email that carries the user_id in calls to Iterable, which takes a userId on one user only; the first that was told anything.</summary>
    public string? Carrier { get; init; }

    /// <summary>The number of the last fold; every event row carries the number of its own.</summary>
    public long Folds { get; init; }

    /// <summary>UTC ticks.</summary>
    public long Created { get; init; }

    /// <summary>When a message last arrived, UTC ticks.</summary>
    public long LastMessage { get; init; }

    public bool Lists(ExternalId id)
    {
        foreach (var known in Ids)
        {
            if (known.Id == id)
                return true;
        }

        return false;
    }

    /// <summary>Whether the id is the person's, here or in a profile that is being absorbed.</summary>
    public bool Covers(ExternalId id)
    {
        if (Lists(id))
            return true;
        foreach (var absorption in Merging)
        {
            if (absorption.Ids.Contains(id))
                return true;
        }

        return false;
    }

    /// <summary>All ids that count against the limits: those of profiles that are being absorbed are spoken for.</summary>
    public IEnumerable<ExternalId> AllIds => Ids.Select(known => known.Id).Concat(Merging.SelectMany(absorption => absorption.Ids)).Distinct();
}

/// <summary>What a definition came to when it was last evaluated.</summary>
/// <param name="Json">UTF-8.</param>
/// <param name="Since">When it came to that, UTC ticks.</param>
/// <param name="Version">Of the definition: a value of another version says nothing any more.</param>
public sealed record KnownValue(ReadOnlyMemory<byte> Json, long Since, int Version);

/// <summary>A definition, and the identifier that Iterable was told of it under.</summary>
/// <param name="Definition">Its key.</param>
/// <param name="Identifier">As <c>email:ann@example.com</c>, <c>user_id:42</c>.</param>
public readonly record struct ToldKey(string Definition, string Identifier)
{
    public static IComparer<ToldKey> Order { get; } = Comparer<ToldKey>.Create((one, other)
        => string.CompareOrdinal(one.Definition, other.Definition) is not 0 and var order ? order : string.CompareOrdinal(one.Identifier, other.Identifier));
}

/// <summary>How sure it is that Iterable knows.</summary>
public enum ToldState : byte
{
    /// <summary>About to be sent, or sent without an answer that counts: it may stand at Iterable or not.</summary>
    Unknown = 0,

    /// <summary>Iterable has said that it has it.</summary>
    Acknowledged = 1,

    /// <summary>Iterable has refused it for good; it is not tried again until the value changes.</summary>
    Refused = 2,
}

/// <summary>What Iterable was told last, of one definition under one identifier.</summary>
/// <param name="Number">Of the telling: greater with each other value, never used twice. It begins at the Unix time in milliseconds.</param>
/// <param name="Json">The value, UTF-8.</param>
/// <param name="State">How sure that is.</param>
/// <param name="When">When it was decided, and when Iterable answered once it has, UTC ticks.</param>
/// <param name="HasLanded">Whether a value before this one may stand at Iterable, so that even an empty one is worth telling.</param>
/// <param name="IsTakeover">Whether it only lets an email take over what was told by user_id: an update, and no event.</param>
/// <param name="Refusal">Iterable's code and words, where it refused the telling or a part of it. The words may hold personal data.</param>
public sealed record Told(long Number, ReadOnlyMemory<byte> Json, ToldState State, long When, bool HasLanded, bool IsTakeover = false, string? Refusal = null);

/// <summary>The right to send for a profile, for a short time.</summary>
/// <param name="Id">Who holds it; 0 where nobody does.</param>
/// <param name="Until">When it ends by itself, UTC ticks.</param>
public readonly record struct SendingLease(long Id, long Until)
{
    public bool IsHeldAt(long now) => Id != 0 && now < Until;
}

/// <summary>An external id of a person.</summary>
/// <param name="Id">The id.</param>
/// <param name="Since">When the message that brought it happened, UTC ticks.</param>
public readonly record struct KnownId(ExternalId Id, long Since);

/// <summary>A trait's value.</summary>
/// <param name="Json">UTF-8.</param>
/// <param name="Time">When the message happened that set it, UTC ticks.</param>
/// <param name="By">The hash of that message's id: of two messages of one moment the greater wins, whichever comes first.</param>
public sealed record Trait(ReadOnlyMemory<byte> Json, long Time, ulong By)
{
    public bool IsNull => Json.Span.SequenceEqual("null"u8);

    public bool IsNewerThan(Trait other) => Time != other.Time ? Time > other.Time : By > other.By;
}

/// <summary>One of the newest events: enough to find its row.</summary>
/// <param name="Name">The event's name.</param>
/// <param name="Time">UTC ticks.</param>
/// <param name="MessageId">Of its message.</param>
public sealed record RecentEvent(string Name, long Time, string MessageId);

/// <summary>A profile that is being absorbed.</summary>
/// <param name="Profile">Its id.</param>
/// <param name="Ids">Its external ids, for which room is kept under the limits.</param>
/// <param name="Joined">Whether its document has been joined into this one; what is left then is to move its rows.</param>
public sealed record Absorption(string Profile, ImmutableArray<ExternalId> Ids, bool Joined);
