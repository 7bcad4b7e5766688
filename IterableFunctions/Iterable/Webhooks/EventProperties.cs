using System.Text;
using IterableFunctions.Iterable.Mapping;
using IterableFunctions.Segment;

namespace IterableFunctions.Iterable.Webhooks;

/// <summary>The properties of a Segment event, from the <c>dataFields</c> of a system webhook.</summary>
internal sealed class EventProperties
{
    /// <summary>
    /// The properties that Segment's email spec names, texts all of them, and Iterable's fields that say the same, the first that is there. Iterable's <c>messageId</c> gets
    /// a second name because in a warehouse it would take the name of Segment's.
    /// </summary>
    private static readonly SpecProperty[] _spec =
    [
        new("email_id", "emailId"),
        new("email_subject", "emailSubject"),
        new("campaign_id", "campaignId"),
        new("campaign_name", "campaignName"),
        new("link_id", "linkId", "canonicalUrlId"),
        new("link_url", "linkUrl", "url", "clickedUrl", "embeddedTargetUrl"),
        new("list_id", "emailListIds"),
        new("iterable_message_id", "messageId"),
    ];

    /// <summary>Of the properties that are left out, so many are named.</summary>
    private const int NamedAtMost = 20;

    private readonly List<Property> _properties = [];

    private EventProperties()
    {
    }

    /// <param name="webhook">The event.</param>
    /// <param name="names">Whose names they get.</param>
    public static EventProperties Of(SystemWebhook webhook, WebhookNames names)
    {
        var properties = new EventProperties();
        var own = new Dictionary<string, JsonPart.Member>();
        foreach (var member in webhook.Fields.Members)
            own[Encoding.UTF8.GetString(member.Name)] = member;
        // The whole HTML of a message, on every send of it.
        own.Remove("inAppBody");
        // Whoever reads the event would look there for an address, and take it for the person's.
        if (own.TryGetValue("email", out var email) && SystemWebhook.IsPlaceholder(email.Value))
            own.Remove("email");

        if (names != WebhookNames.Iterable)
        {
            foreach (var spec in _spec)
            {
                if (spec.From.FirstOrDefault(field => own.TryGetValue(field, out var member) && IsText(member.Value)) is not { } source)
                    continue;
                properties._properties.Add(new(spec, own[source]));
                own.Remove(spec.Name);
                // An array says more than the text that it becomes.
                if (names == WebhookNames.Segment && !own[source].Value.IsArray)
                    own.Remove(source);
            }
        }

        if (names == WebhookNames.Segment)
        {
            // In context, where Segment's spec has them.
            if (!webhook.Ip.IsMissing)
                own.Remove("ip");
            if (!webhook.UserAgent.IsMissing)
                own.Remove("userAgent");
        }

        foreach (var member in own.Values)
        {
            if (!member.Value.IsNull)
                properties._properties.Add(new(null, member));
        }

        return properties;
    }

    /// <summary>Writes the member <c>properties</c>, and leaves out the largest as long as the whole body would be too large.</summary>
    /// <param name="body">Its object open.</param>
    /// <param name="limit">Of the whole body, in bytes, the closing brace included.</param>
    /// <param name="warnings">Takes a sentence when something is left out.</param>
    public void Write(JsonBody body, int limit, List<string> warnings)
    {
        var left = limit - body.Length - ""","properties":{}}""".Length;
        var over = _properties.Sum(property => property.Size) - left;
        if (over > 0)
        {
            var dropped = new HashSet<Property>();
            foreach (var property in _properties.OrderByDescending(property => property.Size))
            {
                if (over <= 0)
                    break;
                over -= property.Size;
                dropped.Add(property);
            }

            _properties.RemoveAll(dropped.Contains);
            var others = dropped.Count > NamedAtMost ? $" and {dropped.Count - NamedAtMost} others" : "";
            warnings.Add($"Left out, as Segment takes no more than 32 KB: {string.Join(", ", dropped.Take(NamedAtMost).Select(property => property.Label))}{others}.");
        }

        body.Name("properties"u8);
        body.StartObject();
        foreach (var property in _properties)
            property.Write(body);
        body.EndObject();
    }

    /// <summary>What can stand where the spec has a text: a text, a number, an array of numbers.</summary>
    private static bool IsText(JsonPart value)
    {
        if (!value.IsArray)
            return !value.IsBlank;
        var any = false;
        foreach (var element in value.Elements)
        {
            if (!element.IsNumber)
                return false;
            any = true;
        }

        return any;
    }

    private sealed record SpecProperty(string Name, params string[] From)
    {
        public byte[] Utf8Name { get; } = Encoding.UTF8.GetBytes(Name);
    }

    /// <param name="spec">By Segment's name; null = by Iterable's, as it stands there.</param>
    /// <param name="own">Where it comes from.</param>
    private sealed class Property(SpecProperty? spec, JsonPart.Member own)
    {
        /// <summary>The bytes that it takes, colon and comma included.</summary>
        public int Size { get; } = (spec is null ? own.RawName.Length : spec.Utf8Name.Length + 2 + (own.Value.IsString ? 0 : 2)) + own.Value.Raw.Length + 2;

        public string Label
        {
            get
            {
                var name = spec?.Name ?? Encoding.UTF8.GetString(own.Name);
                return name.Length <= 50 ? name : $"{name[..50]}…";
            }
        }

        public void Write(JsonBody body)
        {
            if (spec is null)
            {
                body.RawMember(own);
                return;
            }

            body.Name(spec.Utf8Name);
            if (own.Value.IsString)
            {
                body.Raw(own.Value.Raw);
                return;
            }

            body.StartString();
            if (own.Value.IsNumber)
                body.StringPart(own.Value.Raw);
            var first = true;
            foreach (var element in own.Value.Elements)
            {
                if (!first)
                    body.StringPart(","u8);
                first = false;
                body.StringPart(element.Raw);
            }

            body.EndString();
        }
    }
}
