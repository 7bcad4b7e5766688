using System.Text.Json;
using System.Text.Json.Serialization;

namespace IterableFunctions.LocalHost.Sandbox;

/// <summary>What a fault does to a call.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FaultMode>))]
public enum FaultMode
{
    /// <summary>Answers with <see cref="Fault.Status"/>; the call has no effect.</summary>
    [JsonStringEnumMemberName("status")]
    Status,

    /// <summary>The call takes effect, the answer is <see cref="Fault.Status"/> all the same: the caller cannot know.</summary>
    [JsonStringEnumMemberName("statusAfter")]
    StatusAfter,

    /// <summary>Waits for <see cref="Fault.HangSeconds"/>, or until all faults are removed, then goes on as usual; no effect if the caller has given up by then.</summary>
    [JsonStringEnumMemberName("hang")]
    Hang,

    /// <summary>Takes effect at once, and answers after <see cref="Fault.HangSeconds"/>, or when all faults are removed.</summary>
    [JsonStringEnumMemberName("hangAfter")]
    HangAfter,

    /// <summary>Breaks the connection; the call has no effect.</summary>
    [JsonStringEnumMemberName("breakBefore")]
    BreakBefore,

    /// <summary>Takes effect, then breaks the connection without an answer.</summary>
    [JsonStringEnumMemberName("breakAfter")]
    BreakAfter,

    /// <summary>Answers 401 <c>BadApiKey</c>, as if the key had been withdrawn; no effect.</summary>
    [JsonStringEnumMemberName("refuseKey")]
    RefuseKey,
}

/// <summary>An order to make the next calls fail. The first that matches a call is used up by it.</summary>
public sealed record Fault
{
    /// <summary>Such as <c>events/track</c>; null = any endpoint. <c>/api/</c> in front is ignored.</summary>
    public string? Endpoint { get; init; }

    /// <summary>An email or a userId that the call must name, in any place of its body, path or query; null = any user.</summary>
    public string? User { get; init; }

    /// <summary>How many calls; below zero = until removed.</summary>
    public int Calls { get; init; } = 1;

    /// <summary>Of the calls that it could meet, only each so-many-th: 3 = every third. The others pass it by.</summary>
    public int Every { get; init; } = 1;

    /// <summary>What happens to them.</summary>
    public required FaultMode Mode { get; init; }

    /// <summary>HTTP status for the modes that answer. Without <see cref="Code"/> 502, 503 and 504 are HTML, as from a gateway.</summary>
    public int Status { get; init; } = 500;

    /// <summary>Iterable's code; null = the usual one of the status. <c>Success</c> with an error status really occurs.</summary>
    public string? Code { get; init; }

    /// <summary>Seconds for a <c>Retry-After</c> header; null = none. With a 429 it is also <c>params.rateLimitReset</c>.</summary>
    public double? RetryAfter { get; init; }

    /// <summary>Seconds for the modes that hang.</summary>
    public double HangSeconds { get; init; } = 30;
}

/// <summary>A fault that waits for calls.</summary>
/// <param name="Id">For removing it.</param>
/// <param name="Fault">As it was ordered.</param>
/// <param name="CallsLeft">How many calls it will still meet; below zero = any number.</param>
/// <param name="CallsMet">How many it has met.</param>
/// <param name="CallsSeen">How many it could have met: more where it takes only every so-many-th.</param>
public sealed record ArmedFault(int Id, Fault Fault, int CallsLeft, int CallsMet, int CallsSeen);

/// <summary>A fault that has met a call.</summary>
/// <param name="Fault">As it was ordered.</param>
/// <param name="Cleared">Ends when all faults are removed.</param>
internal sealed record MetFault(Fault Fault, Task Cleared);

/// <summary>The faults in waiting, and what they do.</summary>
internal sealed class Faults
{
    private readonly Lock _lock = new();
    private readonly List<ArmedFault> _armed = [];
    private volatile bool _any;
    private int _lastId;
    private TaskCompletionSource _cleared = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Add(Fault fault)
    {
        var endpoint = fault.Endpoint?.TrimStart('/');
        if (endpoint?.StartsWith("api/", StringComparison.Ordinal) == true)
            endpoint = endpoint[4..];
        lock (_lock)
        {
            _armed.Add(new(++_lastId, fault with { Endpoint = endpoint }, fault.Calls, 0, 0));
            _any = true;
            return _lastId;
        }
    }

    public IReadOnlyList<ArmedFault> Armed()
    {
        lock (_lock)
            return [.. _armed];
    }

