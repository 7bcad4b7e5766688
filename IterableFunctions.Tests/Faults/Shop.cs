using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Azure.Storage.Queues;
using IterableFunctions.LocalHost.Sandbox;
using IterableFunctions.Tests.LocalHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit.Abstractions;

namespace IterableFunctions.Tests.Faults;

/// <summary>
/// One run: a sender, the app that it posts to, the storage and the Iterable behind it. However the app is run and whatever is done to it meanwhile, a run ends in the same check.
/// </summary>
internal sealed partial class Shop(string storage, Uri app, SandboxIterable iterable, ITestOutputHelper output) : IDisposable
{
    /// <summary>Ends a run that does not come to its end by itself.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(15);

    private readonly CancellationTokenSource _patience = new(Patience);
    private readonly HttpClient _client = new() { BaseAddress = app };
    private readonly long _started = TimeProvider.System.GetTimestamp();

    /// <summary>
    /// Of one run. Short waits, so that it does not take minutes: a queue counts whole seconds, so a retry after 0.8 s, jitter included, is one after a second. Tables of its own, for
    /// the customers of every run have the same ids.
    /// </summary>
    public static Dictionary<string, string?> NewSettings() => new()
    {
        ["Storage__TablePrefix"] = AzuriteFixture.Unique("shop"),
        ["Delivering__FirstRetry"] = "00:00:00.8",
        ["Delivering__LongestRetry"] = "00:00:00.8",
        ["AzureFunctionsJobHost__extensions__queues__visibilityTimeout"] = "00:00:01",
        ["AzureFunctionsJobHost__extensions__queues__maxPollingInterval"] = "00:00:00.2",
    };

    /// <summary>
    /// The same, where messages are left behind by a process that died, or whose storage went: they come back soon. So soon that one which is with a worker comes to another when both have to wait for
    /// the machine, and that one meets kill upon kill: how often is no question of the run, so the host does not give up on it, which would be a dead letter though nothing was lost.
    /// </summary>
    public static Dictionary<string, string?> NewSettingsWithShortLease() => new(NewSettings())
    {
        ["LocalHost__QueueLease"] = "00:00:02",
        ["AzureFunctionsJobHost__extensions__queues__maxDequeueCount"] = "1000",
    };

    /// <summary>1 in an ordinary run, more with <c>LONG_TESTS=1</c>.</summary>
    public static IEnumerable<int> Seeds => Enumerable.Range(1, IsLong ? 5 : 1);

    public static bool IsLong => Environment.GetEnvironmentVariable("LONG_TESTS") == "1";

    public CancellationToken Cancellation => _patience.Token;

    public SegmentSender Segment { get; } = new(app);

    public SandboxIterable Iterable => iterable;

    /// <summary>
    /// Calls that took effect and that Iterable answered with success, so that the app knew; but for those that say once more what is newer than a call that was overtaken: updates without a
    /// field of their own, and carts that were there before, or are empty.
    /// </summary>
    public int Confirmed
    {
        get
        {
            SandboxCall[] calls = [.. iterable.Calls.Where(call => call is { TookEffect: true, Refused: false })];
            return calls.Count(IsOneMessages)
                + calls.Where(call => call.Path == "commerce/updateCart").Select(BodyOf).Select(body => body[body.IndexOf("\"items\":", StringComparison.Ordinal)..]).Distinct().Count(items => items != "\"items\":[]}");
        }
    }

    /// <summary>Whether a call can only be that of one message: it has the message's id, or a field of its own. A cart can be the same twice, and so can an update that repairs.</summary>
    public static bool IsOneMessages(SandboxCall call) => call.Path is "events/track" or "commerce/trackPurchase" || (call.Path == "users/update" && OwnField().IsMatch(BodyOf(call)));

    /// <summary>What was accepted and has not come to a call that succeeded.</summary>
    public IReadOnlyList<ShopMessage> LeftOut
    {
        get
        {
            var bodies = iterable.Calls.Where(call => call is { TookEffect: true, Refused: false }).Select(call => call.Body).ToList();
            return [.. Segment.Accepted.Where(message => message.Mark is var mark && !bodies.Exists(body => body.Span.IndexOf(mark) >= 0))];
        }
    }

    /// <summary>
    /// Waits until nothing is queued any more, and then: what the webhook accepted is at Iterable, once and as it was sent, and nothing else is; there are no dead letters; every
    /// answer was one that Segment understands.
    /// </summary>
    /// <param name="name">Of the run, for the line that it prints.</param>
    /// <param name="figures">What else there is to print.</param>
    public async Task CheckAsync(string name, string figures = "")
    {
        await DrainedAsync();
        Assert.Empty(Segment.Unexpected);
        Assert.Empty(await DeadLettersAsync());
        Assert.Empty(Oracle.Differences(Segment.Accepted, Segment.Sent, iterable));
        Assert.All(LeftOut, message => Assert.True(IsReplaced(message), $"{message.Id} was left out, and nothing has replaced it."));
        Print(name, figures);
    }

