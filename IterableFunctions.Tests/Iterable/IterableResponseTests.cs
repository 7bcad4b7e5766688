using System.Net;
using System.Text;
using IterableFunctions.Iterable;
using IterableFunctions.Sending;

namespace IterableFunctions.Tests.Iterable;

public class IterableResponseTests
{
    [Theory]
    [InlineData(200, """{"code":"Success","msg":"ok","params":null}""", "delivered")]
    [InlineData(202, """{"code":"Success","msg":""}""", "delivered")]
    [InlineData(200, """{"successCount":1,"failCount":0}""", "delivered")]
    // Status first, code second, both ways.
    [InlineData(400, """{"code":"Success","msg":"no"}""", "refused Http400")]
    [InlineData(401, """{"code":"Success","msg":"Invalid API key"}""", "key Http401")]
    [InlineData(200, """{"code":"BadParams","msg":"no"}""", "refused BadParams")]
    [InlineData(200, """{"code":"Success","msg":"Event name x is disallowed from tracking"}""", "refused EventNameDisallowed")]
    // The four envelopes.
    [InlineData(400, """{"code":"InvalidEmailAddressError","msg":"no","params":{}}""", "refused InvalidEmailAddressError")]
    [InlineData(404, """{"error":"x","message":"no such","code":"error.catalogs.notFound","data":{}}""", "refused error.catalogs.notFound")]
    [InlineData(400, "<html>Bad request</html>", "refused Http400")]
    [InlineData(502, "<html>Bad gateway</html>", "later Http502 -")]
    [InlineData(409, """{"code":"ExternalKeyConflict","msg":"no"}""", "refused ExternalKeyConflict")]
    [InlineData(413, "", "refused Http413")]
    // Not the event's fault.
    [InlineData(401, """{"code":"BadApiKey","msg":"no"}""", "key BadApiKey")]
    [InlineData(403, """{"code":"Forbidden","msg":"no"}""", "key Forbidden")]
    // Later, after the time that the answer names.
    [InlineData(408, "", "later Http408 -")]
    [InlineData(500, """{"code":"GenericError","msg":"no"}""", "later GenericError -")]
    [InlineData(503, "", "later Http503 -")]
    [InlineData(429, """{"code":"RateLimitExceeded","msg":"slow","params":{"rateLimitLimit":5,"rateLimitRemaining":0,"rateLimitReset":2}}""", "later RateLimitExceeded 2")]
    [InlineData(429, """{"code":"RateLimitExceeded","msg":"slow","params":{"rateLimitReset":-5}}""", "later RateLimitExceeded -")]
    [InlineData(429, """{"code":"RateLimitExceeded","msg":"slow","params":{"rateLimitReset":"soon"}}""", "later RateLimitExceeded -")]
    // Nobody that we know answers so.
    [InlineData(200, "<html>Welcome</html>", "later UnreadableAnswer -")]
    [InlineData(200, "", "later UnreadableAnswer -")]
    [InlineData(200, "[]", "later UnreadableAnswer -")]
    [InlineData(302, "", "later Http302 -")]
    // Text that is none: the status decides.
    [InlineData(400, "{\"code\":\"BadParams\",\"msg\":\"bad \\ud83d\"}", "refused Http400")]
    [InlineData(400, """{"code":"ann@example.com","msg":"no"}""", "refused Http400")]
    [InlineData(200, """{"code":"ann@example.com","msg":"no"}""", "refused UnknownCode")]
    public void Answer_is_read_by_status_then_code(int status, string body, string expected)
        => Assert.Equal(expected, Describe(IterableResponse.Read((HttpStatusCode)status, Encoding.UTF8.GetBytes(body), retryAfter: null)));

    [Fact]
    public void Answer_that_is_not_UTF8_is_read_by_its_status()
        => Assert.Equal("refused Http400", Describe(IterableResponse.Read(HttpStatusCode.BadRequest, [.. "{\"code\":\"BadParams\",\"msg\":\""u8, 0xFF, .. "\"}"u8], retryAfter: null)));

    [Fact]
    public void Header_beats_the_body_in_naming_a_time()
        => Assert.Equal("later RateLimitExceeded 7", Describe(IterableResponse.Read(HttpStatusCode.TooManyRequests, """{"code":"RateLimitExceeded","params":{"rateLimitReset":2}}"""u8, TimeSpan.FromSeconds(7))));

    private static string Describe(Delivery delivery) => delivery switch
    {
        Delivery.Delivered => "delivered",
        Delivery.Refused refused => $"refused {refused.Code}",
        Delivery.KeyRefused refused => $"key {refused.Code}",
        Delivery.RetryLater later => $"later {later.Code} {later.After?.TotalSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "-"}",
        _ => "?",
    };
}
