using System.Net.Http.Headers;
using IterableFunctions.Iterable.Limits;
using Microsoft.Extensions.Logging;

namespace IterableFunctions.Iterable;

/// <summary>
/// Sends calls to Iterable, as fast as this instance may and as long as the key is taken; one attempt each, and says how it ended. Throws only when cancelled by its caller.
/// </summary>
public sealed partial class IterableClient(HttpClient http, IterableLimits limits, KeyGuard key, TimeProvider time, ILogger<IterableClient> logger)
{
    /// <summary>How long one call may take.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <summary>More than Iterable's longest answer to one call; what a proxy says beyond that is not read.</summary>
    private const int MaxAnswerBytes = 64 * 1024;

    private static readonly MediaTypeHeaderValue Json = new("application/json");

    /// <summary>Sends a call when it is its turn.</summary>
    /// <param name="request">The call.</param>
    /// <param name="urgency">Whose turn comes first.</param>
    /// <param name="within">The time that there is, the wait for its turn included; at most <see cref="Timeout"/> of it used a call.</param>
    /// <param name="cancellation">Ends the attempt with <see cref="OperationCanceledException"/>.</param>
    public async Task<Delivery> SendAsync(IterableRequest request, Urgency urgency, TimeSpan within, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        var limiter = limits[request.Endpoint];
        if (await limiter.EnterAsync(urgency, within, cancellation) is { } busy)
            return new Delivery.NotSent("RateLimited", busy);
        if (await key.EnterAsync(request.Endpoint, cancellation) is { } refused)
            return new Delivery.NotSent("KeyRefused", refused);
        if (within - time.GetElapsedTime(started) is not { Ticks: > 0 } left)
            return new Delivery.NotSent("NoTimeLeft", TimeSpan.Zero);

        var sent = time.GetTimestamp();
        var delivery = await SendNowAsync(request, left, cancellation);
        switch (delivery)
        {
            case Delivery.KeyRefused answer:
                await key.RefusedAsync(request.Endpoint, answer.Status, cancellation);
                break;
            case Delivery.RetryLater { Status: 429 } answer:
                limiter.Rate.Refused(sent, answer.After);
                break;
            case Delivery.Delivered or Delivery.Refused:
                limiter.Rate.Succeeded();
                await key.AcceptedAsync(request.Endpoint, cancellation);
                break;
        }

        return delivery;
    }

    /// <summary>
    /// A connection that breaks before the answer is tried once more, after a short and uneven wait, when there is time: every call can be repeated without doubling its effect.
    /// </summary>
    private async Task<Delivery> SendNowAsync(IterableRequest request, TimeSpan within, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        using var limit = new CancellationTokenSource(within < Timeout ? within : Timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await AttemptAsync(request, both.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                Log.NoAnswer(logger, request.Endpoint, request.LogId, "Timeout");
                return new Delivery.RetryLater(0, "Timeout");
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                var pause = TimeSpan.FromMilliseconds(Random.Shared.Next(50, 150));
                if (attempt > 1 || within - time.GetElapsedTime(started) < 2 * pause)
                {
                    Log.NoAnswer(logger, request.Endpoint, request.LogId, "ConnectionFailed");
                    return new Delivery.RetryLater(0, "ConnectionFailed");
                }

                await Task.Delay(pause, time, cancellation);
            }
        }
    }

    private async Task<Delivery> AttemptAsync(IterableRequest request, CancellationToken cancellation)
    {
        using var content = new ReadOnlyMemoryContent(request.Body);
        content.Headers.ContentType = Json;
        using var message = new HttpRequestMessage(HttpMethod.Post, request.Endpoint.Path.TrimStart('/')) { Content = content };
        using var response = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellation);

        var buffer = new byte[4096];
        var length = 0;
        await using (var stream = await response.Content.ReadAsStreamAsync(cancellation))
        {
            for (int read; length < MaxAnswerBytes && (read = await stream.ReadAsync(buffer.AsMemory(length), cancellation)) > 0;)
            {
                length += read;
                if (length == buffer.Length)
                    Array.Resize(ref buffer, buffer.Length * 4);
            }
        }

        var delivery = IterableResponse.Read(response.StatusCode, buffer.AsSpan(0, length), RetryAfter(response));
        switch (delivery)
        {
            case Delivery.Refused refused:
                Log.Refused(logger, request.Endpoint, request.LogId, refused.Status, refused.Code);
                break;
            case Delivery.RetryLater later:
                Log.Unavailable(logger, request.Endpoint, request.LogId, (int)response.StatusCode, later.Code);
                break;
        }

        return delivery;
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } when delta >= TimeSpan.Zero => delta,
        { Date: { } date } when date > time.GetUtcNow() => date - time.GetUtcNow(),
        _ => null,
    };

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
