using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace IterableFunctions.Tests.Faults;

/// <summary>What Iterable makes of a message of the shop.</summary>
internal enum ShopCall
{
    Identify,
    Track,
    Purchase,
    Cart,
}

/// <summary>One message of the shop, as Segment sends it.</summary>
/// <param name="Json">All of it. Not changed once it is made.</param>
internal sealed record ShopMessage(ShopCall Call, JsonObject Json)
{
    public string Id { get; } = (string)Json["messageId"]!;

    public string UserId { get; } = (string)Json["userId"]!;

    public string Email => $"{UserId}@example.com";

    /// <summary>What it is sent as, the same each time.</summary>
    public string Text { get; } = Json.ToJsonString();

    /// <summary>The field that this identify sets and no other.</summary>
    public string Field => Traits.Single(trait => trait.Key is not ("email" or "plan")).Key;

    /// <summary>What stands in the call that this becomes, and in no other.</summary>
    public byte[] Mark => Encoding.UTF8.GetBytes(Call switch
    {
        ShopCall.Identify => $"\"{Field}\":",
        ShopCall.Cart => $"\"{Properties["products"]![0]!["product_id"]}\"",
        ShopCall.Purchase => $"\"{Properties["order_id"]}\"",
        _ => $"\"{Id}\"",
    });

    public JsonObject Traits => Json["traits"]!.AsObject();

    public JsonObject Properties => Json["properties"]!.AsObject();

    public DateTimeOffset Timestamp => DateTimeOffset.Parse((string)Json["timestamp"]!, CultureInfo.InvariantCulture);
}
