using IterableFunctions.Iterable.Limits;
using IterableFunctions.Sending;
using Microsoft.Extensions.Logging;

namespace IterableFunctions.Iterable;

/// <summary>
/// Sends calls to Iterable, as fast as this instance may and as long as the key is taken; one attempt each, and says how it ended. Throws only when cancelled by its caller.
/// </summary>
public sealed partial class IterableClient(HttpClient http, IterableLimits limits, KeyGuard key, TimeProvider time, ILogger<IterableClient> logger)
{
    private readonly JsonPost _post = new(http, time);

    /// <summary>Sends a call when it is its turn.</summary>
    /// <param name="request">The call.</param>
    /// <param name="urgency">Whose turn comes first.</param>
    /// <param name="within">The time that there is, the wait for its turn included; at most <see cref="JsonPost.Timeout"/> of it used a call.</param>
    /// <param name="cancellation">Ends the attempt with <see cref="OperationCanceledException"/>.</param>
    public async Task<Delivery> SendAsync(IterableRequest request, Urgency urgency, TimeSpan within, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        var limiter = limits[request.Endpoint];
        if (await limiter.EnterAsync(urgency, within, cancellation) is { } busy)
            return new Delivery.NotSent("RateLimited", busy);
        if (await key.EnterAsync(request.Endpoint.Path, cancellation) is { } refused)
            return new Delivery.NotSent("KeyRefused", refused);
        if (within - time.GetElapsedTime(started) is not { Ticks: > 0 } left)
            return new Delivery.NotSent("NoTimeLeft", TimeSpan.Zero);

        var sent = time.GetTimestamp();
        var delivery = await SendNowAsync(request, left, cancellation);
        switch (delivery)
        {
            case Delivery.KeyRefused answer:
                await key.RefusedAsync(request.Endpoint.Path, answer.Status, cancellation);
                break;
            case Delivery.RetryLater { Status: 429 } answer:
                limiter.Rate.Refused(sent, answer.After);
                break;
            case Delivery.Delivered or Delivery.Partly or Delivery.Refused:
                limiter.Rate.Succeeded();
                await key.AcceptedAsync(request.Endpoint.Path, cancellation);
                break;
        }

        return delivery;
    }

    private async Task<Delivery> SendNowAsync(IterableRequest request, TimeSpan within, CancellationToken cancellation)
    {
        var delivery = await _post.SendAsync(request.Endpoint.Path, request.Body, static (response, body, retryAfter) => IterableResponse.Read(response.StatusCode, body, retryAfter), within, cancellation);
        switch (delivery)
        {
            case Delivery.Refused refused:
                Log.Refused(logger, request.Endpoint, request.LogId, refused.Status, refused.Code);
                break;
            case Delivery.RetryLater { Status: 0 } later:
                Log.NoAnswer(logger, request.Endpoint, request.LogId, later.Code);
                break;
            case Delivery.RetryLater later:
                Log.Unavailable(logger, request.Endpoint, request.LogId, later.Status, later.Code);
                break;
        }

        return delivery;
    }

    /// <summary>Iterable's own words are left out: they may quote the user.</summary>
    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Iterable refused {Endpoint} for message {MessageId}: {Status} {Code}")]
        public static partial void Refused(ILogger logger, IterableEndpoint endpoint, string messageId, int status, string code);

        [LoggerMessage(3, LogLevel.Warning, "Iterable cannot take {Endpoint} for message {MessageId} now: {Status} {Code}")]
        public static partial void Unavailable(ILogger logger, IterableEndpoint endpoint, string messageId, int status, string code);

        [LoggerMessage(4, LogLevel.Warning, "No answer from Iterable to {Endpoint} for message {MessageId}: {Code}")]
        public static partial void NoAnswer(ILogger logger, IterableEndpoint endpoint, string messageId, string code);
    }
}
