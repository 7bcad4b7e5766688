using IterableFunctions.LocalHost.Sandbox;
using Microsoft.Extensions.Time.Testing;

namespace IterableFunctions.Tests.Sandbox;

/// <summary>Iterable API docs: the "Rate limit" line of each endpoint; params of a 429 as documented for users/update and bulkUpdate.</summary>
public class RateBucketsTests
{
    [Theory]
    [InlineData("POST", "users/update", 500)]
    [InlineData("POST", "users/bulkUpdate", 5)]
    [InlineData("POST", "users/merge", 50)]
    [InlineData("POST", "users/forget", 3)]
    [InlineData("POST", "events/track", 2_000)]
    [InlineData("POST", "events/trackBulk", 10)]
    [InlineData("GET", "users/ann@example.com", 100)]
    [InlineData("GET", "users/byUserId/u1", 100)]
    [InlineData("GET", "users/getFields", 3)]
    [InlineData("GET", "events/ann@example.com", 100)]
    [InlineData("GET", "events/byUserId/u1", 100)]
    public async Task Each_endpoint_takes_its_published_rate_and_refills_it(string method, string path, int rate)
    {
        var time = new FakeTimeProvider();
        await using var server = await StartAsync(time);
        // The bucket counts before the body is looked at, so an empty object will do.
        async Task<int[]> StatusesAsync(int calls)
        {
            var replies = await Task.WhenAll(Enumerable.Range(0, calls).Select(_ => server.SendAsync(new(method), path, method == "POST" ? "{}" : null)));
            return [.. replies.Select(reply => reply.Status)];
        }

        Assert.DoesNotContain(429, await StatusesAsync(rate));
        Assert.Equal(429, Assert.Single(await StatusesAsync(1)));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, (await StatusesAsync(rate + 1)).Count(status => status == 429));
        time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(1, (await StatusesAsync(rate + 1)).Count(status => status == 429));
    }

    [Fact]
    public async Task A_refusal_names_the_bucket_and_when_to_come_again()
    {
        var time = new FakeTimeProvider();
        await using var server = await StartAsync(time, new() { ["events/track"] = new RateLimit(0.25, 2) });
        Task<Reply> CallAsync() => server.PostAsync("events/track", "{'email':'ann@example.com','eventName':'E'}");
        await CallAsync();
        await CallAsync();

        var reply = await CallAsync();
        time.Advance(TimeSpan.FromSeconds(1.5));
        var later = await CallAsync();

        Assert.Equal((429, "RateLimitExceeded"), (reply.Status, reply.Code));
        Assert.Equal("""{"rateLimitLimit":2,"rateLimitRemaining":0,"rateLimitReset":4}""", reply.Params!.ToJsonString());
        // Iterable's API docs do not have this header, so nobody may come to rely on it.
        Assert.Null(reply.RetryAfter);
        Assert.Equal(3, (int)later.Params!["rateLimitReset"]!);
        Assert.Equal(2, server.Sandbox.Events.Count);
    }

    [Fact]
    public void Forgetting_has_a_daily_cap()
    {
        // Iterable API docs, POST /api/users/forget: "Daily Cap: 1000 requests per 24 hour period".
        var time = new FakeTimeProvider();
        var buckets = new RateBuckets(new SandboxOptions { ApiKey = SandboxServer.Key, Time = time });
        var accepted = 0;
        for (var i = 0; i < 1_100; i++)
        {
            time.Advance(TimeSpan.FromSeconds(0.4));
            if (buckets.Take("users/forget") is null)
                accepted++;
        }

        Assert.InRange(accepted, 1_000, 1_006);
    }

    [Fact]
    public void Endpoints_without_a_published_rate_have_no_limit_unless_one_is_given()
    {
        var buckets = new RateBuckets(new SandboxOptions { ApiKey = SandboxServer.Key, Time = new FakeTimeProvider(), RateLimitOverrides = new Dictionary<string, RateLimit?> { ["commerce/updateCart"] = RateLimit.PerSecondOf(1), ["users/update"] = null } });

        Assert.All(Enumerable.Range(0, 5_000), _ => Assert.Null(buckets.Take("commerce/trackPurchase")));
        Assert.All(Enumerable.Range(0, 5_000), _ => Assert.Null(buckets.Take("users/update")));
        Assert.Null(buckets.Take("commerce/updateCart"));
        Assert.NotNull(buckets.Take("commerce/updateCart"));
    }

    [Fact]
    public async Task Rates_are_measured_even_when_nothing_is_limited()
    {
        var time = new FakeTimeProvider();
        await using var server = await SandboxServer.StartAsync(new SandboxOptions { ApiKey = SandboxServer.Key, Time = time, RateLimits = false });
        for (var i = 0; i < 7; i++)
            await server.PostAsync("users/bulkUpdate", "{'users':[]}");
        time.Advance(TimeSpan.FromSeconds(1));

        var rate = Assert.Single(server.Sandbox.Rates, rate => rate.Endpoint == "users/bulkUpdate");

        Assert.Equal((7, 7L, 0L), (rate.LastSecond, rate.Calls, rate.Limited));
    }

    private static Task<SandboxServer> StartAsync(TimeProvider time, Dictionary<string, RateLimit?>? limits = null) =>
        SandboxServer.StartAsync(new SandboxOptions { ApiKey = SandboxServer.Key, Time = time, RateLimitOverrides = limits ?? [] });
}
