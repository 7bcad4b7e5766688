using System.Security.Cryptography;
using System.Text;

namespace IterableFunctions.Segment;

/// <summary>What a message is, after its <c>type</c>.</summary>
public enum MessageType
{
    Identify,
    Track,
    Page,
    Screen,
    Group,
    Alias,

    /// <summary>A deletion request that was created in Segment (webhooks only).</summary>
    Delete,
}

/// <summary>
/// One Segment message: the envelope of Segment's common fields, its values still views on the body's bytes.
/// </summary>
/// <remarks>Unknown fields are ignored: Segment adds some without notice.</remarks>
public sealed class SegmentMessage
{
    private JsonPart _timestamp;
    private JsonPart _originalTimestamp;
    private JsonPart _sentAt;
    private JsonPart _receivedAt;
    private JsonPart _type;
    private JsonPart _messageId;

    private enum Field
    {
        Other,
        Type,
        Name,
        Event,
        UserId,
        Traits,
        SentAt,
        Context,
        Channel,
        GroupId,
        Version,
        Category,
        WriteKey,
        Timestamp,
        MessageId,
        ProjectId,
        Properties,
        ReceivedAt,
        PreviousId,
        AnonymousId,
        Integrations,
        OriginalTimestamp,
    }

    private SegmentMessage()
    {
    }

    public MessageType Type { get; private set; }

    /// <summary>What Segment deduplicates on. A message that brings none gets the SHA-256 of its bytes, so that its repeat has the same.</summary>
    public string MessageId { get; private set; } = "";

    /// <summary>A string that is not blank, or a number (its digits are the id); else not there, or null where the message says null.</summary>
    public JsonPart UserId { get; private set; }

    public JsonPart AnonymousId { get; private set; }

    public JsonPart Event { get; private set; }

    public JsonPart Name { get; private set; }

    public JsonPart Category { get; private set; }

    /// <summary>An object, null or not there.</summary>
    public JsonPart Properties { get; private set; }

    /// <summary>An object, null or not there.</summary>
    public JsonPart Traits { get; private set; }

    public JsonPart Context { get; private set; }

    public JsonPart Integrations { get; private set; }

    /// <summary>The id of the Segment source, where Segment says it.</summary>
    public JsonPart ProjectId { get; private set; }

    /// <summary>
    /// When it happened: <c>timestamp</c>, else <c>originalTimestamp</c>, <c>sentAt</c>, <c>receivedAt</c>, the first that is a time, else now; so that
    /// a retry does not move an event.
    /// </summary>
    public DateTime Timestamp { get; private set; }

    /// <summary>
    /// Reads the envelope. Refuses what no destination could use: no object, a repeated envelope field (which of the two counts would be a
    /// guess), no known <c>type</c>, ids and properties of a wrong JSON type.
    /// </summary>
    /// <param name="json">The message.</param>
    /// <param name="now">Taken as the time of a message that has none, UTC.</param>
    /// <param name="rejection">Why it was refused, when the answer is null.</param>
    public static SegmentMessage? Read(JsonPart json, DateTime now, out Rejection? rejection)
    {
        var message = new SegmentMessage();
        rejection = json.IsObject ? message.Fill(json) ?? message.Check() : new("not_an_object", $"A message must be a JSON object, not {json.Describe()}.");
        if (rejection is not null)
            return null;

        message.MessageId = IdOf(message._messageId, json);
        message.Timestamp = message.TimestampOr(now);
        return message;
    }

    /// <summary>The messageId of a message that is read or refused alike, for the answer. Null where there is no object to take it from.</summary>
    public static string? PeekMessageId(JsonPart json) => json.IsObject ? IdOf(json["messageId"u8], json) : null;

    private Rejection? Fill(JsonPart json)
    {
        var seen = 0u;
        foreach (var member in json.Members)
        {
            var name = member.Name;
            var field = FieldOf(name);
            if (field == Field.Other)
                continue;
            if ((seen & (1u << (int)field)) != 0)
                return new("repeated_field", $"The message holds the field \"{Encoding.UTF8.GetString(name)}\" twice. Send it once.");
            seen |= 1u << (int)field;
            Set(field, member.Value);
        }

        return null;
    }

