using System.Buffers;
using System.Text.Json;
using IterableFunctions.Iterable;
using IterableFunctions.Segment;

namespace IterableFunctions.Personas.Profiles;

/// <summary>Leaves out of a call what a newer message has set since: a profile update that waited must not undo a later one, nor an old cart bring back what was bought.</summary>
public static class OutOfDate
{
    /// <param name="request">The call.</param>
    /// <param name="document">The profile of its message.</param>
    /// <param name="project">Which identifiers reach a user.</param>
    /// <returns>The call without what is out of date; null where nothing is left of it.</returns>
    public static IterableRequest? Thin(IterableRequest request, ProfileDocument document, ProjectType project)
    {
        SentTimes[] sent = [.. SentCall.AddressOf(request, project).Select(address => document.Sent.GetValueOrDefault(address)).OfType<SentTimes>()];
        if (request.Endpoint == IterableEndpoint.UpdateCart)
            return sent.Any(times => times.Cart > request.Timestamp.Ticks) ? null : request;
        if (request.Endpoint != IterableEndpoint.UpdateUser)
            return request;

        using var body = JsonDocument.Parse(request.Body, new JsonDocumentOptions { MaxDepth = 2 * JsonTokens.MaxDepth });
        if (!body.RootElement.TryGetProperty("dataFields"u8, out var fields) || !fields.EnumerateObject().Any(IsStale))
            return request;
        if (fields.EnumerateObject().All(IsStale))
            return null;

        var json = new ArrayBufferWriter<byte>(request.Body.Length);
        using (var writer = new Utf8JsonWriter(json, new() { SkipValidation = true }))
        {
            writer.WriteStartObject();
            foreach (var member in body.RootElement.EnumerateObject())
            {
                writer.WritePropertyName(member.Name);
                if (member.NameEquals("dataFields"u8))
                    WriteFresh(writer, member.Value);
                else
                    writer.WriteRawValue(member.Value.GetRawText(), skipInputValidation: true);
            }

            writer.WriteEndObject();
        }

        return request with { Body = json.WrittenMemory };

        // An object that Iterable is to merge sets no more of the field than its own members.
        bool IsStale(JsonProperty field) => sent.Any(times => times.Fields.TryGetValue(field.Name, out var time) && time > request.Timestamp.Ticks)
            && !(field.Value.ValueKind == JsonValueKind.Object && body.RootElement.TryGetProperty("mergeNestedObjects"u8, out var merge) && merge.ValueKind == JsonValueKind.True);

        void WriteFresh(Utf8JsonWriter writer, JsonElement all)
        {
            writer.WriteStartObject();
            foreach (var field in all.EnumerateObject().Where(field => !IsStale(field)))
            {
                writer.WritePropertyName(field.Name);
                writer.WriteRawValue(field.Value.GetRawText(), skipInputValidation: true);
            }

            writer.WriteEndObject();
        }
    }
}
