using System.Globalization;
using IterableFunctions.Segment;
using Microsoft.AspNetCore.Http;

namespace IterableFunctions.Intake;

/// <summary>An answer to a webhook: a result, or a problem document (RFC 9457).</summary>
public sealed class WebhookAnswer : IResult
{
    /// <summary>When a sender is asked to come back with what could be neither delivered nor kept.</summary>
    private static readonly TimeSpan SendAgain = TimeSpan.FromSeconds(30);

    private readonly object _body;

    private WebhookAnswer(int status, object body)
    {
        Status = status;
        _body = body;
    }

    /// <summary>HTTP status.</summary>
    public int Status { get; }

    /// <summary>Sent as <c>Retry-After</c>, in whole seconds.</summary>
    public TimeSpan? RetryAfter { get; private init; }

    /// <summary>202 for what is safe here and not delivered yet, else 200.</summary>
    private static WebhookAnswer Of(MessageResult result) => new(result.Status == MessageStatus.Queued ? StatusCodes.Status202Accepted : StatusCodes.Status200OK, result);

    /// <summary>
    /// What became of a body's messages: 200 with a result for each, 400 when none of them can be taken, 503 when one is neither delivered nor kept.
    /// </summary>
    /// <param name="results">In the messages' order.</param>
    /// <param name="several">Whether the sender sent a list, of one perhaps, and expects one.</param>
    public static WebhookAnswer Of(IReadOnlyList<MessageResult> results, bool several)
    {
        if (results.FirstOrDefault(result => result.Status == MessageStatus.NotDelivered) is { } lost)
            return Problem(StatusCodes.Status503ServiceUnavailable, lost.Code!, $"{lost.Detail} Send it again.", several ? results : null, several ? null : lost.MessageId, SendAgain);
        if (several)
        {
            return results.All(result => result.Status == MessageStatus.Rejected)
                ? Problem(StatusCodes.Status400BadRequest, "all_rejected", "None of the messages can be taken as it is.", results)
                : new(StatusCodes.Status200OK, new MessageResults(results));
        }

        return results[0] is { Status: MessageStatus.Rejected } rejected
            ? Problem(StatusCodes.Status400BadRequest, rejected.Code!, rejected.Detail!, messageId: rejected.MessageId, recorded: rejected.Recorded)
            : Of(results[0]);
    }

    /// <summary>400: the body as a whole can never succeed.</summary>
    public static WebhookAnswer BadRequest(Rejection rejection) => Problem(StatusCodes.Status400BadRequest, rejection.Code, rejection.Detail);

    /// <param name="status">HTTP status.</param>
    /// <param name="code">For programs.</param>
    /// <param name="detail">For people: what is wrong and what to change.</param>
    /// <param name="results">What became of each message, where there are several.</param>
    /// <param name="messageId">Which message it is about, where there is one.</param>
    /// <param name="retryAfter">When to try again.</param>
    /// <param name="recorded">Whether the message stands in a profile all the same.</param>
    public static WebhookAnswer Problem(int status, string code, string detail, IReadOnlyList<MessageResult>? results = null, string? messageId = null, TimeSpan? retryAfter = null, bool? recorded = null)
        => new(status, new ProblemDocument(status, Title(status), code, detail) { Results = results, MessageId = messageId, Recorded = recorded }) { RetryAfter = retryAfter };

    /// <param name="status">HTTP status.</param>
    /// <param name="code">For programs.</param>
    /// <param name="detail">For people: what is wrong and what to change.</param>
    /// <param name="query">Where a query cannot be read, if that is the problem.</param>
    public static WebhookAnswer Problem(int status, string code, string detail, QueryProblem? query)
        => new(status, new ProblemDocument(status, Title(status), code, detail) { Query = query });

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = Status;
        if (RetryAfter is { } wait)
            response.Headers.RetryAfter = ((int)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        response.ContentType = _body is ProblemDocument ? "application/problem+json" : "application/json";
        await response.WriteAsJsonAsync(_body, AppJson.Readable.GetTypeInfo(_body.GetType())!, response.ContentType, httpContext.RequestAborted);
    }

    private static string Title(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => "Unauthorized",
        StatusCodes.Status408RequestTimeout => "Request Timeout",
        StatusCodes.Status404NotFound => "Not Found",
        StatusCodes.Status409Conflict => "Conflict",
        StatusCodes.Status412PreconditionFailed => "Precondition Failed",
        StatusCodes.Status413PayloadTooLarge => "Content Too Large",
        StatusCodes.Status415UnsupportedMediaType => "Unsupported Media Type",
        StatusCodes.Status503ServiceUnavailable => "Service Unavailable",
        _ => "Bad Request",
    };
}

/// <summary>What became of several messages, in their order.</summary>
public sealed record MessageResults(IReadOnlyList<MessageResult> Results);

/// <summary>A problem document (RFC 9457) with our members: <c>code</c> for programs, and what it is about.</summary>
public sealed record ProblemDocument(int Status, string Title, string Code, string Detail)
{
    public string Type { get; } = "about:blank";

    public string? MessageId { get; init; }

    public bool? Recorded { get; init; }

    public IReadOnlyList<MessageResult>? Results { get; init; }

    public QueryProblem? Query { get; init; }
}

/// <summary>Where a query cannot be read, and why.</summary>
/// <param name="Line">Counted from 1.</param>
/// <param name="Column">In UTF-16 units, counted from 1.</param>
/// <param name="Problem">What was found and what was expected.</param>
/// <param name="Excerpt">The line, and a line with a caret under the spot.</param>
public sealed record QueryProblem(int Line, int Column, string Problem, string Excerpt);
