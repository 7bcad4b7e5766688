using System.Text.Json.Nodes;
using IterableFunctions.LocalHost.Sandbox;

namespace IterableFunctions.Tests.Faults;

/// <summary>What Iterable must hold after the webhook has accepted messages, computed from the messages alone.</summary>
internal static class Oracle
{
    /// <summary>What every identify writes, besides the field of its own.</summary>
    private static readonly string[] Shared = ["email", "plan", "profileUpdatedAt", "shoppingCartItems"];

    /// <summary>Every way in which the project differs from what it must hold, a sentence each.</summary>
    /// <param name="accepted">What the webhook answered with 2xx: all of it has to be there.</param>
    /// <param name="sent">What was sent at all: nothing else may be there.</param>
    /// <param name="iterable">The project.</param>
    public static List<string> Differences(IReadOnlyCollection<ShopMessage> accepted, IReadOnlyCollection<ShopMessage> sent, SandboxIterable iterable)
    {
        var differences = new List<string>();
        CompareEvents("event", accepted, sent, ShopCall.Track, message => message.Id, iterable.Events, IsEvent, differences);
        CompareEvents("purchase", accepted, sent, ShopCall.Purchase, message => (string)message.Properties["order_id"]!, iterable.Purchases, IsPurchase, differences);
        CompareUsers(accepted, sent, iterable.Users, differences);
        return differences;
    }

    private static void CompareEvents(
        string kind,
        IReadOnlyCollection<ShopMessage> accepted,
        IReadOnlyCollection<ShopMessage> sent,
        ShopCall call,
        Func<ShopMessage, string> id,
        IReadOnlyList<SandboxEvent> found,
        Func<ShopMessage, SandboxEvent, bool> same,
        List<string> differences)
    {
        var events = found.ToDictionary(each => each.Id);
        var messages = sent.Where(message => message.Call == call).ToDictionary(id);
        differences.AddRange(accepted.Where(message => message.Call == call && !events.ContainsKey(id(message))).Select(message => $"The {kind} of {message.Id} is missing."));
        foreach (var each in found)
        {
            if (!messages.TryGetValue(each.Id, out var message))
                differences.Add($"Nobody sent the {kind} {each.Id}.");
            else if (each.UserId != message.UserId || each.CreatedAt != message.Timestamp || !same(message, each))
                differences.Add($"The {kind} of {message.Id} is not what was sent: {each}.");
        }
    }

    private static bool IsEvent(ShopMessage message, SandboxEvent found)
        => found.Name == (string)message.Json["event"]! && JsonNode.DeepEquals(found.DataFields, message.Properties);

    private static bool IsPurchase(ShopMessage message, SandboxEvent found)
        => found.Total == (int)message.Properties["total"]!
            && JsonNode.DeepEquals(found.DataFields, new JsonObject { ["order_id"] = found.Id, ["currency"] = "EUR" })
            && AreItems(message, found.Items);

    private static bool AreItems(ShopMessage message, JsonArray? items)
    {
        var products = message.Properties["products"]!.AsArray();
        return items?.Count == products.Count && items.Zip(products).All(pair =>
            ((string)pair.First!["id"]!, (string)pair.First["name"]!, (int)pair.First["price"]!, (int)pair.First["quantity"]!)
            == ((string)pair.Second!["product_id"]!, (string)pair.Second["name"]!, (int)pair.Second["price"]!, (int)pair.Second["quantity"]!));
    }

    private static void CompareUsers(IReadOnlyCollection<ShopMessage> accepted, IReadOnlyCollection<ShopMessage> sent, IReadOnlyList<SandboxUser> found, List<string> differences)
    {
        differences.AddRange(found.Select(user => user.UserId).Except(sent.Select(message => message.UserId)).Select(userId => $"Nobody sent anything about the user {userId}."));
        differences.AddRange(found.GroupBy(user => user.UserId).Where(group => group.Count() > 1).Select(group => $"The user {group.Key} is there {group.Count()} times."));
        var users = found.DistinctBy(user => user.UserId).ToDictionary(user => user.UserId ?? "");
        foreach (var message in accepted)
        {
            if (!users.TryGetValue(message.UserId, out var user))
                differences.Add($"The user of {message.Id} is missing.");
            else if (message.Call == ShopCall.Identify && !(user.Email == message.Email && JsonNode.DeepEquals(user.DataFields[message.Field], message.Traits[message.Field])))
                differences.Add($"The identify {message.Id} has left no trace.");
        }

        var everything = sent.ToLookup(message => message.UserId);
        var needed = accepted.ToLookup(message => message.UserId);
        foreach (var user in users.Values)
        {
            var mine = everything[user.UserId!].ToList();
            var identifies = mine.Where(message => message.Call == ShopCall.Identify).ToList();
            differences.AddRange(user.DataFields.Select(field => field.Key).Except(identifies.Select(message => message.Field)).Except(Shared)
                .Select(field => $"Nobody sent the field {field} of {user.UserId}."));
            if (user.DataFields["plan"] is { } plan && !Last(identifies, needed[user.UserId!]).Any(message => JsonNode.DeepEquals(message.Traits["plan"], plan)))
                differences.Add($"The plan {plan} of {user.UserId} is not the newest.");
            CompareCart(user, mine, needed[user.UserId!], differences);
        }
    }

    /// <summary>A cart replaces the one before it, and a purchase clears it.</summary>
    private static void CompareCart(SandboxUser user, List<ShopMessage> mine, IEnumerable<ShopMessage> needed, List<string> differences)
    {
        var last = Last(mine.FindAll(message => message.Call is ShopCall.Cart or ShopCall.Purchase), needed).ToList();
        var items = user.DataFields["shoppingCartItems"]?.AsArray();
        if (items is { Count: > 0 } ? !last.Exists(message => message.Call == ShopCall.Cart && AreItems(message, items)) : last.Count > 0 && last.TrueForAll(message => message.Call == ShopCall.Cart))
            differences.Add($"The cart of {user.UserId} is not the newest: {items?.ToJsonString() ?? "none"}.");
    }

    /// <summary>The newest of some messages; all of them as long as one was not accepted: it may be known already, so that others are not sent for it, and nowhere yet.</summary>
    private static IEnumerable<ShopMessage> Last(List<ShopMessage> messages, IEnumerable<ShopMessage> accepted)
        => messages.Except(accepted).Any() ? messages : messages.OrderByDescending(message => message.Timestamp).Take(1);
}
