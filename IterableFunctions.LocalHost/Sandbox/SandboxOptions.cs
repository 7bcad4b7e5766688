namespace IterableFunctions.LocalHost.Sandbox;

/// <summary>How a project identifies its users; fixed when the project is created.</summary>
/// <remarks>Iterable's help: "Project Types and Unique Identifiers".</remarks>
public enum SandboxProjectType
{
    /// <summary>Email and userId are both unique; either, or both, identify a user. An unknown one creates the user.</summary>
    Hybrid,

    /// <summary>The email is unique and creates users; a userId finds users, and creates one only with <c>preferUserId</c>.</summary>
    Email,

    /// <summary>Only the userId identifies; emails are plain data and need not be unique.</summary>
    UserId,
}

/// <summary>What <c>users/bulkUpdate</c> does with a user whose fields have the wrong type. Iterable documents one and shows the other.</summary>
public enum BulkTypeMismatch
{
    /// <summary>The whole call is refused with <c>RequestFieldsTypesMismatched</c>: what Block's client (iterable-go) meets in production.</summary>
    RefusesTheCall,

    /// <summary>The call succeeds and the user stands in <c>failedUpdates.invalidDataEmails</c> or <c>…UserIds</c>: what the API docs describe.</summary>
    FailsTheUser,
}

/// <summary>A token bucket: <paramref name="PerSecond"/> tokens flow in, at most <paramref name="Capacity"/> are kept, a call takes one.</summary>
/// <param name="PerSecond">Calls a second in the long run.</param>
/// <param name="Capacity">Calls at once after a pause; what Iterable reports as <c>rateLimitLimit</c>.</param>
public sealed record RateLimit(double PerSecond, double Capacity)
{
    /// <summary>A published limit of <paramref name="calls"/> a second. One second's worth may come at once.</summary>
    public static RateLimit PerSecondOf(double calls) => new(calls, Math.Max(1, calls));
}

/// <summary>What makes one sandbox project.</summary>
public sealed record SandboxOptions
{
    /// <summary>The only key that is accepted, in the header <c>Api-Key</c> or <c>Api_Key</c>.</summary>
    public required string ApiKey { get; init; }

    /// <summary>How the project identifies users. Default: hybrid, the type of new Iterable projects.</summary>
    public SandboxProjectType ProjectType { get; init; } = SandboxProjectType.Hybrid;

    /// <summary>Path of the journal that carries the project over a restart; null keeps everything in memory only.</summary>
    public string? DataFile { get; init; }

    /// <summary>The clock for buckets, receipt times and hangs.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>False: nothing is ever answered with 429, but rates are still measured.</summary>
    public bool RateLimits { get; init; } = true;

    /// <summary>Limits by endpoint (<c>users/update</c>) that replace or add to the published ones; null lifts a limit.</summary>
    public IReadOnlyDictionary<string, RateLimit?> RateLimitOverrides { get; init; } = new Dictionary<string, RateLimit?>();

    /// <summary>Event names that an administrator has switched off: accepted with 200, and not kept.</summary>
    public IReadOnlySet<string> DisallowedEventNames { get; init; } = new HashSet<string>();

    /// <summary>The project's setting for fields it has not seen: added (true) or dropped. <c>createNewFields</c> in a call overrides it.</summary>
    public bool CreateNewFields { get; init; } = true;

    /// <summary>Distinct profile fields, nested ones included. Iterable's soft limit is 1,000.</summary>
    public int ProfileFieldLimit { get; init; } = 1_000;

    /// <summary>Distinct fields of one custom event, nested ones included. Iterable's soft limit is 8,000.</summary>
    public int EventFieldLimit { get; init; } = 8_000;

    /// <summary>Items in one bulk call. Iterable publishes no number; 1,000 is what every careful client keeps to.</summary>
    public int BulkItemLimit { get; init; } = 1_000;

    /// <summary>Bytes of one request body. Iterable says 4 MB; the smaller reading of it is the safer one.</summary>
    public int BodyLimit { get; init; } = 4_000_000;

    /// <summary>What a wrong field type does to <c>users/bulkUpdate</c>.</summary>
    public BulkTypeMismatch BulkTypeMismatch { get; init; } = BulkTypeMismatch.RefusesTheCall;

    /// <summary>How many of the newest calls are remembered.</summary>
    public int RememberedCalls { get; init; } = 10_000;

    /// <summary>How many bytes of a request and of its answer the call log keeps. The rest is cut off, for display only.</summary>
    public int RememberedBytesPerCall { get; init; } = 8_192;
}
