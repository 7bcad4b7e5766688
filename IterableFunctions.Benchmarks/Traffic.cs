using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IterableFunctions.Benchmarks;

/// <summary>Realistic Segment traffic, the same for the same seed: 40% tracks, 25% identifies, 20% pages, 8% orders, 4% carts, 3% screens.</summary>
internal sealed class Traffic(int seed)
{
    private static readonly JsonSerializerOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly DateTime Start = new(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly string[] FirstNames = ["Ada", "Grace", "Linus", "Zoë", "José", "Mária", "Chen", "Fatima", "Olu", "Ivan", "Sven", "Yuki"];
    private static readonly string[] LastNames = ["Lovelace", "Hopper", "García", "Müller", "Nakamura", "Okafor", "Smith", "Jones", "Wei", "Kowalski"];
    private static readonly string[] Plans = ["free", "starter", "pro", "enterprise"];
    private static readonly string[] Events = ["Video Played", "Article Read", "Trial Started", "Signed Up", "Invite Sent", "Feature Used", "Search Performed", "Coupon Applied", "Product Viewed", "Checkout Started", "subscription_renewed", "Report Exported"];
    private static readonly (string? Name, string? Category)[] Pages = [("Pricing", "Marketing"), ("Docs", "Support"), ("Home", null), ("Checkout", "Store"), ("Blog Post", "Content"), (null, null)];
    private static readonly string[] UserAgents =
    [
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:121.0) Gecko/20100101 Firefox/121.0",
    ];

    private readonly Random _random = new(seed);