    private static Field FieldOf(ReadOnlySpan<byte> name) => name.Length switch
    {
        4 => name.SequenceEqual("type"u8) ? Field.Type : name.SequenceEqual("name"u8) ? Field.Name : Field.Other,
        5 => name.SequenceEqual("event"u8) ? Field.Event : Field.Other,
        6 => name.SequenceEqual("userId"u8) ? Field.UserId : name.SequenceEqual("traits"u8) ? Field.Traits : name.SequenceEqual("sentAt"u8) ? Field.SentAt : Field.Other,
        7 => name.SequenceEqual("context"u8) ? Field.Context : name.SequenceEqual("channel"u8) ? Field.Channel : name.SequenceEqual("groupId"u8) ? Field.GroupId : name.SequenceEqual("version"u8) ? Field.Version : Field.Other,
        8 => name.SequenceEqual("category"u8) ? Field.Category : name.SequenceEqual("writeKey"u8) ? Field.WriteKey : Field.Other,
        9 => name.SequenceEqual("timestamp"u8) ? Field.Timestamp : name.SequenceEqual("messageId"u8) ? Field.MessageId : name.SequenceEqual("projectId"u8) ? Field.ProjectId : Field.Other,
        10 => name.SequenceEqual("properties"u8) ? Field.Properties : name.SequenceEqual("receivedAt"u8) ? Field.ReceivedAt : name.SequenceEqual("previousId"u8) ? Field.PreviousId : Field.Other,
        11 => name.SequenceEqual("anonymousId"u8) ? Field.AnonymousId : Field.Other,
        12 => name.SequenceEqual("integrations"u8) ? Field.Integrations : Field.Other,
        17 => name.SequenceEqual("originalTimestamp"u8) ? Field.OriginalTimestamp : Field.Other,
        _ => Field.Other,
    };

    private void Set(Field field, JsonPart value)
    {
        switch (field)
        {
            case Field.Type: _type = value; break;
            case Field.Name: Name = value; break;
            case Field.Event: Event = value; break;
            case Field.UserId: UserId = value; break;
            case Field.Traits: Traits = value; break;
            case Field.SentAt: _sentAt = value; break;
            case Field.Context: Context = value; break;
            case Field.Category: Category = value; break;
            case Field.Timestamp: _timestamp = value; break;
            case Field.MessageId: _messageId = value; break;
            case Field.Properties: Properties = value; break;
            case Field.ReceivedAt: _receivedAt = value; break;
            case Field.AnonymousId: AnonymousId = value; break;
            case Field.Integrations: Integrations = value; break;
            case Field.OriginalTimestamp: _originalTimestamp = value; break;
            case Field.ProjectId: ProjectId = value; break;
        }
    }

    private Rejection? Check()
    {
        if (!_type.IsString)
            return new("missing_type", "The message has no \"type\". Send one of identify, track, page, screen, group, alias, delete.");
        if (TypeOf(_type.Text) is not { } type)
            return new("unknown_type", "The message's \"type\" is not one of identify, track, page, screen, group, alias, delete.");
        Type = type;
        if (type is MessageType.Group or MessageType.Alias or MessageType.Delete)
            return null;

        if (UserId is { IsNothing: false, IsString: false, IsNumber: false })
            return new("invalid_user_id", $"\"userId\" must be a string, not {UserId.Describe()}.");
        if (UserId.IsString && UserId.IsBlank)
            UserId = default;
        if (Properties is { IsNothing: false, IsObject: false })
            return new("invalid_properties", $"\"properties\" must be an object, not {Properties.Describe()}.");
        if (Traits is { IsNothing: false, IsObject: false })
            return new("invalid_traits", $"\"traits\" must be an object, not {Traits.Describe()}.");
        return null;
    }

    private static MessageType? TypeOf(ReadOnlySpan<byte> type) =>
        type.SequenceEqual("track"u8) ? MessageType.Track
        : type.SequenceEqual("identify"u8) ? MessageType.Identify
        : type.SequenceEqual("page"u8) ? MessageType.Page
        : type.SequenceEqual("screen"u8) ? MessageType.Screen
        : type.SequenceEqual("group"u8) ? MessageType.Group
        : type.SequenceEqual("alias"u8) ? MessageType.Alias
        : type.SequenceEqual("delete"u8) ? MessageType.Delete
        : null;

    private static string IdOf(JsonPart messageId, JsonPart message)
        => !messageId.IsBlank ? messageId.ToString() : Convert.ToHexStringLower(SHA256.HashData(message.Raw));

    private DateTime TimestampOr(DateTime now)
        => Segment.Timestamp.TryRead(_timestamp, out var time)
            || Segment.Timestamp.TryRead(_originalTimestamp, out time)
            || Segment.Timestamp.TryRead(_sentAt, out time)
            || Segment.Timestamp.TryRead(_receivedAt, out time) ? time : now;
}
