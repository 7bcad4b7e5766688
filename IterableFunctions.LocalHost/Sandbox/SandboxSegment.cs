using System.Text;
using System.Text.Json;

namespace IterableFunctions.LocalHost.Sandbox;

/// <summary>A request to the sandbox's Tracking API.</summary>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Below <c>/v1/</c>.</param>
/// <param name="Authorization">The header.</param>
/// <param name="Body">Raw bytes; must not change afterwards. Null = larger than <see cref="SandboxSegment.BodyLimit"/>.</param>
internal readonly record struct TrackingRequest(string Method, string Path, string? Authorization, byte[]? Body);

/// <summary>An event that has arrived, as of now.</summary>
/// <param name="Number">Grows by one with every event.</param>
/// <param name="At">When it was first received.</param>
/// <param name="MessageId">By which repeats are known; generated where the sender gave none.</param>
/// <param name="Type"><c>track</c>, <c>identify</c>, …</param>
/// <param name="Event">The event's name; null for other calls than track.</param>
/// <param name="UserId">Null when none came.</param>
/// <param name="AnonymousId">Null when none came.</param>
/// <param name="Json">The call as it came.</param>
/// <param name="Arrivals">How often it came: more than 1 means that it was repeated, and dropped.</param>
public sealed record SandboxTrack(long Number, DateTimeOffset At, string MessageId, string Type, string? Event, string? UserId, string? AnonymousId, string Json, int Arrivals);

/// <summary>What makes one sandbox source.</summary>
public sealed record SandboxSegmentOptions
{
    /// <summary>The only write key that is accepted.</summary>
    public required string WriteKey { get; init; }

    /// <summary>Path of the journal that carries the source over a restart; null keeps everything in memory only.</summary>
    public string? DataFile { get; init; }

    /// <summary>The clock for receipt times and hangs.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>
/// An imitation of one Segment source that takes calls by the HTTP Tracking API (<c>POST /v1/batch</c>), with Segment's limits, its 200 for what it drops, and its look for repeats. Safe for
/// concurrent use. <c>docs/sandbox.md</c> lists what is imitated.
/// </summary>
public sealed class SandboxSegment : IDisposable
{
    /// <summary>Bytes of one batch. Segment says 500 KB; the smaller reading of it is the safer one.</summary>
    internal const int BodyLimit = 500_000;

    private const int EventLimit = 32_000;
    private const int EventsLimit = 2_500;
    private const int LongestMessageId = 100;
    private const int RememberedCalls = 1_000;

    private readonly Lock _lock = new();
    private readonly SandboxSegmentOptions _options;
    private readonly List<SandboxTrack> _events = [];
    private readonly Dictionary<string, int> _byMessageId = [];
    private readonly CallLog _log = new(RememberedCalls);
    private readonly Journal? _journal;
    private long _lastNumber;

    /// <summary>Starts the source, with what its journal holds.</summary>
    /// <exception cref="InvalidDataException">The journal is damaged elsewhere than in its last line.</exception>
    /// <exception cref="IOException">Another process has the journal open, or it cannot be written.</exception>
    public SandboxSegment(SandboxSegmentOptions options)
    {
        _options = options;
        StartedAt = options.Time.GetUtcNow();
        if (options.DataFile is { } path)
            _journal = new Journal(path, entry => Take(entry.Body, entry.At, out _));
    }

    /// <summary>When this instance was made. Numbers of events are comparable only within one instance.</summary>
    public DateTimeOffset StartedAt { get; }

    /// <summary>What has arrived, oldest first, each event once.</summary>
    public IReadOnlyList<SandboxTrack> Events => EventsAfter(0, int.MaxValue);

    /// <summary>The newest calls, oldest first.</summary>
    public IReadOnlyList<SandboxCall> Calls
    {
        get
        {
            lock (_lock)
                return _log.After(0, int.MaxValue);
        }
    }

    /// <summary>At most <paramref name="most"/> of the newest events with a greater number, oldest first.</summary>
    public IReadOnlyList<SandboxTrack> EventsAfter(long number, int most)
    {
        lock (_lock)
            return _events[(int)Math.Clamp(Math.Max(number, _events.Count - (long)most), 0, _events.Count)..];
    }

    /// <summary>Makes the next calls fail.</summary>
    /// <returns>An id for removing it.</returns>
    public int AddFault(Fault fault) => Faults.Add(fault);

    /// <summary>Removes all faults.</summary>
    public void ClearFaults() => Faults.Remove(null);

    internal Faults Faults { get; } = new();

    /// <inheritdoc />
    public void Dispose() => _journal?.Dispose();

