using System.Buffers;
using System.Text.Json;
using IterableFunctions.Iterable;
using IterableFunctions.Segment;

namespace IterableFunctions.Personas.Profiles;

/// <summary>What a message says about a person: all that a profile takes from it, apart from the body that it came in, so that it can wait in a queue.</summary>
public sealed record ProfileMessage
{
    /// <summary>Longest messageId and name of an event that are taken, in characters.</summary>
    private const int LongestName = 1000;

    /// <summary>By which it is recognised when it comes again.</summary>
    public required string MessageId { get; init; }

    /// <summary>By priority; at least one.</summary>
    public required IReadOnlyList<ExternalId> Ids { get; init; }

    /// <summary>When it happened, UTC; not later than it arrived.</summary>
    public required DateTime Timestamp { get; init; }

    /// <summary>UTC.</summary>
    public required DateTime Arrived { get; init; }

    /// <summary>The event's name; null for an identify.</summary>
    public string? Event { get; init; }

    /// <summary>The id of the Segment source, where the message names it.</summary>
    public string? Source { get; init; }

    /// <summary>Of the event: an object.</summary>
    public JsonElement? Properties { get; init; }

    /// <summary>Of the event: an object.</summary>
    public JsonElement? Context { get; init; }

    /// <summary>Of an identify: an object.</summary>
    public JsonElement? Traits { get; init; }

    /// <summary>What of it goes to Iterable; null when nothing does.</summary>
    public SentCall? Sent { get; init; }

    /// <summary>
    /// Reads a message. Null for what no profile takes: groups, aliases and deletions, messages without an identifier, tracks without an event, names and messageIds that no row could hold.
    /// </summary>
    /// <param name="message">The message.</param>
    /// <param name="arrived">UTC.</param>
    /// <param name="sent">The call that it becomes; null when nothing is sent.</param>
    /// <param name="options">Where the mapping finds the email.</param>
    public static ProfileMessage? Of(SegmentMessage message, DateTime arrived, IterableRequest? sent, IterableOptions options)
    {
        var name = message.Type switch
        {
            MessageType.Track => message.Event is { IsString: true, IsBlank: false } given ? given.ToString() : null,
            MessageType.Page => "Page Viewed",
            MessageType.Screen => "Screen Viewed",
            _ => null,
        };
        if (name is null && message.Type != MessageType.Identify)
            return null;
        if (name?.Length > LongestName || message.MessageId.Length > LongestName || ExternalIds.Of(message, options) is not { Count: > 0 } ids)
            return null;

        var read = new ProfileMessage
        {
            MessageId = message.MessageId,
            Ids = ids,
            Timestamp = message.Timestamp < arrived ? message.Timestamp : arrived,
            Arrived = arrived,
            Sent = sent is null ? null : SentCall.Of(sent, options.ProjectType),
        };
        return message.Type == MessageType.Identify
            ? read with { Traits = Object(message.Traits) }
            : read with
            {
                Event = name,
                Source = message.ProjectId.IsBlank ? null : message.ProjectId.ToString(),
                Properties = message.Type switch
                {
                    MessageType.Page => Named(message, "page_name"u8),
                    MessageType.Screen => Named(message, "screen_name"u8),
                    _ => Object(message.Properties),
                },
                Context = Object(message.Context),
            };
    }

    private static JsonElement? Object(JsonPart part) => part.IsObject ? Parse(part.Raw) : null;

    /// <summary>The properties and, as one of them, the page's or screen's own name: what definitions call it by.</summary>
    private static JsonElement? Named(SegmentMessage message, ReadOnlySpan<byte> property)
    {
        if (message.Name.IsBlank || !message.Name.IsString)
            return Object(message.Properties);
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json, new() { SkipValidation = true }))
        {
            writer.WriteStartObject();
            foreach (var member in message.Properties.Members)
            {
                if (member.NameIs(property))
                    continue;
                writer.WritePropertyName(member.Name);
                writer.WriteRawValue(member.Value.Raw, skipInputValidation: true);
            }

            writer.WritePropertyName(property);
            writer.WriteRawValue(message.Name.Raw, skipInputValidation: true);
            writer.WriteEndObject();
        }

        return Parse(json.WrittenSpan);
    }

    private static JsonElement Parse(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        return JsonElement.ParseValue(ref reader);
    }
}
