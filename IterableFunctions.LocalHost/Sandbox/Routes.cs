namespace IterableFunctions.LocalHost.Sandbox;

/// <summary>The calls that the sandbox knows.</summary>
internal enum Operation
{
    Unknown,
    UpdateUser,
    BulkUpdateUsers,
    UpdateEmail,
    MergeUsers,
    ForgetUser,
    Track,
    TrackBulk,
    TrackPurchase,
    UpdateCart,
    GetUserByEmail,
    GetUserByUserId,
    DeleteUserByEmail,
    DeleteUserByUserId,
    GetFields,
    GetEventsByEmail,
    GetEventsByUserId,
    GetWebhooks,
}

/// <summary>One endpoint of the API.</summary>
/// <param name="Name">Path below <c>/api/</c>; what rate limits, faults and the page call it.</param>
internal sealed record Route(Operation Operation, string Method, string Name)
{
    /// <summary>Does a call change the project, and so belong into the journal?</summary>
    public bool Writes => Method != "GET";

    /// <summary>Is the request's body JSON?</summary>
    public bool HasBody => Method == "POST";
}

/// <summary>Finds the endpoint that a request means.</summary>
internal static class Routes
{
    private static readonly Route _unknown = new(Operation.Unknown, "GET", "unknown");

    /// <summary>Every endpoint. The two ways to read a user share one name, as they share one limit.</summary>
    public static IReadOnlyList<Route> All { get; } =
    [
        new(Operation.UpdateUser, "POST", "users/update"),
        new(Operation.BulkUpdateUsers, "POST", "users/bulkUpdate"),
        new(Operation.UpdateEmail, "POST", "users/updateEmail"),
        new(Operation.MergeUsers, "POST", "users/merge"),
        new(Operation.ForgetUser, "POST", "users/forget"),
        new(Operation.Track, "POST", "events/track"),
        new(Operation.TrackBulk, "POST", "events/trackBulk"),
        new(Operation.TrackPurchase, "POST", "commerce/trackPurchase"),
        new(Operation.UpdateCart, "POST", "commerce/updateCart"),
        new(Operation.GetUserByEmail, "GET", "users/{email}"),
        new(Operation.GetUserByUserId, "GET", "users/byUserId"),
        new(Operation.DeleteUserByEmail, "DELETE", "users/{email}"),
        new(Operation.DeleteUserByUserId, "DELETE", "users/byUserId"),
        new(Operation.GetFields, "GET", "users/getFields"),
        new(Operation.GetEventsByEmail, "GET", "events/{email}"),
        new(Operation.GetEventsByUserId, "GET", "events/byUserId"),
        new(Operation.GetWebhooks, "GET", "webhooks"),
    ];

    private static readonly Dictionary<string, Route> _posts =
        All.Where(route => route.Method == "POST").ToDictionary(route => route.Name, StringComparer.Ordinal);

    /// <summary>The endpoint of a call, and the identifier that its path or query names.</summary>
    /// <param name="method">HTTP method.</param>
    /// <param name="path">The path below <c>/api/</c> as it came, still percent-encoded: an identifier may hold an encoded slash.</param>
    /// <param name="query">The value of a query parameter, or null.</param>
    public static (Route Route, string? Argument) Find(string method, string path, Func<string, string?> query)
    {
        if (method == "POST")
            return _posts.TryGetValue(path, out var post) ? (post, null) : (_unknown, null);
        if (method is not ("GET" or "DELETE"))
            return (_unknown, null);

        var reading = method == "GET";
        var slash = path.IndexOf('/', StringComparison.Ordinal);
        var family = slash < 0 ? path : path[..slash];
        var rest = slash < 0 ? "" : path[(slash + 1)..];
        const string byUserId = "byUserId/";
        return (family, rest) switch
        {
            ("webhooks", "") when reading => (Of(Operation.GetWebhooks), null),
            ("users", "getFields") when reading => (Of(Operation.GetFields), null),
            ("users", "getByEmail") when reading => (Of(Operation.GetUserByEmail), query("email")),
            ("users", "byUserId") when reading => (Of(Operation.GetUserByUserId), query("userId")),
            ("users", _) when rest.StartsWith(byUserId, StringComparison.Ordinal) =>
                (Of(reading ? Operation.GetUserByUserId : Operation.DeleteUserByUserId), Uri.UnescapeDataString(rest[byUserId.Length..])),
            ("users", { Length: > 0 } email) when !email.Contains('/') =>
                (Of(reading ? Operation.GetUserByEmail : Operation.DeleteUserByEmail), Uri.UnescapeDataString(email)),
            ("events", _) when reading && rest.StartsWith(byUserId, StringComparison.Ordinal) =>
                (Of(Operation.GetEventsByUserId), Uri.UnescapeDataString(rest[byUserId.Length..])),
            ("events", { Length: > 0 } email) when reading && !email.Contains('/') =>
                (Of(Operation.GetEventsByEmail), Uri.UnescapeDataString(email)),
            _ => (_unknown, null),
        };
    }

    private static Route Of(Operation operation) => All.First(route => route.Operation == operation);
}
