namespace IterableFunctions.Iterable;

/// <summary>One call of Iterable's API.</summary>
/// <param name="Path">Path below the base URL.</param>
public sealed record IterableEndpoint(string Path)
{
    /// <summary>Creates a user or updates its fields. Published limit: 500 requests/s per project.</summary>
    public static readonly IterableEndpoint UpdateUser = new("/api/users/update");

    /// <summary>A custom event. Published limit: 2,000 requests/s per project. An event with an <c>id</c> that exists is updated.</summary>
    public static readonly IterableEndpoint TrackEvent = new("/api/events/track");

    /// <summary>Many users at once. Published limit: 5 requests/s per project, 4 MB each. Not in order with <see cref="UpdateUser"/>.</summary>
    public static readonly IterableEndpoint UpdateUsers = new("/api/users/bulkUpdate");

    /// <summary>Many events at once. Published limit: 10 requests/s per project. Not in order with <see cref="TrackEvent"/>.</summary>
    public static readonly IterableEndpoint TrackEvents = new("/api/events/trackBulk");

    /// <summary>A purchase. Creates or updates the user, clears the cart. A purchase with an <c>id</c> that exists is updated.</summary>
    public static readonly IterableEndpoint TrackPurchase = new("/api/commerce/trackPurchase");

    /// <summary>Replaces the user's cart.</summary>
    public static readonly IterableEndpoint UpdateCart = new("/api/commerce/updateCart");

    /// <summary>Deletes a user for good. Published limit: 3 requests/s and 1,000 a day per project.</summary>
    public static readonly IterableEndpoint ForgetUser = new("/api/users/forget");

    public override string ToString() => Path;
}
