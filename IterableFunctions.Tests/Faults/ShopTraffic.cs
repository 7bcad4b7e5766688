using System.Globalization;
using System.Text.Json.Nodes;

namespace IterableFunctions.Tests.Faults;

/// <summary>
/// What the few customers of one shop do, the same for the same seed: few, so that identifies, carts and purchases of one person meet. Each identify sets a field of its own, which shows that
/// it has arrived, and one that all of them set, of which the newest value has to stand.
/// </summary>
internal sealed class ShopTraffic(string name, int seed)
{
    private const int Customers = 12;

    private static readonly DateTime Start = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private readonly Random _random = new(seed);
    private int _count;

    /// <summary>So many messages, in bodies as Segment posts them: most hold one, some a batch of up to five.</summary>
    /// <param name="count">Messages.</param>
    /// <param name="textLength">Characters of the text that each track brings.</param>
    public List<ShopMessage[]> Bodies(int count, int textLength = 20)
    {
        var bodies = new List<ShopMessage[]>();
        while (count > 0)
        {
            var size = Math.Min(count, _random.Next(4) == 0 ? _random.Next(2, 6) : 1);
            bodies.Add([.. Enumerable.Range(0, size).Select(_ => Next(textLength))]);
            count -= size;
        }

        return bodies;
    }

    private ShopMessage Next(int textLength) => _random.Next(100) switch
    {
        < 40 => Track(textLength),
        < 70 => Identify(),
        < 85 => Purchase(),
        _ => Cart(),
    };

    private ShopMessage Track(int textLength)
    {
        var json = Envelope("track");
        json["event"] = _random.Next(2) == 0 ? "Video Played" : "Article Read";
        json["properties"] = new JsonObject { ["n"] = _random.Next(1000), ["text"] = new string((char)('a' + _random.Next(26)), textLength) };
        return new(ShopCall.Track, json);
    }

    private ShopMessage Identify()
    {
        var json = Envelope("identify");
        json["traits"] = new JsonObject { ["email"] = $"{json["userId"]}@example.com", ["plan"] = _random.Next(2) == 0 ? "free" : "pro", [$"f{_count}"] = _random.Next(1000) };
        return new(ShopCall.Identify, json);
    }

    private ShopMessage Purchase()
    {
        var json = Envelope("track");
        json["event"] = "Order Completed";
        json["properties"] = new JsonObject { ["order_id"] = $"order-{json["messageId"]}", ["total"] = _random.Next(1, 500), ["currency"] = "EUR", ["products"] = Products() };
        return new(ShopCall.Purchase, json);
    }

    private ShopMessage Cart()
    {
        var json = Envelope("track");
        json["event"] = "Cart Updated";
        json["properties"] = new JsonObject { ["products"] = Products() };
        return new(ShopCall.Cart, json);
    }

    private JsonArray Products() => [.. Enumerable.Range(0, _random.Next(1, 4)).Select(n => new JsonObject
    {
        ["product_id"] = $"p{_count}-{n}",
        ["name"] = "Chess set",
        ["price"] = _random.Next(1, 100),
        ["quantity"] = _random.Next(1, 4),
    })];

    private JsonObject Envelope(string type)
    {
        var userId = $"{name}-u{_random.Next(Customers)}";
        var json = new JsonObject
        {
            ["type"] = type,
            ["messageId"] = $"{name}-{++_count}",
            ["userId"] = userId,
            ["timestamp"] = Start.AddSeconds(_count).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
        };
        if (_random.Next(2) == 0)
            json["context"] = new JsonObject { ["traits"] = new JsonObject { ["email"] = $"{userId}@example.com" } };
        return json;
    }
}
