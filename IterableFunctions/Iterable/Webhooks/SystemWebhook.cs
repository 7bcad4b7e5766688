using System.Text;
using IterableFunctions.Segment;

namespace IterableFunctions.Iterable.Webhooks;

/// <summary>
/// What one system webhook of Iterable says: the common fields, their values still views on the body's bytes. (Iterable help 208013936. Every member of
/// <c>dataFields</c> is optional and may be null.)
/// </summary>
public sealed class SystemWebhook
{
    /// <summary>In bytes. Iterable's own limits are 52 for a userId and 255 for an email; what exceeds this is none of Iterable's.</summary>
    private const int LongestIdentifier = 1_000;

    /// <summary>In bytes; Iterable's longest type has 22.</summary>
    private const int LongestType = 200;

    /// <summary>Longest text that goes into a Segment event's <c>context</c>, in bytes.</summary>
    private const int LongestContext = 1_000;

    private SystemWebhook(string type) => Type = type;

    /// <summary>Iterable's <c>eventName</c>, blanks around it cut off.</summary>
    public string Type { get; }

    /// <summary>A string or number; not there when it is null or blank.</summary>
    public JsonPart UserId { get; private set; }

    /// <summary>A string; not there when it is null or blank. Some webhooks have it in <c>dataFields</c> alone.</summary>
    public JsonPart Email { get; private set; }

    /// <summary>The email as text, blanks around it cut off. Null if there is none.</summary>
    public string? EmailText => Email.IsMissing ? null : Email.ToString().Trim();

    /// <summary><c>dataFields</c>: an object, or not there.</summary>
    public JsonPart Fields { get; private set; }

    /// <summary>What a Segment event has in its <c>context</c>; not there when it is no text, or too long for that place.</summary>
    public JsonPart Ip => ForContext(Fields["ip"u8]);

    /// <inheritdoc cref="Ip"/>
    public JsonPart UserAgent => ForContext(Fields["userAgent"u8]);

    /// <summary>Whether Iterable has made the address up, as it does for a user who has a userId alone: nobody reads it, and it identifies nobody.</summary>
    public static bool IsPlaceholder(JsonPart email) => email.IsString && email.ToString().Trim().EndsWith("@placeholder.email", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads a webhook's body, or one element of an array of such. Refuses what is no event of Iterable's.</summary>
    /// <param name="json">The event.</param>
    /// <param name="rejection">Why it was refused, when the answer is null.</param>
    public static SystemWebhook? Read(JsonPart json, out Rejection? rejection)
    {
        if (!json.IsObject)
        {
            rejection = new("not_an_object", $"A system webhook's event must be a JSON object, not {json.Describe()}.");
            return null;
        }

        if ((rejection = CheckRepeats(json)) is not null)
            return null;
        var (type, userId, email, fields) = (json["eventName"u8], json["userId"u8], json["email"u8], json["dataFields"u8]);
        rejection = type switch
        {
            _ when !IsGiven(type) => new("missing_event_name", "The event has no \"eventName\", by which Iterable says what happened. Only system webhooks go here, not journey webhooks."),
            _ when type.Text.Length > LongestType => new("event_name_too_long", $"\"eventName\" is longer than {LongestType} bytes."),
            _ when userId is { IsNothing: false, IsString: false, IsNumber: false } => new("invalid_user_id", $"\"userId\" must be a string, not {userId.Describe()}."),
            _ when email is { IsNothing: false, IsString: false } => new("invalid_email", $"\"email\" must be a string, not {email.Describe()}."),
            _ when fields is { IsNothing: false, IsObject: false } => new("invalid_data_fields", $"\"dataFields\" must be an object, not {fields.Describe()}."),
            _ => null,
        };
        if (rejection is not null)
            return null;

        var webhook = new SystemWebhook(type.ToString().Trim())
        {
            UserId = userId.IsBlank ? default : userId,
            Email = Given(email) is { IsMissing: false } given ? given : Given(fields["email"u8]),
            Fields = fields.IsObject ? fields : default,
        };
        if (webhook.UserId.Raw.Length > LongestIdentifier || webhook.Email.Raw.Length > LongestIdentifier)
        {
            rejection = new("identifier_too_long", $"\"userId\" or \"email\" is longer than {LongestIdentifier} bytes.");
            return null;
        }

        return webhook;
    }

    private static JsonPart ForContext(JsonPart text) => text.IsString && !text.IsBlank && text.Raw.Length <= LongestContext ? text : default;

    private static JsonPart Given(JsonPart email) => IsGiven(email) ? email : default;

    private static bool IsGiven(JsonPart text) => text.IsString && !string.IsNullOrWhiteSpace(text.ToString());

    /// <summary>Which of two would count is a guess.</summary>
    private static Rejection? CheckRepeats(JsonPart json)
    {
        var seen = 0;
        foreach (var member in json.Members)
        {
            var field = member.NameIs("eventName"u8) ? 1 : member.NameIs("userId"u8) ? 2 : member.NameIs("email"u8) ? 4 : member.NameIs("dataFields"u8) ? 8 : 0;
            if ((seen & field) != 0)
                return new("repeated_field", $"The event holds the field \"{Encoding.UTF8.GetString(member.Name)}\" twice.");
            seen |= field;
        }

        return null;
    }
}
