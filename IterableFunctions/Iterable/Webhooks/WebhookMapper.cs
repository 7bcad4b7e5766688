using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using IterableFunctions.Iterable.Mapping;
using IterableFunctions.Segment;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Iterable.Webhooks;

/// <summary>
/// Turns an event of Iterable's system webhooks into the track call that Iterable's own Segment integration would send. <c>docs/iterable-webhooks.md</c> lists the rules.
/// </summary>
/// <remarks>No I/O and no clock: the same event always comes to the same call, but for the time of one that has none.</remarks>
public sealed class WebhookMapper(IOptions<IterableOptions> iterable, IOptions<SegmentOptions> segment)
{
    private readonly WebhookNames _names = iterable.Value.WebhookNames;

    /// <summary>Names the source without giving its key away: it goes into ids that everybody downstream sees.</summary>
    private readonly string _source = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(segment.Value.WriteKey ?? "")));

    /// <param name="json">The event.</param>
    /// <param name="now">Taken as the time of an event that has none, UTC.</param>
    public WebhookMapping Map(JsonPart json, DateTime now)
    {
        if (SystemWebhook.Read(json, out var rejection) is not { } webhook)
            return new WebhookMapping.Reject(rejection!);
        if (webhook.UserId.IsMissing && webhook.Email.IsMissing)
            return new WebhookMapping.Ignore("The event names neither a userId nor an email, so Segment could not tell whose it is.");

        var warnings = new List<string>();
        var type = WebhookTypes.Find(webhook.Type);
        var name = type?.Event ?? WebhookTypes.NameFor(webhook.Type);
        if (type is null)
            warnings.Add($"This type of event is not known; it is passed on as \"{name}\".");
        if (!Timestamp.TryRead(webhook.Fields["createdAt"u8], out var time))
        {
            time = now;
            warnings.Add("The event has no \"createdAt\" that is a time, so it has the time of its arrival.");
        }

        var messageId = EventIdentity.MessageId(webhook, _source);
        using var body = new JsonBody();
        WriteEnvelope(body, webhook, name, messageId, time);
        EventProperties.Of(webhook, _names).Write(body, TrackingEvent.MaxBytes, warnings);
        body.EndObject();
        var call = new TrackingEvent
        {
            Body = body.ToArray(),
            MessageId = messageId,
            UserId = webhook.UserId.IsMissing ? null : webhook.UserId.ToString(),
            Email = webhook.EmailText,
            Timestamp = time,
        };
        return new WebhookMapping.Send(call, name, webhook.Type, type is not null, warnings.Count == 0 ? null : string.Join(' ', warnings));
    }

    /// <summary>All but the properties; the object stays open.</summary>
    private static void WriteEnvelope(JsonBody body, SystemWebhook webhook, string name, string messageId, DateTime time)
    {
        body.StartObject();
        Text(body, "type"u8, "track");
        Text(body, "event"u8, name);
        // Segment's rule for its own Iterable source: the userId where there is one, else the email as anonymousId.
        if (webhook.UserId.IsMissing)
            Text(body, "anonymousId"u8, webhook.EmailText!);
        else
            Text(body, "userId"u8, webhook.UserId.ToString());
        Text(body, "messageId"u8, messageId);
        Text(body, "timestamp"u8, time.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture));

        body.Name("context"u8);
        body.StartObject();
        body.Name("integration"u8);
        body.Raw("""{"name":"Iterable","version":"1.0.0"}"""u8);
        if (!webhook.Email.IsMissing && !SystemWebhook.IsPlaceholder(webhook.Email))
        {
            body.Name("traits"u8);
            body.StartObject();
            Text(body, "email"u8, webhook.EmailText!);
            body.EndObject();
        }

        Context(body, "ip"u8, webhook.Ip);
        Context(body, "userAgent"u8, webhook.UserAgent);
        body.EndObject();

        // It comes from Iterable and is not to go back there, wherever the source leads.
        body.Name("integrations"u8);
        body.Raw("""{"Iterable":false}"""u8);
    }

    private static void Text(JsonBody body, ReadOnlySpan<byte> name, string text)
    {
        body.Name(name);
        body.String(Encoding.UTF8.GetBytes(text));
    }

    private static void Context(JsonBody body, ReadOnlySpan<byte> name, JsonPart text)
    {
        if (text.IsMissing)
            return;
        body.Name(name);
        body.Raw(text.Raw);
    }
}
