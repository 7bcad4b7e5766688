using IterableFunctions.Segment;

namespace IterableFunctions.Iterable.Mapping;

/// <summary>identify → <c>users/update</c>: traits become user fields, over some of the context.</summary>
internal static class Identify
{
    public static Mapping Map(SegmentMessage message, Recipient recipient, JsonBody body)
    {
        body.StartObject();
        recipient.WriteAddress(body);
        recipient.WritePreference(body);

        body.Name("dataFields"u8);
        body.StartObject();
        WriteContext(message, body);
        WriteTraits(message, recipient, body);
        recipient.WriteEmailField(body);
        body.EndObject();

        var warning = WriteMergeNestedObjects(message, body);
        body.EndObject();
        return Mapper.Send(IterableEndpoint.UpdateUser, message, recipient, body, warning);
    }

    /// <summary>The parts of the context that describe the user. A trait of the same name wins, even one that is null.</summary>
    private static void WriteContext(SegmentMessage message, JsonBody body)
    {
        var context = message.Context;
        WriteContext("app"u8, context["app"u8], message.Traits, body);
        WriteContext("device"u8, context["device"u8], message.Traits, body);
        WriteContext("ip"u8, context["ip"u8], message.Traits, body);
        WriteContext("locale"u8, context["locale"u8], message.Traits, body);
        WriteContext("location"u8, context["location"u8], message.Traits, body);
        WriteContext("page"u8, context["page"u8], message.Traits, body);
        WriteContext("timeZone"u8, context.Loosely("timezone"u8), message.Traits, body);
        WriteContext("userAgent"u8, context["userAgent"u8], message.Traits, body);
    }

    private static void WriteContext(ReadOnlySpan<byte> name, JsonPart value, JsonPart traits, JsonBody body)
    {
        if (value.IsNothing || !traits[name].IsMissing)
            return;
        body.Name(name);
        body.Value(value);
    }

    /// <summary>
    /// Traits that are null say nothing. <c>id</c> and <c>timestamp</c> are not fields of a user; <c>phone</c> becomes Iterable's <c>phoneNumber</c>;
    /// <c>created</c> becomes <c>met</c> besides; <c>profileUpdatedAt</c> is the message's time.
    /// </summary>
    private static void WriteTraits(SegmentMessage message, Recipient recipient, JsonBody body)
    {
        var phone = Phone(message.Traits);
        var met = Created(message.Traits);
        foreach (var trait in message.Traits.Members)
        {
            if (trait.Value.IsNull || trait.NameIs("id"u8) || trait.NameIs("timestamp"u8) || trait.NameIs("profileUpdatedAt"u8) || recipient.Replaces(trait))
                continue;
            if (!phone.IsMissing && (trait.NameIs("phone"u8) || trait.NameIs("phoneNumber"u8)))
                continue;
            if (met is not null && trait.NameIs("met"u8))
                continue;
            body.Member(trait);
        }

        if (!phone.IsMissing)
        {
            body.Name("phoneNumber"u8);
            body.Value(phone);
        }

        if (met is { } time)
        {
            body.Name("met"u8);
            body.Date(time);
        }

        body.Name("profileUpdatedAt"u8);
        body.Date(message.Timestamp);
    }

    /// <summary>The trait <c>phone</c>, else the first of <c>phones</c>; not there when both are empty.</summary>
    private static JsonPart Phone(JsonPart traits)
    {
        var phone = traits.Loosely("phone"u8);
        if (phone.IsTruthy)
            return phone;
        foreach (var first in traits.Loosely("phones"u8).Elements)
            return first.IsTruthy ? first : default;
        return default;
    }

    private static DateTime? Created(JsonPart traits)
        => IsTime(traits.Loosely("created"u8), out var time) || IsTime(traits.Loosely("createdat"u8), out time) ? time : null;

    private static bool IsTime(JsonPart part, out DateTime time)
    {
        time = default;
        return part.IsTruthy && Timestamp.TryRead(part, out time);
    }

    /// <summary>The one option that a message can give for Iterable: merge nested objects instead of replacing them.</summary>
    private static string? WriteMergeNestedObjects(SegmentMessage message, JsonBody body)
    {
        var merge = Integrations.Iterable(message)["mergeNestedObjects"u8];
        if (merge.IsMissing)
            return null;
        if (!merge.IsTrue && !merge.IsFalse)
            return $"integrations.Iterable.mergeNestedObjects must be true or false, not {merge.Describe()}; it was ignored.";
        body.Name("mergeNestedObjects"u8);
        body.Value(merge);
        return null;
    }
}