    /// <param name="id">Null = all; what hangs goes on then.</param>
    public int Remove(int? id)
    {
        lock (_lock)
        {
            if (id is null)
            {
                _cleared.SetResult();
                _cleared = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            var removed = _armed.RemoveAll(fault => id is null || fault.Id == id);
            _any = _armed.Count > 0;
            return removed;
        }
    }

    /// <summary>The fault that meets this call, if any; costs nothing while none is armed.</summary>
    public MetFault? Take(string endpoint, JsonElement? body, string? argument)
    {
        if (!_any)
            return null;
        lock (_lock)
        {
            for (var index = 0; index < _armed.Count; index++)
            {
                var armed = _armed[index];
                if (!Fits(armed.Fault, endpoint, body, argument))
                    continue;
                armed = _armed[index] = armed with { CallsSeen = armed.CallsSeen + 1 };
                if (armed.CallsSeen % armed.Fault.Every != 0)
                    continue;
                if (armed.CallsLeft == 1)
                    _armed.RemoveAt(index);
                else
                    _armed[index] = armed with { CallsLeft = armed.CallsLeft < 0 ? -1 : armed.CallsLeft - 1, CallsMet = armed.CallsMet + 1 };
                _any = _armed.Count > 0;
                return new(armed.Fault, _cleared.Task);
            }

            return null;
        }
    }

    private static bool Fits(Fault fault, string endpoint, JsonElement? body, string? argument)
        => (fault.Endpoint is null || fault.Endpoint == endpoint)
            && (fault.User is not { } user || string.Equals(argument, user, StringComparison.OrdinalIgnoreCase) || (body is { } json && Names(json, user)));

    /// <summary>Answers a call that a fault has met; null for a broken connection.</summary>
    /// <param name="met">The fault.</param>
    /// <param name="handle">Handles the call as usual; gives its answer, and what was logged.</param>
    /// <param name="log">Logs a call that is not handled.</param>
    /// <param name="amend">Changes what was logged, for its caller sees something else.</param>
    /// <param name="time">The clock of hangs.</param>
    /// <param name="gone">Signals that the caller has given up.</param>
    public static async ValueTask<Answer?> AnswerAsync(
        MetFault met, Func<FaultMode, (Answer Answer, SandboxCall Logged)> handle, Action<Answer, FaultMode> log, Action<SandboxCall, Answer> amend, TimeProvider time, CancellationToken gone)
    {
        var fault = met.Fault;
        switch (fault.Mode)
        {
            case FaultMode.Status or FaultMode.RefuseKey:
                var refusal = AnswerOf(fault);
                log(refusal, fault.Mode);
                return refusal;

            case FaultMode.BreakBefore:
                log(Unanswered("Connection broken before the call took effect"), fault.Mode);
                return null;

            case FaultMode.Hang:
                if (await WaitAsync(met, time, gone))
                    return handle(fault.Mode).Answer;
                log(Unanswered("The caller gave up before the call took effect"), fault.Mode);
                return null;

            case FaultMode.StatusAfter:
                var (_, masked) = handle(fault.Mode);
                var instead = AnswerOf(fault);
                amend(masked, instead);
                return instead;

            case FaultMode.BreakAfter:
                var (_, broken) = handle(fault.Mode);
                amend(broken, Unanswered("Connection broken after the call took effect"));
                return null;

            default:
                var (answer, hung) = handle(fault.Mode);
                if (await WaitAsync(met, time, gone))
                    return answer;
                amend(hung, Unanswered("The caller gave up after the call took effect"));
                return null;
        }
    }

    /// <summary>Whether the caller is still there.</summary>
    private static async Task<bool> WaitAsync(MetFault met, TimeProvider time, CancellationToken gone)
    {
        try
        {
            await met.Cleared.WaitAsync(TimeSpan.FromSeconds(met.Fault.HangSeconds), time, gone);
            return true;
        }
        catch (TimeoutException)
        {
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static Answer Unanswered(string why) => new(0, null, why, []);

    /// <summary>The answer of the modes that answer.</summary>
    private static Answer AnswerOf(Fault fault)
    {
        var status = fault.Mode == FaultMode.RefuseKey ? 401 : fault.Status;
        if (fault.Code is null && status is 502 or 503 or 504)
            return Answer.Page(status, $"{status} {(status == 502 ? "Bad Gateway" : status == 503 ? "Service Unavailable" : "Gateway Time-out")}") with { RetryAfter = fault.RetryAfter };
        var code = fault.Code ?? status switch
        {
            400 => "BadParams",
            401 => "BadApiKey",
            403 => "Forbidden",
            404 => "NotFound",
            409 => "ExternalKeyConflict",
            429 => "RateLimitExceeded",
            _ => "GenericError",
        };
        var answer = Answer.Refusal(status, code, $"Ordered failure: {status} {code}", status != 429 || fault.RetryAfter is not { } seconds ? null : json =>
        {
            json.WriteNumber("rateLimitLimit"u8, 1);
            json.WriteNumber("rateLimitRemaining"u8, 0);
            json.WriteNumber("rateLimitReset"u8, Math.Max(1, (int)Math.Ceiling(seconds)));
        });
        return answer with { RetryAfter = fault.RetryAfter };
    }

    private static bool Names(JsonElement json, string user) => json.ValueKind switch
    {
        JsonValueKind.Object => json.EnumerateObject().Any(property =>
            property.Value.ValueKind == JsonValueKind.String
                ? (property.Name.EndsWith("email", StringComparison.OrdinalIgnoreCase) || property.Name.EndsWith("userId", StringComparison.OrdinalIgnoreCase) || property.Name == "anonymousId")
                    && string.Equals(property.Value.GetString(), user, StringComparison.OrdinalIgnoreCase)
                : property.Name is "user" or "users" or "events" or "batch" && Names(property.Value, user)),
        JsonValueKind.Array => json.EnumerateArray().Any(item => Names(item, user)),
        _ => false,
    };
}
