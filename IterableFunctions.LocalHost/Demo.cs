using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using IterableFunctions.Segment;

namespace IterableFunctions.LocalHost;

/// <summary>
/// An audience and a computed trait, and a small day of one shop, sent as Segment would send it, signed, and as Iterable would tell of its messages. Prints what became of each, and what Iterable was told.
/// </summary>
public sealed class Demo(HttpClient client, string secret, string webhookToken, DateTimeOffset now, TextWriter output)
{
    private const string Person = "ann@example.com";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly Dictionary<string, string> _told = [];

    /// <summary>Sends the day and prints a line a message; the last line says where to look.</summary>
    public static async Task RunAsync(WebApplication app, HostSettings settings, TextWriter output)
    {
        using var client = new HttpClient { BaseAddress = settings.Address };
        var now = app.Services.GetRequiredService<TimeProvider>().GetUtcNow();
        await new Demo(client, settings.Values["Segment:SharedSecret"]!, settings.Values["Iterable:WebhookSecret"]!.Split(',')[0].Trim(), now, output).RunAsync(app.Configuration.RoutePrefix());
        output.WriteLine(settings.Sandbox
            ? $"Look at {settings.Address.GetLeftPart(UriPartial.Authority)}/sandbox?email={Uri.EscapeDataString(Person)}"
            : $"Look up {Person} in Iterable: Audience, Contact Lookup.");
        if (settings.SandboxSegment)
            output.WriteLine($"    and, for what Iterable told Segment, at {settings.Address.GetLeftPart(UriPartial.Authority)}/sandbox/segment");
    }

    private async Task RunAsync(string routePrefix)
    {
        output.WriteLine();
        await DefineAsync($"{routePrefix}/audiences/pro_buyers", new() { ["name"] = "Pro buyers", ["query"] = "event('Order Completed').count() >= 1 AND trait('plan') = 'pro'", ["sendTrack"] = true });
        await DefineAsync($"{routePrefix}/traits/order_count", new() { ["name"] = "Orders", ["query"] = "event('Order Completed').count()" });
        foreach (var (message, minute) in Day().Select((message, index) => (message, index * 7)))
        {
            message["messageId"] = $"demo-{now:yyyyMMddHHmmss}-{minute}";
            message["timestamp"] = now.AddMinutes(minute - 60).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
            await SendAsync(message, $"{routePrefix}/segment");
            await ShowToldAsync($"{routePrefix}/profiles/email/{Person}");
        }

        // What was not told before its message was answered is told a moment later.
        for (var waited = TimeSpan.Zero; waited < Patience && !await ShowToldAsync($"{routePrefix}/profiles/email/{Person}"); waited += Pause)
            await Task.Delay(Pause);
        foreach (var webhook in Receipt())
            await SendWebhookAsync(webhook, $"{routePrefix}/iterable");

        output.WriteLine();
    }

    private async Task SendAsync(JsonObject message, string path)
    {
        var body = Encoding.UTF8.GetBytes(message.ToJsonString());
        using var content = new ByteArrayContent(body);
        content.Headers.Add("X-Signature", WebhookSignature.Sign(body, secret));
        content.Headers.ContentType = new("application/json");
        using var response = await client.PostAsync(path.TrimStart('/'), content);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;

        var name = $"{message["type"]} {message["event"] ?? message["name"]}".TrimEnd();
        var outcome = (string?)answer["endpoint"] is { } endpoint
            ? $"{endpoint,-30} {(string?)answer["status"]}{((string?)answer["code"] is { } code ? $": {code}" : "")}"
            : $"{"-",-30} {(int)response.StatusCode} {(string?)answer["detail"] ?? (string?)answer["reason"]}";
        output.WriteLine($"  {name,-28} → {outcome}");
    }

    private async Task DefineAsync(string path, JsonObject definition)
    {
        using var response = await client.PutAsync(path.TrimStart('/'), JsonContent.Create(definition));
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        output.WriteLine($"  {$"{(string?)answer["kind"] ?? "definition"} {definition["name"]}",-28} → {(string?)answer["canonicalQuery"] ?? (string?)answer["detail"]}");
    }

