using System.Diagnostics;
using System.Net.Http.Headers;
using IterableFunctions.Telemetry;

namespace IterableFunctions.Sending;

/// <summary>Reads an answer.</summary>
/// <param name="response">Status and headers.</param>
/// <param name="body">The body, or its beginning.</param>
/// <param name="retryAfter">From the header <c>Retry-After</c>, where there is one.</param>
public delegate Delivery AnswerReader(HttpResponseMessage response, ReadOnlySpan<byte> body, TimeSpan? retryAfter);

/// <summary>Posts JSON, in bounded time and memory. Throws only when cancelled by its caller.</summary>
public sealed class JsonPost(HttpClient http, TimeProvider time)
{
    /// <summary>How long one call may take.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <summary>More than the longest answer, which names a thousand users; what a proxy says beyond that is not read.</summary>
    private const int MaxAnswerBytes = 1024 * 1024;

    private static readonly MediaTypeHeaderValue _json = new("application/json");

    /// <summary>
    /// Sends a call. A connection that breaks before the answer is tried once more, after a short and uneven wait, when there is time: every call can be repeated without
    /// doubling its effect.
    /// </summary>
    /// <param name="path">Below the base address.</param>
    /// <param name="body">JSON, UTF-8.</param>
    /// <param name="read">What the answer means.</param>
    /// <param name="within">The time that there is; no more than <see cref="Timeout"/> of it is used.</param>
    /// <param name="cancellation">Ends the attempt with <see cref="OperationCanceledException"/>.</param>
    public async Task<Delivery> SendAsync(string path, ReadOnlyMemory<byte> body, AnswerReader read, TimeSpan within, CancellationToken cancellation)
    {
        using var step = Tracing.StartCall(http.BaseAddress, path);
        var delivery = await SendAsync(path, body, read, within, time.GetTimestamp(), cancellation);
        Trace(step, delivery);
        return delivery;
    }

    private async Task<Delivery> SendAsync(string path, ReadOnlyMemory<byte> body, AnswerReader read, TimeSpan within, long started, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(within < Timeout ? within : Timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await AttemptAsync(path, body, read, both.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                return new Delivery.RetryLater(0, "Timeout");
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                var pause = TimeSpan.FromMilliseconds(Random.Shared.Next(50, 150));
                if (attempt > 1 || within - time.GetElapsedTime(started) < 2 * pause)
                    return new Delivery.RetryLater(0, "ConnectionFailed");
                await Task.Delay(pause, time, cancellation);
            }
        }
    }

    private async Task<Delivery> AttemptAsync(string path, ReadOnlyMemory<byte> body, AnswerReader read, CancellationToken cancellation)
    {
        using var content = new ReadOnlyMemoryContent(body);
        content.Headers.ContentType = _json;
        using var message = new HttpRequestMessage(HttpMethod.Post, path.TrimStart('/')) { Content = content };
        using var response = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellation);

        var buffer = new byte[4096];
        var length = 0;
        await using (var stream = await response.Content.ReadAsStreamAsync(cancellation))
        {
            for (int got; length < MaxAnswerBytes && (got = await stream.ReadAsync(buffer.AsMemory(length), cancellation)) > 0;)
            {
                length += got;
                if (length == buffer.Length)
                    Array.Resize(ref buffer, buffer.Length * 4);
            }
        }

        return read(response, buffer.AsSpan(0, length), RetryAfter(response));
    }

    /// <summary>Says in the trace how a call ended. The other side's own words are left out: they may quote the call.</summary>
    private static void Trace(Activity? step, Delivery delivery)
    {
        if (step is null)
            return;
        var (status, code) = delivery switch
        {
            Delivery.Refused refused => (refused.Status, refused.Code),
            Delivery.KeyRefused refused => (refused.Status, refused.Code),
            Delivery.RetryLater later => (later.Status, later.Code),
            _ => (200, null),
        };
        if (status > 0)
            step.SetTag("http.response.status_code", status);
        if (code is not null)
            step.SetTag("error.type", code).SetStatus(ActivityStatusCode.Error, code);
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } when delta >= TimeSpan.Zero => delta,
        { Date: { } date } when date > time.GetUtcNow() => date - time.GetUtcNow(),
        _ => null,
    };
}
