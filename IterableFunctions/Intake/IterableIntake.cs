using IterableFunctions.Delivering;
using IterableFunctions.Iterable;
using IterableFunctions.Iterable.Webhooks;
using IterableFunctions.Segment;
using IterableFunctions.Sending;
using IterableFunctions.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Intake;

/// <summary>What happens to a body that Iterable's system webhooks post: parse, map every event, send to Segment, answer. Nothing is answered as done before it is.</summary>
public sealed partial class IterableIntake(WebhookMapper mapper, Forwarder forwarder, IOptions<IterableOptions> iterable, IOptions<SegmentOptions> segment, TimeProvider time, ILogger<IterableIntake> logger)
{
    /// <summary>What Segment is given, and what is kept back for storage, which normally takes some milliseconds of it.</summary>
    private readonly TimeSpan _budget = segment.Value.Patience + Forwarder.StorageShare;

    private readonly WebhookSecret _secret = new(iterable.Value.WebhookSecret);

    /// <summary>Why a request is not let in; null when it is.</summary>
    /// <param name="authorization">The header <c>Authorization</c>.</param>
    /// <param name="webhookKey">The header <c>X-Webhook-Key</c>.</param>
    public WebhookAnswer? Authorize(string? authorization, string? webhookKey)
        => !_secret.IsSet ? Unauthorized("closed", "Iterable__WebhookSecret is not set, so no system webhook is let in.")
            : string.IsNullOrEmpty(authorization) && string.IsNullOrEmpty(webhookKey) ? Unauthorized("missing_token", "The request has neither the header Authorization nor X-Webhook-Key. Give the webhook in Iterable a token of Iterable__WebhookSecret.")
            : !_secret.Admits(authorization, webhookKey) ? Unauthorized("wrong_token", "The token is none of Iterable__WebhookSecret. A token that was changed in Iterable takes a while to arrive: set both until then, separated by a comma.")
            : null;

    /// <summary>
    /// Takes a body. A sender that has gone ends nothing: how long Iterable waits, and whether it repeats what it did not wait for, is not published; and the time is bounded, the repeat harmless.
    /// </summary>
    /// <param name="body">The bytes as received.</param>
    public async Task<WebhookAnswer> AcceptAsync(byte[] body)
    {
        var started = time.GetTimestamp();
        using var step = Tracing.Start("iterable webhook");
        using var tokens = JsonTokens.Read(body, out var rejection);
        if (tokens is null)
            return WebhookAnswer.BadRequest(rejection!);
        var several = tokens.Root.IsArray;
        WebhookAnswer? refusal = null;
        var drafts = several ? BodyMessages.Read(tokens.Root, Map, out refusal) : [Map(tokens.Root)];
        if (refusal is not null)
            return refusal;

        var calls = drafts.FindAll(draft => draft.Send is not null);
        var outcomes = await forwarder.DeliverAsync(calls.ConvertAll(draft => draft.Send!.Event), _budget - time.GetElapsedTime(started), CancellationToken.None);
        foreach (var (draft, outcome) in calls.Zip(outcomes))
            draft.Result = MessageResult.Of(outcome, draft.Send!.Event.MessageId, "Segment") with { Event = draft.Send.Name, Warning = draft.Send.Warning };
        return WebhookAnswer.Of(drafts.ConvertAll(draft => draft.Result!), several);
    }

    private Draft Map(JsonPart json)
    {
        var mapping = mapper.Map(json, time.GetUtcNow().UtcDateTime);
        if (mapping is WebhookMapping.Send { IsKnown: false } unknown)
            Log.UnknownType(logger, LogIds.Of(unknown.Type));
        return mapping switch
        {
            WebhookMapping.Send send => new() { Send = send },
            WebhookMapping.Ignore ignore => new() { Result = new(MessageStatus.Ignored, null) { Reason = ignore.Reason } },
            WebhookMapping.Reject reject => new() { Result = MessageResult.Of(reject.Rejection, null) },
            _ => throw new InvalidOperationException("A mapping is one of three."),
        };
    }

    private static WebhookAnswer Unauthorized(string code, string detail) => WebhookAnswer.Problem(StatusCodes.Status401Unauthorized, code, detail);

    /// <summary>An event on its way through.</summary>
    private sealed class Draft
    {
        public WebhookMapping.Send? Send { get; init; }

        public MessageResult? Result { get; set; }
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "A system webhook brought an event of the type {Type}, which is not known. It is passed on under a name made of its words")]
        public static partial void UnknownType(ILogger logger, string type);
    }
}
