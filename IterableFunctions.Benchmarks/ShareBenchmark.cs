using System.Diagnostics;
using System.Globalization;
using IterableFunctions.Iterable;
using IterableFunctions.Iterable.Limits;
using IterableFunctions.LocalHost;
using IterableFunctions.LocalHost.Sandbox;
using IterableFunctions.Sending;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IterableFunctions.Benchmarks;

/// <summary>
/// Two processes with the app's client, each with more to send than one limit of the sandbox allows; the second starts when the first has had it for a third of the time. What the sandbox
/// took of each, second by second, says how they share.
/// </summary>
internal static class ShareBenchmark
{
    private const int Limit = 200;
    private const string Key = "key";

    public static async Task<int> RunAsync(string[] args)
    {
        if ((args is ["--seconds", var text] ? text : args.Length == 0 ? "60" : "") is var given
            && (!int.TryParse(given, CultureInfo.InvariantCulture, out var seconds) || seconds is < 15 or > 600))
        {
            Console.Error.WriteLine("Usage: share [--seconds S], from 15 to 600");
            return 2;
        }

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var app = builder.Build();
        using var sandbox = new SandboxIterable(new()
        {
            ApiKey = Key,
            RateLimitOverrides = new Dictionary<string, RateLimit?> { ["events/track"] = RateLimit.PerSecondOf(Limit) },
            RememberedCalls = 2 * Limit * seconds,
            RememberedBytesPerCall = 0,
        });
        app.MapSandbox(sandbox);
        await app.StartAsync();

        var address = $"{app.Urls.First()}/sandbox";
        using (ChildProcess.Start("call", address, "a", $"{seconds}"))
        {
            await Task.Delay(TimeSpan.FromSeconds(seconds / 3));
            using var second = ChildProcess.Start("call", address, "b", $"{seconds - (seconds / 3)}");
            await second.OutputAsync();
        }

        Print(sandbox.Calls);
        return 0;
    }

    /// <summary>One of the two: calls one after another over eight connections, for a while.</summary>
    public static async Task<int> CallAsync(string iterable, string user, string seconds)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(
        [
            new("Iterable:ApiKey", Key),
            new("Iterable:BaseUrl", iterable),
            new("Limits:TrackEvent", $"{Limit}"),
            // Nobody needs it: the key is not refused.
            new("AzureWebJobsStorage", "UseDevelopmentStorage=true"),
        ]).Build());
        services.AddIterableFunctions();
        await using var provider = services.BuildServiceProvider();
        var client = provider.GetRequiredService<IterableClient>();
        var (started, during) = (Stopwatch.GetTimestamp(), TimeSpan.FromSeconds(double.Parse(seconds, CultureInfo.InvariantCulture)));
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async connection =>
        {
            for (var call = 0; Stopwatch.GetElapsedTime(started) < during; call++)
            {
                var id = $"{user}-{connection}-{call}";
                await client.SendAsync(new()
                {
                    Endpoint = IterableEndpoint.TrackEvent,
                    Body = System.Text.Encoding.UTF8.GetBytes($$"""{"eventName":"E","userId":"{{user}}","id":"{{id}}"}"""),
                    MessageId = id,
                    Timestamp = DateTime.UtcNow,
                }, Urgency.Background, JsonPost.Timeout, default);
            }
        }));
        return 0;
    }

    private static void Print(IReadOnlyList<SandboxCall> calls)
    {
        var start = calls[0].At;
        Console.WriteLine($"limit: {Limit} calls/s");
        Console.WriteLine("second   a taken   b taken   refused");
        foreach (var second in calls.GroupBy(call => (int)(call.At - start).TotalSeconds).OrderBy(group => group.Key))
            Console.WriteLine($"{second.Key,6} {Taken(second, "a"),9} {Taken(second, "b"),9} {second.Count(call => call.Status == 429),9}");

        var both = calls.Where(call => call.At >= calls.First(other => other.UserId == "b").At.AddSeconds(10)).ToList();
        var (a, b) = (Taken(both, "a"), Taken(both, "b"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"from ten seconds after the second began: a {a / (double)(a + b):P0}, b {b / (double)(a + b):P0}; {(a + b) / (both[^1].At - both[0].At).TotalSeconds / Limit:P0} of the limit used, {both.Count(call => call.Status == 429) / (double)both.Count:P1} refused"));
    }

    private static int Taken(IEnumerable<SandboxCall> calls, string user) => calls.Count(call => call.UserId == user && call.Status == 200);
}
