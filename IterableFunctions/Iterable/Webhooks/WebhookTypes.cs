using System.Text;

namespace IterableFunctions.Iterable.Webhooks;

/// <summary>A type of system webhook and the Segment event that it becomes.</summary>
/// <param name="Name">Iterable's <c>eventName</c>.</param>
/// <param name="Event">The name in Segment.</param>
/// <param name="Published">Whether Iterable's own Segment integration uses this name (Iterable help 210012983, Segment's page on the Iterable source); the others are ours.</param>
public sealed record WebhookType(string Name, string Event, bool Published);

/// <summary>Every type of system webhook that is known, as data. <c>docs/iterable-webhooks.md</c> shows the same table.</summary>
public static class WebhookTypes
{
    public static IReadOnlyList<WebhookType> All { get; } =
    [
        new("emailSend", "Email Delivered", Published: true),
        new("blastSend", "Email Delivered", Published: false),
        new("triggeredSend", "Email Delivered", Published: false),
        new("emailSendSkip", "Email Send Skip", Published: true),
        new("emailOpen", "Email Opened", Published: true),
        new("emailClick", "Email Link Clicked", Published: true),
        new("emailBounce", "Email Bounced", Published: true),
        new("emailComplaint", "Email Marked as Spam", Published: true),
        new("emailSubscribe", "Subscribed", Published: true),
        new("emailUnSubscribe", "Unsubscribed", Published: true),
        new("hostedUnsubscribeClick", "Hosted Unsubscribe Click", Published: true),
        new("pushSend", "Push Delivered", Published: true),
        new("pushSendSkip", "Push Send Skip", Published: true),
        new("pushOpen", "Push Opened", Published: true),
        new("pushBounce", "Push Bounced", Published: true),
        new("pushUninstall", "Mobile App Uninstalled", Published: true),
        new("inAppSend", "In App Sent", Published: true),
        new("inAppSendSkip", "In App Send Skip", Published: true),
        new("inAppDelivery", "In App Delivered", Published: true),
        new("inAppOpen", "In App Opened", Published: true),
        new("inAppClick", "In App Clicked", Published: true),
        new("inAppClose", "In App Closed", Published: false),
        new("inAppDelete", "In App Deleted", Published: false),
        new("inAppRecall", "In App Recalled", Published: false),
        new("inboxSession", "Inbox Session", Published: false),
        new("inboxMessageImpression", "Inbox Message Viewed", Published: false),
        new("smsSend", "SMS Delivered", Published: true),
        new("smsSendSkip", "SMS Send Skip", Published: true),
        new("smsBounce", "SMS Bounced", Published: true),
        new("smsClick", "SMS Clicked", Published: true),
        new("smsReceived", "SMS Received", Published: true),
        new("webPushSend", "Web Push Delivered", Published: true),
        new("webPushSendSkip", "Web Push Send Skip", Published: true),
        new("webPushClick", "Web Push Clicked", Published: true),
        new("embeddedReceived", "Embedded Message Received", Published: false),
        new("embeddedImpression", "Embedded Message Viewed", Published: false),
        new("embeddedClick", "Embedded Message Clicked", Published: false),
        new("embeddedSession", "Embedded Session", Published: false),
        new("whatsAppSend", "WhatsApp Delivered", Published: false),
        new("whatsAppSendSkip", "WhatsApp Send Skip", Published: false),
        new("whatsAppBounce", "WhatsApp Bounced", Published: false),
        new("whatsAppClick", "WhatsApp Clicked", Published: false),
        new("whatsAppSeen", "WhatsApp Opened", Published: false),
        new("whatsAppReceived", "WhatsApp Received", Published: false),
        new("rcsSend", "RCS Delivered", Published: false),
        new("rcsSendSkip", "RCS Send Skip", Published: false),
        new("journeyExit", "Journey Exited", Published: false),
    ];

    /// <summary>In any case: Iterable's own pages write <c>emailUnSubscribe</c> and <c>emailUnsubscribe</c>.</summary>
    private static readonly Dictionary<string, WebhookType> _byName = All.ToDictionary(type => type.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>The type of this name; null for one that is not known.</summary>
    public static WebhookType? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>
    /// A readable name for an event of a type that is not known: its words, each with a capital. <c>carrierPigeonSend</c> is <c>Carrier Pigeon Send</c>,
    /// <c>XYZSend</c> is <c>XYZ Send</c>.
    /// </summary>
    public static string NameFor(string type)
    {
        var name = new StringBuilder(type.Length + 8);
        for (var i = 0; i < type.Length; i++)
        {
            var c = type[i];
            if (!char.IsLetterOrDigit(c))
            {
                Break(name);
                continue;
            }

            var begins = i > 0 && char.IsUpper(c) && (char.IsLower(type[i - 1]) || (i + 1 < type.Length && char.IsLower(type[i + 1])));
            if (begins)
                Break(name);
            name.Append(name.Length == 0 || name[^1] == ' ' ? char.ToUpperInvariant(c) : c);
        }

        // Signs alone make no words, and are no less a name.
        return name.ToString().TrimEnd() is { Length: > 0 } words ? words : type;
    }

    private static void Break(StringBuilder name)
    {
        if (name.Length > 0 && name[^1] != ' ')
            name.Append(' ');
    }
}
