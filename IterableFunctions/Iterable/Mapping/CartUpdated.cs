using IterableFunctions.Segment;

namespace IterableFunctions.Iterable.Mapping;

/// <summary>
/// Product Added, Product Removed, Cart Updated → <c>commerce/updateCart</c>. Iterable's call replaces the whole cart, so it takes the whole cart: the event must
/// bring it in <c>products</c>; one that does not is an event like any other. An empty array empties the cart.
/// </summary>
internal static class CartUpdated
{
    public static bool Is(JsonPart name)
        => EventName.Is(name, "product"u8, "added"u8) || EventName.Is(name, "added"u8, "product"u8)
            || EventName.Is(name, "product"u8, "removed"u8) || EventName.Is(name, "removed"u8, "product"u8)
            || EventName.Is(name, "cart"u8, "updated"u8);

    public static JsonPart Products(SegmentMessage message) => message.Properties.Loosely("products"u8);

    public static Mapping Map(SegmentMessage message, Recipient recipient, JsonPart products, JsonBody body)
    {
        body.StartObject();
        recipient.WriteUser(body);
        if (CommerceItems.Write(products, body) is { } rejection)
            return new Mapping.Reject(rejection);
        body.EndObject();
        return Mapper.Send(IterableEndpoint.UpdateCart, message, recipient, body);
    }
}
