namespace IterableFunctions.Segment;

/// <summary>Settings <c>Segment__…</c>.</summary>
public sealed class SegmentOptions
{
    public const string Section = "Segment";

    /// <summary>The shared secret of the Segment webhook, with which it signs. Required.</summary>
    public string SharedSecret { get; set; } = "";

    /// <summary>
    /// Takes bodies that are a JSON array. Segment signs only the first element of such, so it needs <see cref="HeaderSecret"/> as well. Default false.
    /// </summary>
    public bool AcceptArrays { get; set; }

    /// <summary>What the custom header <c>X-Segment-Secret</c> of the Segment webhook must hold when the body is an array.</summary>
    public string? HeaderSecret { get; set; }

    /// <summary>The write key of the Segment source that gets Iterable's messaging events. Needed where <c>Iterable__WebhookSecret</c> is set.</summary>
    public string? WriteKey { get; set; }

    /// <summary>
    /// Where that source takes events, without <c>/v1</c>: for workspaces in the EU <c>https://events.eu1.segmentapis.com</c>. Default
    /// <c>https://api.segment.io</c>. Plain http only on loopback.
    /// </summary>
    public string? BaseUrl { get; set; }

    /// <summary>
    /// How long a webhook of Iterable waits for Segment before its event waits in the queue. Default half a second: how long Iterable waits for an answer is not published.
    /// </summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(0.5);

    /// <summary>The address that tracking calls go to.</summary>
    public Uri Address => new(BaseUrl is { Length: > 0 } url ? url.TrimEnd('/') + '/' : "https://api.segment.io/");
}