    /// <summary>Prints what Iterable has been told of Ann since the last time.</summary>
    /// <returns>Whether there is no more to wait for.</returns>
    private async Task<bool> ShowToldAsync(string path)
    {
        using var response = await client.GetAsync(new Uri(path.TrimStart('/'), UriKind.Relative));
        if (!response.IsSuccessStatusCode)
            return true;
        var profile = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        foreach (var known in (IEnumerable<JsonNode?>)[.. profile["audiences"]!.AsArray(), .. profile["computedTraits"]!.AsArray()])
        {
            var told = string.Join(", ", known!["told"]!.AsArray().Select(told => $"{known["key"]} = {told!["value"]?.ToJsonString() ?? "null"} ({told["state"]})"));
            if (told.Length > 0 && _told.GetValueOrDefault((string)known["key"]!) != told)
                output.WriteLine($"  {"",-28}   Iterable told: {told}");
            _told[(string)known["key"]!] = told;
        }

        return _told.Count > 1 && _told.Values.All(told => told.Length > 0 && !told.Contains("(unknown)", StringComparison.Ordinal));
    }

    private async Task SendWebhookAsync(JsonObject webhook, string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path.TrimStart('/')) { Content = JsonContent.Create(webhook) };
        request.Headers.Add("X-Webhook-Key", webhookToken);
        using var response = await client.SendAsync(request);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        output.WriteLine($"  {$"Iterable: {webhook["eventName"]}",-28} → {$"Segment: {answer["event"]}",-30} {(string?)answer["status"] ?? (string?)answer["detail"]}");
    }

    /// <summary>The receipt that Iterable sends Ann: delivered, then opened.</summary>
    private IEnumerable<JsonObject> Receipt()
    {
        foreach (var (type, minute) in new[] { ("emailSend", 5), ("emailOpen", 9) })
        {
            yield return new()
            {
                ["email"] = Person,
                ["userId"] = "u-ann",
                ["eventName"] = type,
                ["dataFields"] = new JsonObject
                {
                    ["email"] = Person,
                    ["createdAt"] = now.AddMinutes(minute - 10).UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss '+00:00'", CultureInfo.InvariantCulture),
                    ["messageId"] = $"demo{now:yyyyMMddHHmmss}",
                    ["emailSubject"] = "Your order o-77",
                    ["campaignId"] = 810002,
                    ["campaignName"] = "Order receipt",
                    ["templateId"] = 920002,
                    ["emailId"] = $"c810002:t920002:{Person}",
                },
            };
        }
    }

    private static IEnumerable<JsonObject> Day()
    {
        yield return Message("page", """{"name":"Home","properties":{"path":"/"}}""");
        yield return Message("identify", $$$"""{"traits":{"email":"{{{Person}}}","firstName":"Ann","plan":"free","phone":"+4790000000","createdAt":"2024-01-02T03:04:05Z"}}""");
        yield return Message("page", """{"name":"shoppingCart","category":"Store","properties":{"path":"/cart"}}""");
        yield return Message("track", """{"event":"Product Viewed","properties":{"product_id":"p-1","name":"Chess set","price":19}}""");
        yield return Message("track", """{"event":"Product Added","properties":{"cart_id":"k-1","products":[{"product_id":"p-1","name":"Chess set","price":19,"quantity":1}]}}""");
        yield return Message("track", """{"event":"Product Added","properties":{"cart_id":"k-1","products":[{"product_id":"p-1","name":"Chess set","price":19,"quantity":1},{"product_id":"p-2","name":"Dice","price":"3.50","quantity":2,"category":"Games"}]}}""");
        yield return Message("track", """{"event":"Order Completed","properties":{"order_id":"o-77","revenue":26}}""");
        yield return Message("track", """{"event":"Order Completed","properties":{"order_id":"o-77","revenue":26,"total":29.9,"currency":"EUR","products":[{"product_id":"p-1","name":"Chess set","price":19,"quantity":1},{"product_id":"p-2","name":"Dice","price":"3.50","quantity":2,"category":"Games"}]}}""");
        yield return Message("identify", """{"traits":{"plan":"pro"}}""");
        yield return Message("screen", """{"name":"Orders","properties":{"variation":"b"}}""");
        yield return Message("group", """{"groupId":"g-1","traits":{"name":"Chess club"}}""");
    }

    /// <summary>Ann's message.</summary>
    private static JsonObject Message(string type, string rest)
    {
        var message = JsonNode.Parse(rest)!.AsObject();
        message["type"] = type;
        message["userId"] = "u-ann";
        message["context"] = new JsonObject { ["traits"] = new JsonObject { ["email"] = Person }, ["locale"] = "en-GB" };
        return message;
    }
}
