using System.Diagnostics;

namespace IterableFunctions.Telemetry;

/// <summary>
/// The steps of a message's way, from the webhook through the queue to where it goes, as spans of one trace. Tags hold the message's id as it may stand in a log, endpoints and codes:
/// nothing of the message, and no address with a query. Without a listener nothing is made.
/// </summary>
public static class Tracing
{
    /// <summary>Name of the source.</summary>
    public const string Source = "IterableFunctions";

    /// <summary>Tag: the Segment message's id, or a hash of it where it could hold personal data.</summary>
    public const string MessageId = "message.id";

    private static readonly ActivitySource _source = new(Source);

    /// <summary>A step of what goes on.</summary>
    public static Activity? Start(string name, ActivityKind kind = ActivityKind.Internal) => _source.StartActivity(name, kind);

    /// <summary>A step of one message.</summary>
    /// <param name="name">Of the step.</param>
    /// <param name="messageId">As it may stand in a log.</param>
    public static Activity? Start(string name, string messageId) => _source.StartActivity(name)?.SetTag(MessageId, messageId);

    /// <summary>A call to somebody else's API, which does not learn of the trace.</summary>
    /// <param name="server">Base address of the API.</param>
    /// <param name="path">Below it.</param>
    public static Activity? StartCall(Uri? server, string path)
        => !_source.HasListeners() ? null
            : _source.StartActivity($"POST {path}", ActivityKind.Client)?
                .SetTag("http.request.method", "POST")
                .SetTag("server.address", server?.Host)
                .SetTag("url.full", $"{server?.GetLeftPart(UriPartial.Path).TrimEnd('/')}/{path.TrimStart('/')}");

    /// <summary>A step of what has waited: it goes on with the trace in which it was put aside, and names the run of the function that goes on with it.</summary>
    /// <param name="name">Of the step.</param>
    /// <param name="messageId">As it may stand in a log.</param>
    /// <param name="trace">What <see cref="Keep"/> returned; null where nobody listened.</param>
    public static Activity? Resume(string name, string messageId, string? trace)
    {
        if (!_source.HasListeners())
            return null;
        var run = Activity.Current?.Context;
        return (ActivityContext.TryParse(trace, null, isRemote: true, out var parent)
                ? _source.StartActivity(name, ActivityKind.Consumer, parent, links: run is { } linked ? [new(linked)] : null)
                : _source.StartActivity(name, ActivityKind.Consumer))
            ?.SetTag(MessageId, messageId);
    }

    /// <summary>Keeps the present step, and what it is part of, whatever the sampler chose.</summary>
    /// <returns>Its place in its trace, for whoever goes on later; null where there is none.</returns>
    public static string? Keep()
    {
        if (Activity.Current is not { IsAllDataRequested: true } step)
            return null;
        Keep(step);
        // Not its Id, which may have been made before it was to be kept.
        return $"00-{step.TraceId}-{step.SpanId}-01";
    }

    /// <inheritdoc cref="Keep()"/>
    public static void Keep(Activity? step)
    {
        for (; step is not null; step = step.Parent)
            step.ActivityTraceFlags |= ActivityTraceFlags.Recorded;
    }
}
