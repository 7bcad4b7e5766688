using System.Globalization;
using System.Net;
using System.Text;
using IterableFunctions.Sending;

namespace IterableFunctions.Segment;

/// <summary>
/// Reads answers of Segment's Tracking API. 200 is for nearly everything; 400 for bodies that are too large or no JSON, and for a write key that cannot be one. The answers' bodies are
/// not documented, so as little as can be depends on them.
/// </summary>
internal static class TrackingAnswer
{
    /// <summary>How an answer is to be taken.</summary>
    public static Delivery Read(HttpResponseMessage response, ReadOnlySpan<byte> body, TimeSpan? retryAfter)
    {
        var (status, code) = ((int)response.StatusCode, $"Http{(int)response.StatusCode}");
        return response.StatusCode switch
        {
            // A proxy's page is no delivery. Segment writes {"success":true}; nothing at all would do.
            >= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices => body.Trim(" \t\r\n"u8) is [] or [(byte)'{', ..] ? Delivery.Delivered.Instance : new Delivery.RetryLater(status, "UnreadableAnswer"),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new Delivery.KeyRefused(status, code, Words(body)),
            // {"success":false,"message":"An invalid write key was provided"} (segmentio/analytics-go, issue 205).
            HttpStatusCode.BadRequest when Words(body).Contains("write key", StringComparison.OrdinalIgnoreCase) => new Delivery.KeyRefused((int)HttpStatusCode.Unauthorized, "InvalidWriteKey", Words(body)),
            HttpStatusCode.BadRequest or HttpStatusCode.RequestEntityTooLarge => new Delivery.Refused(status, code, Words(body)),
            // There is one endpoint: a 404 is about the address, not about the event.
            _ => new Delivery.RetryLater(status, code, retryAfter ?? Reset(response)),
        };
    }

    /// <summary>What Segment says; the beginning of it.</summary>
    private static string Words(ReadOnlySpan<byte> body) => Encoding.UTF8.GetString(body[..Math.Min(body.Length, 500)]);

    /// <summary>The header <c>X-RateLimit-Reset</c>, in seconds.</summary>
    private static TimeSpan? Reset(HttpResponseMessage response)
        => response.Headers.TryGetValues("X-RateLimit-Reset", out var values)
            && double.TryParse(values.First(), NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0 and <= 3600
            ? TimeSpan.FromSeconds(seconds)
            : null;
}
