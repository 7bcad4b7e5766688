namespace IterableFunctions.Iterable;

/// <summary>Which of a user's identifiers is the unique one; fixed when the Iterable project was created (Settings, Project Settings).</summary>
public enum ProjectType
{
    /// <summary>Email and userId, each unique.</summary>
    Hybrid,

    /// <summary>The email.</summary>
    Email,

    /// <summary>The userId.</summary>
    UserId,
}

/// <summary>The region that holds the Iterable project.</summary>
public enum DataCenter
{
    /// <summary><c>https://api.iterable.com</c></summary>
    US,

    /// <summary><c>https://api.eu.iterable.com</c></summary>
    EU,
}

/// <summary>Whose names the properties of Iterable's messaging events have in Segment.</summary>
public enum WebhookNames
{
    /// <summary>Those of Segment's email spec where it has them (<c>campaign_id</c>), Iterable's for the rest (<c>templateId</c>).</summary>
    Segment,

    /// <summary>Iterable's alone.</summary>
    Iterable,

    /// <summary>All of Iterable's, and those of Segment's email spec besides.</summary>
    Both,
}

/// <summary>Settings <c>Iterable__…</c>.</summary>
public sealed class IterableOptions
{
    public const string Section = "Iterable";

    /// <summary>A server-side API key of the Iterable project (Integrations, API Keys). Required.</summary>
    public string ApiKey { get; set; } = "";

    /// <summary>Default <see cref="DataCenter.US"/>.</summary>
    public DataCenter DataCenter { get; set; }

    /// <summary>Overrides the data centre's address; without <c>/api</c>. Plain http only on loopback.</summary>
    public string? BaseUrl { get; set; }

    /// <summary>Default <see cref="ProjectType.Hybrid"/>.</summary>
    public ProjectType ProjectType { get; set; }

    /// <summary>Lets Iterable create users for a userId that it does not know. Means something in email-based projects only. Default false.</summary>
    public bool PreferUserId { get; set; }

    /// <summary>Whether the deletion of a person is passed on to Iterable (<c>users/forget</c>, which also keeps their data away in future). Default false.</summary>
    public bool ForgetOnDelete { get; set; }

    /// <summary>
    /// What Iterable's system webhooks have to bring: one token of your choice, or several separated by commas while one is rotated. None = the webhook is closed.
    /// </summary>
    public string? WebhookSecret { get; set; }

    /// <summary>Default <see cref="WebhookNames.Segment"/>.</summary>
    public WebhookNames WebhookNames { get; set; }

    /// <summary>The address that calls go to.</summary>
    public Uri Address => new(BaseUrl is { Length: > 0 } url ? url.TrimEnd('/') + '/'
        : DataCenter == DataCenter.EU ? "https://api.eu.iterable.com/" : "https://api.iterable.com/");
}