    public static int Write(string[] args)
    {
        var seedText = args is [_, _, "--seed", var text] ? text : args.Length == 2 ? "1" : "";
        if (args is not ["--generate", _, ..] || !int.TryParse(args[1], CultureInfo.InvariantCulture, out var count) || !int.TryParse(seedText, CultureInfo.InvariantCulture, out var seed))
        {
            Console.Error.WriteLine("Usage: map --generate N [--seed S]");
            return 2;
        }

        using var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false), 1 << 16) { NewLine = "\n" };
        foreach (var message in new Traffic(seed).Messages(count))
            output.WriteLine(message.ToJsonString(Compact));
        return 0;
    }

    public IEnumerable<JsonObject> Messages(int count)
    {
        for (var i = 0; i < count; i++)
        {
            yield return _random.Next(100) switch
            {
                < 40 => Track(),
                < 65 => Identify(),
                < 85 => Page("page"),
                < 93 => Order(),
                < 97 => Cart(),
                _ => Page("screen"),
            };
        }
    }

    private JsonObject Track()
    {
        var message = Envelope("track", out var email);
        message["event"] = Pick(Events);
        var properties = new JsonObject
        {
            ["plan"] = Pick(Plans),
            ["amount"] = Money(1, 500),
            ["count"] = _random.Next(5000),
            ["active"] = _random.Next(2) == 0,
            ["startedAt"] = Instant(),
            ["renewsOn"] = Instant()[..10],
            ["localTime"] = string.Concat(Instant().AsSpan(0, 19), Pick(["-07:00", "+02:00", "+05:30", "-03:00"])),
            ["source"] = Pick(["email", "web", "ios", "android"]),
            ["tags"] = new JsonArray(Pick(["a", "b"]), Pick(["c", "d"])),
            ["location"] = new JsonObject { ["city"] = Pick(["Denver", "Berlin", "São Paulo"]), ["lat"] = Money(-90, 90), ["lon"] = Money(-180, 180), ["seenAt"] = Instant() },
            ["note"] = "Lorem ipsum dolor sit amet, consectetur “adipiscing” elit",
        };
        if (_random.Next(5) == 0)
            properties["referrer"] = null;
        message["properties"] = properties;
        AddEmail(message, email);
        return message;
    }

    private JsonObject Identify()
    {
        var message = Envelope("identify", out var email);
        var (first, last) = (Pick(FirstNames), Pick(LastNames));
        var traits = new JsonObject
        {
            ["firstName"] = first,
            ["lastName"] = last,
            ["name"] = $"{first} {last}",
            ["phone"] = $"+1415{_random.Next(1_000_000, 9_999_999)}",
            ["createdAt"] = Instant(),
            ["birthday"] = Instant()[..10],
            ["plan"] = Pick(Plans),
            ["age"] = _random.Next(18, 90),
            ["address"] = new JsonObject { ["street"] = $"{_random.Next(999)} Main St", ["city"] = "Leeds", ["state"] = "WYK", ["postalCode"] = "LS1", ["country"] = "GB" },
            ["company"] = new JsonObject { ["id"] = Hex(8), ["name"] = "Globex", ["employees"] = _random.Next(1, 10_000), ["createdAt"] = Instant() },
            ["interests"] = new JsonArray("cycling", "music", Pick(["film", "food"])),
            ["logins"] = _random.Next(900),
            ["lastLogin"] = string.Concat(Instant().AsSpan(0, 19), "+02:00"),
            ["subscribed"] = _random.Next(10) < 8,
        };
        if (_random.Next(5) == 0)
            traits["title"] = null;
        if (email is not null)
            traits["email"] = email;
        message["traits"] = traits;
        return message;
    }

    private JsonObject Page(string type)
    {
        var message = Envelope(type, out var email);
        var (name, category) = Pages[_random.Next(Pages.Length)];
        if (name is not null)
            message["name"] = name;
        if (category is not null)
            message["category"] = category;
        message["properties"] = type == "screen"
            ? new JsonObject { ["screenClass"] = "MainActivity", ["loadedAt"] = Instant(), ["variation"] = Pick(["A", "B"]) }
            : new JsonObject { ["path"] = "/p/" + Hex(4), ["referrer"] = "https://www.google.com/", ["search"] = "", ["title"] = "Example — page", ["url"] = "https://www.example.com/p/" + Hex(4), ["loadMs"] = _random.Next(20, 3000) };
        AddEmail(message, email);
        return message;
    }

    private JsonObject Order()
    {
        var message = Envelope("track", out var email);
        message["event"] = "Order Completed";
        var total = Money(20, 400);
        message["properties"] = new JsonObject
        {
            ["order_id"] = $"R{_random.Next(100_000_000, 999_999_999)}",
            ["revenue"] = total,
            ["shipping"] = 9.99,
            ["total"] = total,
            ["currency"] = "USD",
            ["coupon"] = Pick(["SPRING", "NONE"]),
            ["placedAt"] = Instant(),
            ["products"] = new JsonArray(Product(), Product(), Product()),
        };
        if (email is not null)
            message["properties"]!["email"] = email;
        return message;
    }

    private JsonObject Cart()
    {
        var message = Envelope("track", out var email);
        message["event"] = "Product Added";
        var properties = Product();
        properties["cart_id"] = Hex(12);
        properties["products"] = new JsonArray([.. Enumerable.Range(0, _random.Next(1, 5)).Select(_ => Product())]);
        message["properties"] = properties;
        if (email is not null)
            properties["email"] = email;
        return message;
    }

    private JsonObject Product() => new()
    {
        ["product_id"] = Hex(10),
        ["sku"] = $"SKU-{_random.Next(1000, 9999)}",
        ["name"] = Pick(["Lacrosse Sweatshirt", "Line Tee", "Zip Hoodie", "Trail Shoe", "Bottle"]),
        ["price"] = Money(5, 150),
        ["quantity"] = _random.Next(1, 5),
        ["category"] = Pick(["apparel", "shoes", "accessories"]),
        ["brand"] = Pick(["Acme", "Globex"]),
        ["variant"] = Pick(["red", "blue", "green"]),
        ["image_url"] = $"https://cdn.example.com/p/{Hex(8)}.jpg",
        ["url"] = $"https://shop.example.com/p/{Hex(8)}",
    };

    /// <summary>60% have userId and email, 25% a userId, 15% an email.</summary>
    private JsonObject Envelope(string type, out string? email)
    {
        var time = Instant();
        var message = new JsonObject
        {
            ["type"] = type,
            ["messageId"] = $"ajs-{Uuid()}",
            ["anonymousId"] = Uuid(),
            ["channel"] = Pick(["server", "client", "mobile"]),
            ["context"] = new JsonObject
            {
                ["ip"] = $"{_random.Next(1, 224)}.{_random.Next(256)}.{_random.Next(256)}.{_random.Next(1, 255)}",
                ["library"] = new JsonObject { ["name"] = "analytics.js", ["version"] = "4.1.0" },
                ["locale"] = Pick(["en-US", "de-DE", "pt-BR"]),
                ["timezone"] = Pick(["America/New_York", "Europe/Berlin", "America/Sao_Paulo"]),
                ["page"] = new JsonObject { ["path"] = "/p/" + Hex(4), ["referrer"] = "https://www.google.com/", ["search"] = "", ["title"] = "Example — page", ["url"] = "https://www.example.com/p/" + Hex(4) },
                ["userAgent"] = Pick(UserAgents),
            },
            ["integrations"] = new JsonObject(),
            ["timestamp"] = time,
            ["originalTimestamp"] = time,
            ["sentAt"] = time,
            ["receivedAt"] = time,
            ["version"] = 2,
            ["writeKey"] = "wk_xxxxxxxxxxxxxxxxxxxx",
        };
        if (_random.Next(10) < 3)
            message["context"]!["campaign"] = new JsonObject { ["source"] = "google", ["medium"] = "cpc", ["name"] = "spring" };

        var kind = _random.Next(100);
        email = kind is < 60 or >= 85 ? $"{Pick(FirstNames).ToLowerInvariant()}.{_random.Next(1, 99_999)}@example.com" : null;
        if (kind < 85)
            message["userId"] = "u-" + Hex(12);
        return message;
    }

    private void AddEmail(JsonObject message, string? email)
    {
        if (email is null)
            return;
        if (_random.Next(2) == 0)
            message["properties"]!["email"] = email;
        else
            message["context"]!["traits"] = new JsonObject { ["email"] = email };
    }

    private string Instant() => Start.AddSeconds(_random.Next(365 * 86_400)).AddMilliseconds(_random.Next(1000)).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    private double Money(int from, int to) => Math.Round(from + (_random.NextDouble() * (to - from)), 2);

    private string Hex(int length) => string.Create(length, _random, static (span, random) =>
    {
        foreach (ref var c in span)
            c = "0123456789abcdef"[random.Next(16)];
    });

    private string Uuid() => $"{Hex(8)}-{Hex(4)}-4{Hex(3)}-a{Hex(3)}-{Hex(12)}";

    private string Pick(string[] from) => from[_random.Next(from.Length)];
}
