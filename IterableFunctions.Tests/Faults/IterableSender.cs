using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using IterableFunctions.Iterable.Webhooks;
using IterableFunctions.LocalHost;

namespace IterableFunctions.Tests.Faults;

/// <summary>One event of Iterable's, as its system webhook posts it, and what has to be seen of it at Segment.</summary>
/// <param name="Mark">Iterable's messageId: each event of a run is about a message of its own.</param>
/// <param name="Event">Segment's name of it.</param>
/// <param name="Who">userId, else the email.</param>
/// <param name="Timestamp">As Segment writes it.</param>
/// <param name="Json">As it is posted, the same each time.</param>
internal sealed record MessagingEvent(string Mark, string Event, string Who, string Timestamp, string Json)
{
    private static readonly DateTime Start = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    /// <summary>So many events of a few people, in bodies: most hold one, as Iterable's do, some an array of up to five. The same for the same seed.</summary>
    /// <param name="first">Number of the first; each has one of its own.</param>
    /// <param name="count">Events.</param>
    /// <param name="seed">Of everything else.</param>
    public static List<MessagingEvent[]> Bodies(int first, int count, int seed)
    {
        var random = new Random(seed + first);
        var bodies = new List<MessagingEvent[]>();
        for (var n = first; n < first + count;)
        {
            var size = Math.Min(first + count - n, random.Next(4) == 0 ? random.Next(2, 6) : 1);
            bodies.Add([.. Enumerable.Range(n, size).Select(number => Of(number, random))]);
            n += size;
        }

        return bodies;
    }

    private static MessagingEvent Of(int number, Random random)
    {
        var type = WebhookTypes.All[random.Next(WebhookTypes.All.Count)];
        var email = $"Reader{random.Next(4)}@example.com";
        var userId = random.Next(2) == 0 ? $"u-{email[..7]}" : null;
        // Few seconds for many events: what tells them apart is the message.
        var time = Start.AddSeconds(number / 100);
        var json = new JsonObject
        {
            ["email"] = email,
            ["userId"] = userId,
            ["eventName"] = type.Name,
            ["dataFields"] = new JsonObject
            {
                ["createdAt"] = time.ToString("yyyy-MM-dd HH:mm:ss '+00:00'", CultureInfo.InvariantCulture),
                ["messageId"] = $"m-{number}",
                ["campaignId"] = 810_001,
                ["emailSubject"] = "Größe 😀",
            },
        };
        return new($"m-{number}", type.Event, userId ?? email, time.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture), json.ToJsonString());
    }
}

/// <summary>Posts as Iterable does, as far as it is known: with its token, and again what was not answered with 2xx.</summary>
internal sealed class IterableSender : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly HttpClient _client;
    private readonly ConcurrentDictionary<MessagingEvent, string> _accepted = [];
    private readonly ConcurrentQueue<string> _unexpected = [];
    private int _repeatedBodies;

    public IterableSender(Uri app)
    {
        _client = new() { BaseAddress = app, Timeout = TimeSpan.FromSeconds(5) };
        _client.DefaultRequestHeaders.Add("X-Webhook-Key", HostSettings.DefaultWebhookSecret);
    }

    public IReadOnlyCollection<MessagingEvent> Accepted => [.. _accepted.Keys];

    /// <summary>How many of them were answered as queued.</summary>
    public int Queued => _accepted.Values.Count(status => status == "queued");

    /// <summary>How often a body was posted again.</summary>
    public int RepeatedBodies => _repeatedBodies;

    /// <summary>Answers that no fault excuses.</summary>
    public IReadOnlyCollection<string> Unexpected => _unexpected;

    /// <summary>Posts every body until it is answered with 2xx, some at a time.</summary>
    public Task SendAsync(IEnumerable<MessagingEvent[]> bodies, CancellationToken cancellation)
        => Parallel.ForEachAsync(bodies, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellation }, async (body, _) =>
        {
            while (!await PostAsync(body, cancellation))
            {
                Interlocked.Increment(ref _repeatedBodies);
                await Task.Delay(Pause, cancellation);
            }
        });

    public void Dispose() => _client.Dispose();

    private async Task<bool> PostAsync(MessagingEvent[] body, CancellationToken cancellation)
    {
        using var content = new StringContent(body is [var single] ? single.Json : $"[{string.Join(',', body.Select(one => one.Json))}]", Encoding.UTF8, "application/json");
        try
        {
            using var answer = await _client.PostAsync(new Uri("api/iterable", UriKind.Relative), content, cancellation);
            var json = JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancellation))!;
            if (answer.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.Accepted))
            {
                if (answer.StatusCode != HttpStatusCode.ServiceUnavailable)
                    _unexpected.Enqueue($"{(int)answer.StatusCode} {json.ToJsonString()}");
                return false;
            }

            var results = body.Length == 1 ? [json] : json["results"]!.AsArray().ToList();
            foreach (var (one, result) in body.Zip(results))
            {
                var status = (string)result!["status"]!;
                if (status is not ("delivered" or "queued"))
                    _unexpected.Enqueue($"{(int)answer.StatusCode} {result.ToJsonString()}");
                _accepted[one] = status;
            }

            return true;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
        {
            cancellation.ThrowIfCancellationRequested();
            return false;
        }
    }
}
