using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IterableFunctions.LocalHost.Sandbox;

/// <summary>A user as of now. A copy: later calls do not change it.</summary>
/// <param name="Email">In lower case; null where the project's type allows a user without one.</param>
/// <param name="UserId">Null where the project's type allows a user without one.</param>
/// <param name="DataFields">What callers have written, without the fields that Iterable itself adds.</param>
/// <param name="CreatedAt">When the first call about this user was received.</param>
/// <param name="UpdatedAt">When the profile last changed; events do not change it.</param>
public sealed record SandboxUser(string? Email, string? UserId, JsonObject DataFields, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt);

/// <summary>A custom event or a purchase as of now. A copy: later calls do not change it.</summary>
/// <param name="Id">The caller's id, or a generated one.</param>
/// <param name="Name">The event's name; <c>purchase</c> for purchases, which have none.</param>
/// <param name="EventType"><c>customEvent</c> or <c>purchase</c>.</param>
/// <param name="Email">Of the user it belongs to now.</param>
/// <param name="UserId">Of the user it belongs to now.</param>
/// <param name="CreatedAt">When it happened, to the second.</param>
/// <param name="ReceivedAt">When it was last written.</param>
/// <param name="DataFields">Empty when none came.</param>
/// <param name="Items">Commerce items; null for custom events.</param>
/// <param name="Total">Null for custom events.</param>
/// <param name="CampaignId">Null when none came.</param>
/// <param name="TemplateId">Null when none came.</param>
/// <param name="Writes">How many calls have written this id: more than 1 means that a call was repeated.</param>
public sealed record SandboxEvent(
    string Id, string Name, string EventType, string? Email, string? UserId, DateTimeOffset CreatedAt, DateTimeOffset ReceivedAt,
    JsonObject DataFields, JsonArray? Items, double? Total, long? CampaignId, long? TemplateId, int Writes);

/// <summary>How the project's content looks from outside: as records, and as Iterable's JSON.</summary>
internal static class Views
{
    public static SandboxUser Of(Profile profile)
    {
        var fields = new JsonObject();
        foreach (var (name, value) in profile.Fields)
            fields[name] = JsonNode.Parse(value);
        return new(profile.Email, profile.UserId, fields, profile.CreatedAt, profile.UpdatedAt);
    }

    public static SandboxEvent Of(StoredEvent stored) => new(
        stored.Id, stored.Name, TypeOf(stored), stored.Owner.Email, stored.Owner.UserId, stored.CreatedAt, stored.ReceivedAt,
        stored.DataFields is { } fields ? JsonNode.Parse(fields)!.AsObject() : [],
        stored.Items is { } items ? JsonNode.Parse(items)!.AsArray() : null,
        stored.Total, stored.CampaignId, stored.TemplateId, stored.Writes);

    public static IEnumerable<StoredEvent> NewestFirst(IEnumerable<StoredEvent> events) =>
        events.Reverse().OrderByDescending(stored => stored.CreatedAt);

    /// <summary>Iterable API docs, ApiResponseUser. The fields that Iterable manages are added to what callers wrote.</summary>
    public static void WriteUser(Utf8JsonWriter json, Profile profile)
    {
        json.WriteStartObject();
        if (profile.Email is not null)
            json.WriteString("email"u8, profile.Email);
        if (profile.UserId is not null)
            json.WriteString("userId"u8, profile.UserId);
        json.WriteStartObject("dataFields"u8);
        foreach (var (name, value) in FieldsOf(profile))
        {
            json.WritePropertyName(name);
            json.WriteRawValue(value, skipInputValidation: true);
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }

    public static void WriteEvent(Utf8JsonWriter json, StoredEvent stored)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, stored.Id);
        json.WriteString("eventName"u8, stored.Name);
        json.WriteString("eventType"u8, TypeOf(stored));
        if (stored.Owner.Email is not null)
            json.WriteString("email"u8, stored.Owner.Email);
        if (stored.Owner.UserId is not null)
            json.WriteString("userId"u8, stored.Owner.UserId);
        json.WriteString("createdAt"u8, DateOf(stored.CreatedAt));
        if (stored.CampaignId is { } campaign)
            json.WriteNumber("campaignId"u8, campaign);
        if (stored.TemplateId is { } template)
            json.WriteNumber("templateId"u8, template);
        if (stored.Total is { } total)
            json.WriteNumber("total"u8, total);
        if (stored.Items is { } items)
        {
            json.WritePropertyName("shoppingCartItems"u8);
            json.WriteRawValue(items, skipInputValidation: true);
        }
        json.WritePropertyName("dataFields"u8);
        if (stored.DataFields is { } fields)
        {
            json.WriteRawValue(fields, skipInputValidation: true);
        }
        else
        {
            json.WriteStartObject();
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    /// <summary>Dates come back as <c>yyyy-MM-dd HH:mm:ss +00:00</c>.</summary>
    public static string DateOf(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss +00:00", CultureInfo.InvariantCulture);

    private static string TypeOf(StoredEvent stored) => stored.IsPurchase ? "purchase" : "customEvent";

    private static SortedDictionary<string, byte[]> FieldsOf(Profile profile)
    {
        var fields = new SortedDictionary<string, byte[]>(StringComparer.Ordinal)
        {
            ["signupDate"] = Json(DateOf(profile.CreatedAt)),
            ["signupSource"] = Json("API"),
            ["profileUpdatedAt"] = Json(DateOf(profile.UpdatedAt)),
        };
        if (profile.Email is not null)
            fields["email"] = Json(profile.Email);
        if (profile.UserId is not null)
            fields["userId"] = Json(profile.UserId);
        // Segment's classic destination writes profileUpdatedAt itself, and Iterable shows what it wrote.
        foreach (var (name, value) in profile.Fields)
            fields[name] = value;
        return fields;
    }

    private static byte[] Json(string text) => [(byte)'"', .. JsonEncodedText.Encode(text, Answer.Readable.Encoder).EncodedUtf8Bytes, (byte)'"'];
}