    /// <summary>Answers one call, or null for a broken connection.</summary>
    internal async ValueTask<Answer?> AnswerAsync(TrackingRequest request, CancellationToken gone)
    {
        var at = _options.Time.GetUtcNow();
        using var body = request.Body is { } bytes ? Bodies.Parse(bytes) : null;
        var fault = Faults.Take(request.Path, body?.RootElement, argument: null);
        return fault is null
            ? Handle(null).Answer
            : await Faults.AnswerAsync(fault, mode => Handle(mode), (answer, mode) => Log(request, at, 0, answer, mode, tookEffect: false), Amend, _options.Time, gone);

        (Answer Answer, SandboxCall Logged) Handle(FaultMode? mode)
        {
            var items = 0;
            var answer = Refusal(request, body?.RootElement) ?? Accept(request.Body!, at, out items);
            return (answer, Log(request, at, items, answer, mode, answer.Succeeded));
        }
    }

    private Answer? Refusal(TrackingRequest request, JsonElement? body)
    {
        if (request is not { Method: "POST", Path: "batch" })
            return Answer.Page(404, "Not Found");
        if (request.Body is null)
            return Failure(400, "Exceed payload limit");
        if (body is not { ValueKind: JsonValueKind.Object } json || !json.TryGetProperty("batch"u8, out var batch) || batch.ValueKind != JsonValueKind.Array)
            return Failure(400, "Malformed JSON");
        var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{_options.WriteKey}:"));
        if (Text(json, "writeKey"u8) != _options.WriteKey && request.Authorization != $"Basic {basic}")
            return Failure(401, "An invalid write key was provided");
        return batch.EnumerateArray().Any(one => JsonMarshalled(one).Length > EventLimit) ? Failure(400, "Exceed event limit") : null;
    }

    private Answer Accept(byte[] body, DateTimeOffset at, out int items)
    {
        lock (_lock)
        {
            items = Take(body, at, out var dropped);
            _journal?.Append(++_lastNumber, at, "POST", "batch", body);
            return Answer.Of(json =>
            {
                json.WriteStartObject();
                json.WriteBoolean("success"u8, true);
                json.WriteEndObject();
            }) with
            { Message = dropped };
        }
    }

    /// <summary>Keeps what the source takes of a batch; the rest it drops without a word to the sender.</summary>
    private int Take(byte[] body, DateTimeOffset at, out string? dropped)
    {
        using var document = JsonDocument.Parse(body);
        var batch = document.RootElement.GetProperty("batch"u8);
        var (count, reasons) = (batch.GetArrayLength(), new List<string>());
        foreach (var one in batch.EnumerateArray())
        {
            if ((count > EventsLimit ? "more than 2,500 events" : Drops(one)) is { } reason)
                reasons.Add(reason);
            else
                Keep(one, at);
        }

        dropped = reasons.Count == 0 ? null : $"{reasons.Count} dropped: {string.Join(", ", reasons.Distinct())}";
        return count;
    }

    private static string? Drops(JsonElement one)
        => one.ValueKind != JsonValueKind.Object || Text(one, "type"u8) is not { Length: > 0 } type ? "no type"
            : Text(one, "userId"u8) is not { Length: > 0 } && Text(one, "anonymousId"u8) is not { Length: > 0 } ? "no_user_anon_id"
            : type == "track" && Text(one, "event"u8) is not { Length: > 0 } ? "no event"
            : Text(one, "messageId"u8) is { Length: >= LongestMessageId } ? "messageId too long"
            : null;

    private void Keep(JsonElement one, DateTimeOffset at)
    {
        var messageId = Text(one, "messageId"u8) is { Length: > 0 } given ? given : $"sandbox-{Guid.NewGuid():N}";
        if (_byMessageId.TryGetValue(messageId, out var index))
        {
            _events[index] = _events[index] with { Arrivals = _events[index].Arrivals + 1 };
            return;
        }

        _byMessageId[messageId] = _events.Count;
        _events.Add(new(_events.Count + 1, at, messageId, Text(one, "type"u8)!, Text(one, "event"u8), Text(one, "userId"u8), Text(one, "anonymousId"u8), one.GetRawText(), Arrivals: 1));
    }

    private SandboxCall Log(TrackingRequest request, DateTimeOffset at, int items, Answer answer, FaultMode? fault, bool tookEffect)
    {
        lock (_lock)
        {
            var call = new SandboxCall
            {
                Number = ++_lastNumber,
                At = at,
                Method = request.Method,
                Endpoint = request.Path,
                Path = request.Path,
                Items = items,
                Status = answer.Status,
                Message = answer.Message,
                Fault = fault,
                TookEffect = tookEffect,
                Body = request.Body ?? [],
                AnswerBody = answer.Body,
            };
            _log.Add(call);
            return call;
        }
    }

    private void Amend(SandboxCall logged, Answer answer)
    {
        lock (_lock)
            _log.Replace(logged with { Status = answer.Status, Message = answer.Message, AnswerBody = answer.Body });
    }

    private static Answer Failure(int status, string message) => Answer.Of(json =>
    {
        json.WriteStartObject();
        json.WriteBoolean("success"u8, false);
        json.WriteString("message"u8, message);
        json.WriteEndObject();
    }) with
    { Status = status, Message = message };

    private static string? Text(JsonElement json, ReadOnlySpan<byte> name)
        => json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static ReadOnlySpan<byte> JsonMarshalled(JsonElement json) => System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(json);
}