    /// <summary>A call whose success the app has seen is not sent again, unless its sender did not see the app's answer.</summary>
    /// <param name="logs">Of the app.</param>
    public void AssertNoneRepeatedNeedlessly(RecordedLogs logs)
    {
        var once = Segment.Accepted.Count - LeftOut.Count;
        // On a machine with too much to do an answer can come too late: then Iterable has given one, and the app has none; or storage fails behind the call, which is the queue's then.
        var unseen = logs.At(LogLevel.Warning).Count(line => line.StartsWith("No answer", StringComparison.Ordinal)) - Iterable.Calls.Count(call => call.Status == 0);
        var failed = logs.At(LogLevel.Error).Count(line => line.StartsWith("The function ForwardRetry failed", StringComparison.Ordinal));
        Assert.InRange(Confirmed, once, once + Segment.RepeatedMessages + Math.Max(unseen, 0) + failed);
    }

    /// <summary>
    /// Lets the app wait for its queues for a minute. What storage has put into a queue and not confirmed within the usual two seconds is put there once more: right, and a call more than there would
    /// be on a machine that had the time.
    /// </summary>
    /// <param name="services">Of the app.</param>
    /// <param name="storage">A connection string.</param>
    public static void BePatientWithQueues(IServiceCollection services, string storage)
        => services.AddSingleton(new QueueServiceClient(storage, new() { MessageEncoding = QueueMessageEncoding.Base64, Retry = { MaxRetries = 1, NetworkTimeout = TimeSpan.FromMinutes(1) } }));

    /// <summary>A cart need not be sent once a newer cart or purchase of its customer is known.</summary>
    public bool IsReplaced(ShopMessage message) => message.Call == ShopCall.Cart
        && Segment.Sent.Any(other => other.Call is ShopCall.Cart or ShopCall.Purchase && other.UserId == message.UserId && other.Timestamp > message.Timestamp);

    public async Task DrainedAsync()
    {
        foreach (var queue in (string[])["forward", "forward-poison", "record", "record-poison"])
        {
            var client = new QueueClient(storage, queue);
            await UntilAsync(async () => !await client.ExistsAsync(Cancellation) || (await client.GetPropertiesAsync(Cancellation)).Value.ApproximateMessagesCount == 0);
        }

        // Where it would go that the app cannot bury; nothing reads that queue.
        foreach (var queue in (string[])["forward-poison-poison", "record-poison-poison"])
            Assert.False(await new QueueClient(storage, queue).ExistsAsync(Cancellation));
    }

    /// <summary>All of this run, over all pages.</summary>
    public async Task<List<JsonNode>> DeadLettersAsync()
    {
        var letters = new List<JsonNode>();
        string? after = null;
        do
        {
            var page = (await _client.GetFromJsonAsync<JsonNode>(new Uri($"api/deadletters?after={after}", UriKind.Relative), Cancellation))!;
            letters.AddRange(page["deadLetters"]!.AsArray().Select(letter => letter!));
            after = (string?)page["next"];
        }
        while (after is not null);

        return letters;
    }

    /// <summary>Sends all dead letters again, once each.</summary>
    /// <returns>How many were delivered, and how many failed again.</returns>
    public async Task<(int Delivered, int Failed)> ReplayAsync()
    {
        var (delivered, failed) = (0, 0);
        string? after = null;
        do
        {
            using var answer = await _client.PostAsync(new Uri($"api/deadletters/replay?after={after}", UriKind.Relative), null, Cancellation);
            var report = (await answer.Content.ReadFromJsonAsync<JsonNode>(Cancellation))!;
            delivered += (int)report["delivered"]!;
            failed += (int)report["failed"]!;
            after = (string?)report["next"];
        }
        while (after is not null);

        return (delivered, failed);
    }

    public async Task DeleteAsync(JsonNode letter)
    {
        using var answer = await _client.DeleteAsync(new Uri($"api/deadletters/{letter["id"]}", UriKind.Relative), Cancellation);
        answer.EnsureSuccessStatusCode();
    }

    public Task UntilAsync(Func<bool> holds) => UntilAsync(() => Task.FromResult(holds()));

    public async Task UntilAsync(Func<Task<bool>> holds)
    {
        while (!await holds())
            await Task.Delay(10, Cancellation);
    }

    public void Dispose()
    {
        Segment.Dispose();
        _client.Dispose();
        _patience.Dispose();
    }

    private static string BodyOf(SandboxCall call) => Encoding.UTF8.GetString(call.Body.Span);

    [GeneratedRegex("\"f\\d+\":")]
    private static partial Regex OwnField();

    private void Print(string name, string figures)
    {
        var calls = iterable.Calls;
        output.WriteLine(
            $"{name}: {Segment.Accepted.Count} messages, {Segment.RepeatedBodies} bodies repeated, {Segment.Queued} queued; {calls.Count} calls, {calls.Count(call => call.Refused)} of them failed; "
            + $"{calls.Count(call => call.TookEffect)} writes, {Confirmed} of them confirmed; {LeftOut.Count} carts replaced, 0 missing, 0 doubled{figures}; {TimeProvider.System.GetElapsedTime(_started).TotalSeconds:0} s");
    }
}
