using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IterableFunctions.Iterable;
using IterableFunctions.Personas.Evaluation;

namespace IterableFunctions.Personas.Sync;

/// <summary>The calls that tell Iterable a value: a user field, an event, or both (Segment's shapes for audiences and computed traits).</summary>
public static class PersonasCalls
{
    /// <param name="telling">What to tell.</param>
    /// <param name="profile">The profile's id.</param>
    /// <param name="preferUserId">Whether Iterable is to create users for a userId that it does not know.</param>
    /// <returns>None where a takeover has no field to set.</returns>
    public static IReadOnlyList<IterableRequest> Of(Telling telling, string profile, bool preferUserId)
    {
        var (definition, to, told) = telling;
        var calls = new List<IterableRequest>(2);
        if (definition.SendIdentify)
            calls.Add(Request(IterableEndpoint.UpdateUser, writer => WriteFields(writer, preferUserId && to.UserId is not null)));
        if (definition.SendTrack && !told.IsTakeover)
            calls.Add(Request(IterableEndpoint.TrackEvent, WriteEvent));
        return calls;

        IterableRequest Request(IterableEndpoint endpoint, Action<Utf8JsonWriter> write)
        {
            var json = new ArrayBufferWriter<byte>();
            using (var writer = new Utf8JsonWriter(json))
            {
                writer.WriteStartObject();
                if (to.Email is { } email)
                    writer.WriteString("email"u8, email);
                if (to.UserId is { } userId)
                    writer.WriteString("userId"u8, userId);
                write(writer);
                writer.WriteEndObject();
            }

            return new() { Endpoint = endpoint, Body = json.WrittenMemory, MessageId = IdOf(telling), UserId = to.UserId, Email = to.Email, Timestamp = new(told.When, DateTimeKind.Utc), Profile = profile };
        }

        void WriteFields(Utf8JsonWriter writer, bool preferred)
        {
            if (preferred)
                writer.WriteBoolean("preferUserId"u8, true);
            writer.WriteStartObject("dataFields"u8);
            WriteValue(writer);
            writer.WriteEndObject();
        }

        void WriteEvent(Utf8JsonWriter writer)
        {
            var isAudience = definition.Kind == DefinitionKind.Audience;
            writer.WriteString("eventName"u8, !isAudience ? definition.TrackEvent : told.Json.Span.SequenceEqual("true"u8) ? definition.EnterEvent : definition.ExitEvent);
            writer.WriteString("id"u8, IdOf(telling));
            writer.WriteNumber("createdAt"u8, new DateTimeOffset(told.When, TimeSpan.Zero).ToUnixTimeSeconds());
            writer.WriteStartObject("dataFields"u8);
            writer.WriteString(isAudience ? "audience_key"u8 : "trait_key"u8, definition.Key);
            WriteValue(writer);
            writer.WriteEndObject();
        }

        void WriteValue(Utf8JsonWriter writer)
        {
            writer.WritePropertyName(definition.Key);
            writer.WriteRawValue(told.Json.Span, skipInputValidation: true);
        }
    }

    /// <summary>The same for each attempt of a telling, so that Iterable keeps one event of it; another for each other telling.</summary>
    private static string IdOf(Telling telling)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{telling.Definition.Key}\n{telling.To.Identifier}\n{telling.Told.Number}");
        return $"personas_{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..32]}";
    }
}
