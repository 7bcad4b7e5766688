using IterableFunctions.Segment;

namespace IterableFunctions.Iterable.Mapping;

/// <summary>Order Completed → <c>commerce/trackPurchase</c>.</summary>
internal static class OrderCompleted
{
    public static bool Is(JsonPart name) => EventName.Is(name, "order"u8, "completed"u8) || EventName.Is(name, "completed"u8, "order"u8);

    public static Mapping Map(SegmentMessage message, Recipient recipient, JsonBody body)
    {
        var total = message.Properties.Loosely("total"u8);
        if (!JsonNumber.TryRead(total, out var number))
            return new Mapping.Reject("invalid_total", $"Iterable needs the total value of a purchase. Send \"properties.total\" as a number; here it is {total.Describe()}{(total.IsString ? " that is no number" : "")}.");

        body.StartObject();
        body.Name("createdAt"u8);
        body.Number(Track.UnixSeconds(message.Timestamp));
        Track.WriteId(OrderId(message), body);
        body.Name("total"u8);
        body.Raw(number);
        recipient.WriteUser(body);
        var warning = WriteFields(message, body);
        if (CommerceItems.Write(CartUpdated.Products(message), body) is { } rejection)
            return new Mapping.Reject(rejection);
        body.EndObject();
        return Mapper.Send(IterableEndpoint.TrackPurchase, message, recipient, body, warning);
    }

    /// <summary>An order that is sent again, in whatever message, is the same purchase.</summary>
    private static string OrderId(SegmentMessage message)
    {
        var order = message.Properties["order_id"u8];
        return order.IsBlank ? message.MessageId : order.ToString();
    }

    /// <summary>Every property but those that have a place of their own. Campaign and template count as such only when they are ids.</summary>
    private static string? WriteFields(SegmentMessage message, JsonBody body)
    {
        var campaign = Id(message.Properties["campaignId"u8]);
        var template = Id(message.Properties["templateId"u8]);
        string? warning = null;

        body.Name("dataFields"u8);
        body.StartObject();
        foreach (var property in message.Properties.Members)
        {
            if (property.NameIs("total"u8) || property.NameIs("products"u8))
                continue;
            if (property.NameIs("campaignId"u8) || property.NameIs("templateId"u8))
            {
                if (property.Value.IsNull || (property.NameIs("campaignId"u8) ? campaign : template) is not null)
                    continue;
                warning = "campaignId and templateId must be integers; what is none was kept as a field of the purchase.";
            }

            body.Member(property);
        }

        body.EndObject();

        if (campaign is { } campaignId)
        {
            body.Name("campaignId"u8);
            body.Number(campaignId);
        }

        if (template is { } templateId)
        {
            body.Name("templateId"u8);
            body.Number(templateId);
        }

        return warning;
    }

    private static int? Id(JsonPart part) => JsonNumber.TryReadInteger(part, out var id) && id is >= 0 and <= int.MaxValue ? (int)id : null;
}
