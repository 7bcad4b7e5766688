using System.Net;
using System.Text.Json;
using System.Text.Unicode;
using IterableFunctions.Sending;

namespace IterableFunctions.Iterable;

/// <summary>
/// Reads Iterable's answers. Four envelopes exist: <c>{code, msg, params}</c> of single calls, counters without a code of bulk calls,
/// <c>{error, message, code, data}</c> of newer errors, and plain text or HTML of gateways. The HTTP status decides first, the code second: an error can carry the
/// code "Success".
/// </summary>
internal static class IterableResponse
{
    private const string Success = "Success";

    /// <summary>How an answer is to be taken.</summary>
    /// <param name="status">HTTP status.</param>
    /// <param name="body">The answer's body, or its beginning.</param>
    /// <param name="retryAfter">From the header <c>Retry-After</c>, where there is one.</param>
    public static Delivery Read(HttpStatusCode status, ReadOnlySpan<byte> body, TimeSpan? retryAfter)
    {
        var answer = Parse(body);
        var code = IsCode(answer.Code) && answer.Code != Success ? answer.Code! : $"Http{(int)status}";
        return status switch
        {
            >= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices => ReadSuccess(status, answer),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new Delivery.KeyRefused((int)status, code, answer.Message),
            HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError => new Delivery.RetryLater((int)status, code, retryAfter ?? answer.RetryAfter),
            // A redirect is nobody's answer to a POST: the base URL points to something else than the API.
            < HttpStatusCode.BadRequest => new Delivery.RetryLater((int)status, code),
            _ => new Delivery.Refused((int)status, code, answer.Message),
        };
    }

    private static Delivery ReadSuccess(HttpStatusCode status, Answer answer)
    {
        if (!answer.IsJson)
            return new Delivery.RetryLater((int)status, "UnreadableAnswer");
        if (answer.Code is not (null or Success))
            return new Delivery.Refused((int)status, IsCode(answer.Code) ? answer.Code : "UnknownCode", answer.Message);
        // The one refusal that comes as a success: an event name that an administrator has switched off.
        if (answer.Message.Contains("is disallowed from tracking", StringComparison.OrdinalIgnoreCase))
            return new Delivery.Refused((int)status, "EventNameDisallowed", answer.Message);
        return answer.FailCount > 0 ? new Delivery.Partly(answer.FailCount, answer.Failed) : Delivery.Delivered.Instance;
    }

    /// <summary>A word, as Iterable's codes are. Codes are logged, so nothing else passes for one.</summary>
    private static bool IsCode(string? code) => code is { Length: > 0 and <= 100 } && code.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_');

    private static Answer Parse(ReadOnlySpan<byte> body)
    {
        // Not every proxy writes UTF-8, and the reader throws on text that is none.
        if (!Utf8.IsValid(body))
            return default(Answer) with { Message = "" };
        try
        {
            var reader = new Utf8JsonReader(body);
            if (!JsonDocument.TryParseValue(ref reader, out var document))
                return default;
            using (document)
            {
                var root = document.RootElement;
                if (root.ValueKind != JsonValueKind.Object)
                    return default;
                return new(true, Text(root, "code"), Text(root, "msg") ?? Text(root, "message") ?? Text(root, "error") ?? "", Reset(root))
                {
                    FailCount = root.TryGetProperty("failCount", out var count) && count.ValueKind == JsonValueKind.Number && count.TryGetInt32(out var number) ? number : 0,
                    Failed = Failed(root),
                };
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Malformed, or half of a surrogate pair in a text: the status has to do.
            return default(Answer) with { Message = "" };
        }
    }

    private static string? Text(JsonElement root, string name)
        => root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary><c>params.rateLimitReset</c>: seconds until the bucket has a token again.</summary>
    private static TimeSpan? Reset(JsonElement root)
        => root.TryGetProperty("params", out var parameters) && parameters.ValueKind == JsonValueKind.Object
            && parameters.TryGetProperty("rateLimitReset", out var reset) && reset.ValueKind == JsonValueKind.Number
            && reset.TryGetDouble(out var seconds) && seconds is >= 0 and <= 3600 ? TimeSpan.FromSeconds(seconds) : null;

    /// <summary>Whom <c>failedUpdates</c> names, in whichever of its lists. Events whose name is switched off are named by their name, so by nobody.</summary>
    private static List<string> Failed(JsonElement root)
    {
        var failed = new List<string>();
        if (!root.TryGetProperty("failedUpdates", out var lists) || lists.ValueKind != JsonValueKind.Object)
            return failed;
        foreach (var list in lists.EnumerateObject().Where(list => list.Value.ValueKind == JsonValueKind.Array))
            failed.AddRange(list.Value.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!));
        return failed;
    }

    private readonly record struct Answer(bool IsJson, string? Code, string Message, TimeSpan? RetryAfter)
    {
        public string Message { get; init; } = Message ?? "";

        /// <summary>Of a bulk call.</summary>
        public int FailCount { get; init; }

        public IReadOnlyList<string> Failed { get; init; } = [];
    }
}
