using IterableFunctions.Segment;

namespace IterableFunctions.Iterable.Mapping;

/// <summary>
/// page, screen → <c>events/track</c>: a page called shoppingCart is the event "shoppingCart page"; a screen likewise. One event a call.
/// </summary>
internal static class PageViewed
{
    public static Mapping Map(SegmentMessage message, Recipient recipient, PagesOptions settings, JsonBody body)
    {
        var kind = message.Type == MessageType.Screen ? "screen" : "page";
        var name = NameOrNothing(message.Name);
        var category = NameOrNothing(message.Category);
        if (!settings.TrackAll && !(settings.TrackNamed && !name.IsMissing) && !(settings.TrackCategorized && !category.IsMissing))
            return new Mapping.Ignore($"The settings Pages__TrackAll, Pages__TrackNamed and Pages__TrackCategorized leave this {kind} out.");

        body.StartObject();
        recipient.WriteAddress(body);
        body.Name("eventName"u8);
        WriteEventName(category, name, message.Type == MessageType.Screen ? "screen"u8 : "page"u8, body);
        Track.WriteTime(message, body);
        WriteFields(message.Properties, category, name, recipient, body);
        body.EndObject();
        return Mapper.Send(IterableEndpoint.TrackEvent, message, recipient, body);
    }

    /// <summary><c>{category} {name} page</c>, as far as there are any; else <c>Loaded a page</c>.</summary>
    private static void WriteEventName(JsonPart category, JsonPart name, ReadOnlySpan<byte> kind, JsonBody body)
    {
        body.StartString();
        if (category.IsMissing && name.IsMissing)
            body.StringPart("Loaded a "u8);
        foreach (var part in (ReadOnlySpan<JsonPart>)[category, name])
        {
            if (part.IsMissing)
                continue;
            body.StringPart(part.Text);
            body.StringPart(" "u8);
        }

        body.StringPart(kind);
        body.EndString();
    }

    /// <summary>The properties, and name and category over properties of that name.</summary>
    private static void WriteFields(JsonPart properties, JsonPart category, JsonPart name, Recipient recipient, JsonBody body)
    {
        body.Name("dataFields"u8);
        body.StartObject();
        foreach (var property in properties.Members)
        {
            if (!(property.NameIs("category"u8) && !category.IsMissing) && !(property.NameIs("name"u8) && !name.IsMissing) && !recipient.Replaces(property))
                body.Member(property);
        }

        if (!category.IsMissing)
        {
            body.Name("category"u8);
            body.Value(category);
        }

        if (!name.IsMissing)
        {
            body.Name("name"u8);
            body.Value(name);
        }

        recipient.WriteEmailField(body);
        body.EndObject();
    }

    private static JsonPart NameOrNothing(JsonPart part)
        => !part.IsBlank && part.IsTruthy ? part : default;
}
