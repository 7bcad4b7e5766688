using IterableFunctions.Sending;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Segment;

/// <summary>
/// Sends track calls to a Segment source by the HTTP Tracking API, as long as its write key is taken; one attempt, and says how it ended. Throws only when cancelled by its caller.
/// </summary>
public sealed partial class TrackingClient(HttpClient http, [FromKeyedServices(SegmentOptions.Section)] KeyGuard key, IOptions<SegmentOptions> options, TimeProvider time, ILogger<TrackingClient> logger)
{
    /// <summary>The only endpoint that is used, below the base URL.</summary>
    public const string Path = "/v1/batch";

    private readonly JsonPost _post = new(http, time);

    /// <summary>Sends events in one call. Segment takes all of them or none.</summary>
    /// <param name="events">No more than one batch takes: <see cref="TrackingBatch.Split"/>.</param>
    /// <param name="within">The time that there is; at most <see cref="JsonPost.Timeout"/> of it is used.</param>
    /// <param name="cancellation">Ends the attempt with <see cref="OperationCanceledException"/>.</param>
    public async Task<Delivery> SendAsync(IReadOnlyList<TrackingEvent> events, TimeSpan within, CancellationToken cancellation)
    {
        if (within <= TimeSpan.Zero)
            return new Delivery.NotSent("NoTimeLeft", TimeSpan.Zero);
        if (await key.EnterAsync(Path, cancellation) is { } refused)
            return new Delivery.NotSent("KeyRefused", refused);

        var delivery = await _post.SendAsync(Path, TrackingBatch.Write(events, options.Value.WriteKey ?? ""), TrackingAnswer.Read, within, cancellation);
        switch (delivery)
        {
            case Delivery.KeyRefused answer:
                await key.RefusedAsync(Path, answer.Status, cancellation);
                break;
            case Delivery.Delivered or Delivery.Refused:
                await key.AcceptedAsync(Path, cancellation);
                break;
        }

        switch (delivery)
        {
            case Delivery.Refused answer:
                Log.Refused(logger, events.Count, answer.Status);
                break;
            case Delivery.RetryLater answer:
                Log.Unavailable(logger, events.Count, answer.Code);
                break;
        }

        return delivery;
    }

    /// <summary>Segment's own words are left out: they may quote the event.</summary>
    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Segment refused a batch of {Count} events: {Status}")]
        public static partial void Refused(ILogger logger, int count, int status);

        [LoggerMessage(2, LogLevel.Warning, "Segment cannot take a batch of {Count} events now: {Code}")]
        public static partial void Unavailable(ILogger logger, int count, string code);
    }
}
