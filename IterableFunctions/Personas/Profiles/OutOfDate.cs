using System.Buffers;
using System.Text.Json;
using IterableFunctions.Iterable;
using IterableFunctions.Segment;

namespace IterableFunctions.Personas.Profiles;

/// <summary>
/// A profile update that comes late must not undo a newer one, nor an old cart bring back what was bought: what is out of date is left out of a call, and where it may have been sent all the same,
/// what is newer is said once more.
/// </summary>
public static class OutOfDate
{
    /// <param name="request">The call.</param>
    /// <param name="document">The profile of its message.</param>
    /// <param name="project">Which identifiers reach a user.</param>
    /// <returns>The call without what is out of date; null where nothing is left of it.</returns>
    public static IterableRequest? Thin(IterableRequest request, ProfileDocument document, ProjectType project)
    {
        var sent = SentTo(request, document, project);
        if (request.Endpoint == IterableEndpoint.UpdateCart)
            return IsOlder(request, Newest(sent.Select(last => last.Cart))) ? null : request;
        if (request.Endpoint != IterableEndpoint.UpdateUser)
            return request;

        using var body = Parse(request);
        if (!body.RootElement.TryGetProperty("dataFields"u8, out var fields) || !fields.EnumerateObject().Any(IsStale))
            return request;
        if (fields.EnumerateObject().All(IsStale))
            return null;
        return request with
        {
            Body = Write(body.RootElement, "dataFields"u8, writer =>
            {
                writer.WriteStartObject();
                foreach (var field in fields.EnumerateObject().Where(field => !IsStale(field)))
                {
                    writer.WritePropertyName(field.Name);
                    writer.WriteRawValue(field.Value.GetRawText(), skipInputValidation: true);
                }

                writer.WriteEndObject();
            }),
        };

        // An object that Iterable is to merge sets no more of the field than its own members.
        bool IsStale(JsonProperty field) => IsOlder(request, Newest(sent, field.Name))
            && !(field.Value.ValueKind == JsonValueKind.Object && body.RootElement.TryGetProperty("mergeNestedObjects"u8, out var merge) && merge.ValueKind == JsonValueKind.True);
    }

    /// <summary>What a call may have undone, when it arrived behind newer ones: a purchase, too, clears whatever cart there is.</summary>
    /// <param name="request">The call.</param>
    /// <param name="document">The profile of its message.</param>
    /// <param name="project">Which identifiers reach a user.</param>
    /// <returns>A call to the same user that says once more what is newer, as old as the call that it mends; null where nothing is newer.</returns>
    public static IterableRequest? Mend(IterableRequest request, ProfileDocument document, ProjectType project)
    {
        var sent = SentTo(request, document, project);
        if (request.Endpoint == IterableEndpoint.UpdateCart || request.Endpoint == IterableEndpoint.TrackPurchase)
        {
            if (Newest(sent.Select(last => last.Cart)) is not { Json.IsEmpty: false } cart || !IsOlder(request, cart))
                return null;
            using var commerce = Parse(request);
            return request with { Endpoint = IterableEndpoint.UpdateCart, Body = WriteCart(commerce.RootElement.GetProperty("user"u8), cart) };
        }

        if (request.Endpoint != IterableEndpoint.UpdateUser)
            return null;
        using var body = Parse(request);
        if (!body.RootElement.TryGetProperty("dataFields"u8, out var fields))
            return null;
        (string Name, SentValue Value)[] newer =
        [
            .. from name in fields.EnumerateObject().Select(field => field.Name).Distinct()
               let value = Newest(sent, name)
               where value is { Json.IsEmpty: false } && IsOlder(request, value)
               select (name, value),
        ];
        if (newer.Length == 0)
            return null;
        return request with
        {
            Body = Write(body.RootElement, "dataFields"u8, writer =>
            {
                writer.WriteStartObject();
                foreach (var (name, value) in newer)
                {
                    writer.WritePropertyName(name);
                    writer.WriteRawValue(value.Json.Span, skipInputValidation: true);
                }

                writer.WriteEndObject();
            }),
        };
    }

    private static LastSent[] SentTo(IterableRequest request, ProfileDocument document, ProjectType project)
        => [.. SentCall.AddressOf(request, project).Select(address => document.Sent.GetValueOrDefault(address)).OfType<LastSent>()];

    private static bool IsOlder(IterableRequest request, SentValue? value) => value?.Time > request.Timestamp.Ticks;

    private static SentValue? Newest(LastSent[] sent, string field) => Newest(sent.Select(last => last.Fields.GetValueOrDefault(field)));

    private static SentValue? Newest(IEnumerable<SentValue?> values) => values.OfType<SentValue>().Aggregate((SentValue?)null, SentValue.Newer);

    private static JsonDocument Parse(IterableRequest request) => JsonDocument.Parse(request.Body, new JsonDocumentOptions { MaxDepth = 2 * JsonTokens.MaxDepth });

    /// <summary>A body with another value for one of its members.</summary>
    private static ReadOnlyMemory<byte> Write(JsonElement body, ReadOnlySpan<byte> name, Action<Utf8JsonWriter> value)
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json, new() { SkipValidation = true }))
        {
            writer.WriteStartObject();
            foreach (var member in body.EnumerateObject())
            {
                writer.WritePropertyName(member.Name);
                if (member.NameEquals(name))
                    value(writer);
                else
                    writer.WriteRawValue(member.Value.GetRawText(), skipInputValidation: true);
            }

            writer.WriteEndObject();
        }

        return json.WrittenMemory;
    }

    private static ReadOnlyMemory<byte> WriteCart(JsonElement user, SentValue cart)
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json, new() { SkipValidation = true }))
        {
            writer.WriteStartObject();
            writer.WritePropertyName("user"u8);
            writer.WriteRawValue(user.GetRawText(), skipInputValidation: true);
            writer.WritePropertyName("items"u8);
            writer.WriteRawValue(cart.Json.Span, skipInputValidation: true);
            writer.WriteEndObject();
        }

        return json.WrittenMemory;
    }
}
