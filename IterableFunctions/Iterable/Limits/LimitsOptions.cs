namespace IterableFunctions.Iterable.Limits;

/// <summary>
/// Settings <c>Limits__…</c>: how many calls a second Iterable takes of a project, all its keys and integrations together. Lower them where something else uses the same project all the time.
/// </summary>
public sealed class LimitsOptions
{
    public const string Section = "Limits";

    /// <summary>The highest that a limit may be set to.</summary>
    public const int Highest = 100_000;

    /// <summary>Calls a second of <c>users/update</c>. Default 500, as Iterable publishes.</summary>
    public int UpdateUser { get; set; } = 500;

    /// <summary>Calls a second of <c>events/track</c>. Default 2,000, as Iterable publishes.</summary>
    public int TrackEvent { get; set; } = 2_000;

    /// <summary>Calls a second of <c>commerce/trackPurchase</c>. Iterable publishes no limit; default 200.</summary>
    public int TrackPurchase { get; set; } = 200;

    /// <summary>Calls a second of <c>commerce/updateCart</c>. Iterable publishes no limit; default 200.</summary>
    public int UpdateCart { get; set; } = 200;

    /// <summary>Calls a second of <c>users/bulkUpdate</c>. Default 5, as Iterable publishes.</summary>
    public int UpdateUsers { get; set; } = 5;

    /// <summary>Calls a second of <c>events/trackBulk</c>. Default 10, as Iterable publishes.</summary>
    public int TrackEvents { get; set; } = 10;

    /// <summary>The limit of an endpoint.</summary>
    public int Of(IterableEndpoint endpoint)
        => endpoint == IterableEndpoint.UpdateUser ? UpdateUser
            : endpoint == IterableEndpoint.TrackEvent ? TrackEvent
            : endpoint == IterableEndpoint.TrackPurchase ? TrackPurchase
            : endpoint == IterableEndpoint.UpdateCart ? UpdateCart
            : endpoint == IterableEndpoint.UpdateUsers ? UpdateUsers
            : endpoint == IterableEndpoint.TrackEvents ? TrackEvents
            : endpoint == IterableEndpoint.ForgetUser ? ForgetUser
            : Unpublished;

    /// <summary>As Iterable publishes.</summary>
    private const int ForgetUser = 3;

    /// <summary>What an endpoint is given that has no setting.</summary>
    private const int Unpublished = 200;
}
