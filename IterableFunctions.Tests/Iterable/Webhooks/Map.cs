using System.Text;
using System.Text.Json.Nodes;
using IterableFunctions.Iterable;
using IterableFunctions.Iterable.Webhooks;
using IterableFunctions.Segment;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Tests.Iterable.Webhooks;

/// <summary>Maps system webhooks that are written as text.</summary>
internal static class Map
{
    /// <summary>When they arrive.</summary>
    public static readonly DateTime Now = new(2026, 6, 1, 12, 0, 0, DateTimeKind.Utc);

    public static WebhookMapping Webhook(string json, WebhookNames names = WebhookNames.Segment, string writeKey = "the-write-key")
    {
        using var tokens = JsonTokens.Read(Encoding.UTF8.GetBytes(json), out var rejection);
        return tokens is null
            ? new WebhookMapping.Reject(rejection!)
            : new WebhookMapper(Options.Create(new IterableOptions { WebhookNames = names }), Options.Create(new SegmentOptions { WriteKey = writeKey })).Map(tokens.Root, Now);
    }

    public static WebhookMapping.Send Send(string json, WebhookNames names = WebhookNames.Segment, string writeKey = "the-write-key")
        => Assert.IsType<WebhookMapping.Send>(Webhook(json, names, writeKey));

    public static JsonObject Track(string json, WebhookNames names = WebhookNames.Segment)
        => JsonNode.Parse(Send(json, names).Event.Body.Span)!.AsObject();

    public static string Id(string json, string writeKey = "the-write-key") => Send(json, writeKey: writeKey).Event.MessageId;

    /// <summary>An event with these members of <c>dataFields</c> beside what every event has.</summary>
    public static string Open(string fields) => $$"""{"email":"ann@example.org","userId":"u-1","eventName":"emailOpen","dataFields":{"createdAt":"2026-03-04 05:06:07 +00:00","messageId":"m-1",{{fields}} } }""";
}
