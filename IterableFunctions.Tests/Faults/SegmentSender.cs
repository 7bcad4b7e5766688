using System.Collections.Concurrent;
using System.Net;
using IterableFunctions.Tests.Intake;

namespace IterableFunctions.Tests.Faults;

/// <summary>Posts as Segment does: each body signed, answered within five seconds or taken as failed, and what was not answered with 2xx posted again as it was.</summary>
internal sealed class SegmentSender(Uri address) : IDisposable
{
    /// <summary>Segment waits longer; the app must not count on it.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly HttpClient _client = new() { BaseAddress = address, Timeout = TimeSpan.FromSeconds(5) };
    private readonly ConcurrentDictionary<ShopMessage, string> _accepted = [];
    private readonly ConcurrentDictionary<ShopMessage, bool> _sent = [];
    private readonly ConcurrentQueue<string> _unexpected = [];
    private int _repeatedBodies;
    private int _repeatedMessages;

    /// <summary>Told what has just been accepted, and as what.</summary>
    public Action<ShopMessage, string>? OnAccepted { get; set; }

    public IReadOnlyCollection<ShopMessage> Sent => [.. _sent.Keys];

    public IReadOnlyCollection<ShopMessage> Accepted => [.. _accepted.Keys];

    /// <summary>Those that were answered as delivered.</summary>
    public IEnumerable<ShopMessage> Delivered => _accepted.Where(answer => answer.Value == "delivered").Select(answer => answer.Key);

    /// <summary>How many of them were answered as queued.</summary>
    public int Queued => _accepted.Values.Count(status => status == "queued");

    /// <summary>How often a body was posted again.</summary>
    public int RepeatedBodies => _repeatedBodies;

    public int RepeatedMessages => _repeatedMessages;

    /// <summary>Answers that no fault excuses: anything but 200, 202, or 503 with a time to come back.</summary>
    public IReadOnlyCollection<string> Unexpected => _unexpected;

    /// <summary>Posts every body until it is answered with 2xx.</summary>
    /// <param name="bodies">Posted in this order, some at a time.</param>
    /// <param name="cancellation">Patience.</param>
    public Task SendAsync(IEnumerable<ShopMessage[]> bodies, CancellationToken cancellation)
        => ForEachAsync(bodies, async body =>
        {
            while (!await PostAsync(body, cancellation))
            {
                Interlocked.Increment(ref _repeatedBodies);
                Interlocked.Add(ref _repeatedMessages, body.Length);
                await Task.Delay(Pause, cancellation);
            }
        }, cancellation);

    /// <summary>Posts every body once, and returns those that were not accepted.</summary>
    /// <param name="bodies">Posted in this order, some at a time.</param>
    /// <param name="pause">What each of them waits, so that they take as long as what happens meanwhile.</param>
    /// <param name="cancellation">Patience.</param>
    public async Task<List<ShopMessage[]>> SendOnceAsync(IEnumerable<ShopMessage[]> bodies, TimeSpan pause, CancellationToken cancellation)
    {
        var refused = new ConcurrentBag<ShopMessage[]>();
        await ForEachAsync(bodies, async body =>
        {
            await Task.Delay(pause, cancellation);
            if (!await PostAsync(body, cancellation))
                refused.Add(body);
        }, cancellation);
        return [.. refused];
    }

    public void Dispose() => _client.Dispose();

    private static Task ForEachAsync(IEnumerable<ShopMessage[]> bodies, Func<ShopMessage[], Task> post, CancellationToken cancellation)
        => Parallel.ForEachAsync(bodies, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellation }, async (body, _) => await post(body));

    /// <summary>Whether it was accepted.</summary>
    private async Task<bool> PostAsync(ShopMessage[] body, CancellationToken cancellation)
    {
        foreach (var message in body)
            _sent.TryAdd(message, true);
        WebhookResponse answer;
        try
        {
            answer = await _client.PostAsync(body is [var single] ? single.Text : $$"""{"batch":[{{string.Join(',', body.Select(message => message.Text))}}]}""");
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
        {
            cancellation.ThrowIfCancellationRequested();
            return false;
        }

        if (answer.Status is not (HttpStatusCode.OK or HttpStatusCode.Accepted))
        {
            if (answer is not { Status: HttpStatusCode.ServiceUnavailable, RetryAfter: not null })
                _unexpected.Enqueue($"{(int)answer.Status} {answer.Body.ToJsonString()}");
            return false;
        }

        string[] statuses = body.Length == 1 ? [(string)answer.Body["status"]!] : [.. answer.Statuses];
        foreach (var (message, status) in body.Zip(statuses))
        {
            // 202 is the answer to a message that is queued, and to no other; a batch says it of each message.
            if (body.Length == 1 && (status == "queued") != (answer.Status == HttpStatusCode.Accepted))
                _unexpected.Enqueue($"{(int)answer.Status} {status}");
            _accepted[message] = status;
            OnAccepted?.Invoke(message, status);
        }

        return true;
    }
}
