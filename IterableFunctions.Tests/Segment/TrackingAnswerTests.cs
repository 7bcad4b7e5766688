using System.Net;
using System.Text;
using IterableFunctions.Segment;
using IterableFunctions.Sending;

namespace IterableFunctions.Tests.Segment;

public class TrackingAnswerTests
{
    [Theory]
    [InlineData(200, """{"success":true}""", "delivered")]
    [InlineData(200, "", "delivered")]
    [InlineData(202, " {} ", "delivered")]
    [InlineData(200, "<html>Log in</html>", "later UnreadableAnswer")]
    [InlineData(302, "", "later Http302")]
    [InlineData(400, """{"success":false,"message":"Malformed JSON"}""", "refused Http400")]
    [InlineData(400, "", "refused Http400")]
    [InlineData(413, "", "refused Http413")]
    // What segmentio/analytics-go issue 205 shows for a key that cannot be one.
    [InlineData(400, """{"success": false, "message": "An invalid write key was provided"}""", "key InvalidWriteKey")]
    [InlineData(401, "", "key Http401")]
    [InlineData(403, "", "key Http403")]
    // A wrong address is no event's fault.
    [InlineData(404, "", "later Http404")]
    [InlineData(405, "", "later Http405")]
    [InlineData(408, "", "later Http408")]
    [InlineData(429, "", "later Http429")]
    [InlineData(500, "", "later Http500")]
    [InlineData(503, "<html>", "later Http503")]
    public void Answer_is_read_by_its_status(int status, string body, string expected)
    {
        using var response = new HttpResponseMessage((HttpStatusCode)status);
        Assert.Equal(expected, TrackingAnswer.Read(response, Encoding.UTF8.GetBytes(body), retryAfter: null) switch
        {
            Delivery.Delivered => "delivered",
            Delivery.Refused refused => $"refused {refused.Code}",
            Delivery.KeyRefused refused => $"key {refused.Code}",
            Delivery.RetryLater later => $"later {later.Code}",
            var other => other.ToString(),
        });
    }

    [Theory]
    [InlineData("7", null, 7)]
    [InlineData("7", 3, 3)]
    [InlineData("-1", null, null)]
    [InlineData("soon", null, null)]
    [InlineData(null, null, null)]
    public void Wait_is_named_by_Retry_After_or_by_the_rate_limits_reset(string? reset, int? retryAfter, int? seconds)
    {
        using var response = new HttpResponseMessage(HttpStatusCode.TooManyRequests);
        if (reset is not null)
            response.Headers.TryAddWithoutValidation("X-RateLimit-Reset", reset);
        var delivery = Assert.IsType<Delivery.RetryLater>(TrackingAnswer.Read(response, default, retryAfter is { } after ? TimeSpan.FromSeconds(after) : null));
        Assert.Equal(seconds, delivery.After?.TotalSeconds is { } wait ? (int)wait : null);
    }
}
