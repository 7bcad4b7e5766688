namespace IterableFunctions.LocalHost.Sandbox;

/// <summary>A custom event or a purchase in the project.</summary>
internal sealed class StoredEvent(string id, bool isPurchase, Profile owner)
{
    public string Id { get; } = id;

    public bool IsPurchase { get; } = isPurchase;

    public Profile Owner { get; set; } = owner;

    /// <summary>Purchases have no name in Iterable's API; the contact lookup needs one, and calls them so.</summary>
    public string Name { get; set; } = "purchase";

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset ReceivedAt { get; set; }

    /// <summary>A JSON object, or null when none came.</summary>
    public byte[]? DataFields { get; set; }

    /// <summary>A JSON array of commerce items; purchases only.</summary>
    public byte[]? Items { get; set; }

    public double? Total { get; set; }

    public long? CampaignId { get; set; }

    public long? TemplateId { get; set; }

    /// <summary>How often this id was written: 1 unless a call was repeated.</summary>
    public int Writes { get; set; }
}

/// <summary>
/// The project's events and purchases by id: "If an event exists with that id, the event will be updated" (Iterable API
/// docs, events/track and commerce/trackPurchase). Decided, since the docs are silent: an id is the project's, not the
/// user's; an update replaces the whole event; events and purchases have ids of their own.
/// </summary>
internal sealed class Events
{
    /// <summary>"Note that this ID cannot be longer than 512 bytes."</summary>
    public const int LongestId = 512;

    private readonly Dictionary<string, StoredEvent> _custom = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StoredEvent> _purchases = new(StringComparer.Ordinal);

    public IReadOnlyCollection<StoredEvent> Custom => _custom.Values;

    public IReadOnlyCollection<StoredEvent> Purchases => _purchases.Values;

    /// <summary>The event with this id, now belonging to this user; new if there was none.</summary>
    public StoredEvent Upsert(string id, bool isPurchase, Profile owner)
    {
        var events = isPurchase ? _purchases : _custom;
        if (!events.TryGetValue(id, out var stored))
        {
            stored = new StoredEvent(id, isPurchase, owner);
            events.Add(id, stored);
            owner.Events.Add(stored);
        }
        else if (stored.Owner != owner)
        {
            stored.Owner.Events.Remove(stored);
            Move(stored, owner);
        }
        stored.Writes++;
        return stored;
    }

    /// <summary>All data and events of one user go to another: users/merge.</summary>
    public static void MoveAll(Profile from, Profile to)
    {
        foreach (var stored in from.Events)
            Move(stored, to);
        from.Events.Clear();
    }

    public void RemoveAll(Profile owner)
    {
        foreach (var stored in owner.Events)
            (stored.IsPurchase ? _purchases : _custom).Remove(stored.Id);
        owner.Events.Clear();
    }

    private static void Move(StoredEvent stored, Profile owner)
    {
        stored.Owner = owner;
        owner.Events.Add(stored);
    }
}
