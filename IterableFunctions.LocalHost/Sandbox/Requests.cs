using System.Text.Json;

namespace IterableFunctions.LocalHost.Sandbox;

/// <summary>A user as <c>users/update</c>, bulk items and commerce calls name and change it.</summary>
internal sealed record UserUpdate(
    string? Email, string? UserId, JsonElement? DataFields, bool PreferUserId, bool MergeNestedObjects, bool? CreateNewFields);

internal sealed record BulkUserUpdate(IReadOnlyList<UserUpdate> Users, bool? CreateNewFields);

internal sealed record EventToTrack(
    string? Email, string? UserId, string Name, string? Id, long? CreatedAt, JsonElement? DataFields, long? CampaignId,
    long? TemplateId, bool? CreateNewFields);

internal sealed record BulkEvents(IReadOnlyList<EventToTrack> Events);

internal sealed record PurchaseToTrack(
    UserUpdate User, JsonElement Items, double Total, string? Id, long? CreatedAt, JsonElement? DataFields, long? CampaignId,
    long? TemplateId);

internal sealed record CartUpdate(UserUpdate User, JsonElement Items);

internal sealed record EmailChange(string? CurrentEmail, string? CurrentUserId, string NewEmail);

internal sealed record UserMerge(
    string? SourceEmail, string? SourceUserId, string? DestinationEmail, string? DestinationUserId, IReadOnlyList<ArrayMerge> Arrays);

internal sealed record ArrayMerge(string Field, string? DedupeBy);

internal sealed record UserToForget(string? Email, string? UserId);

/// <summary>A call without a body: the user, or nothing, that its path or query names.</summary>
internal sealed record Lookup(string? Identifier, int? Limit);

/// <summary>Where in a body something stands, in the way Iterable writes it: <c>obj.users[1]</c>. A value, so that it costs nothing until it is needed.</summary>
internal readonly record struct Place(string Path, int Index = -1)
{
    public static Place Root => new("obj");

    public override string ToString() => Index < 0 ? Path : $"{Path}[{Index}]";
}

/// <summary>
/// Reads bodies into records and collects what is wrong with them by path, for <c>BadJsonBody</c>'s <c>params</c>. An
/// optional field that is null counts as absent; unknown fields are ignored. Decided: a required field that is missing is
/// the same complaint as one of the wrong type, since Iterable's reader finds both.
/// </summary>
internal sealed class BodyReader
{
    private SortedDictionary<string, string>? _complaints;

    public IReadOnlyDictionary<string, string>? Complaints => _complaints;

    public object? Read(Operation operation, JsonElement body)
    {
        if (body.ValueKind != JsonValueKind.Object)
        {
            Complain(Place.Root, null, "Object value expected");
            return null;
        }
        return operation switch
        {
            Operation.UpdateUser => User(body, Place.Root),
            Operation.BulkUpdateUsers => new BulkUserUpdate(
                Items(body, "users", User), Boolean(body, "createNewFields", Place.Root)),
            Operation.UpdateEmail => new EmailChange(
                String(body, "currentEmail", Place.Root), String(body, "currentUserId", Place.Root), Required(body, "newEmail", Place.Root)),
            Operation.MergeUsers => new UserMerge(
                String(body, "sourceEmail", Place.Root), String(body, "sourceUserId", Place.Root),
                String(body, "destinationEmail", Place.Root), String(body, "destinationUserId", Place.Root),
                Has(body, "arrayMerge", out _) ? Items(body, "arrayMerge", (item, place) => new ArrayMerge(Required(item, "field", place), String(item, "dedupeBy", place))) : []),
            Operation.ForgetUser => new UserToForget(String(body, "email", Place.Root), String(body, "userId", Place.Root)),
            Operation.Track => Event(body, Place.Root),
            Operation.TrackBulk => new BulkEvents(Items(body, "events", Event)),
            Operation.TrackPurchase => new PurchaseToTrack(
                NestedUser(body), CommerceItems(body), RequiredNumber(body, "total", Place.Root), String(body, "id", Place.Root),
                Integer(body, "createdAt", Place.Root), Object(body, "dataFields", Place.Root),
                Integer(body, "campaignId", Place.Root, int.MaxValue), Integer(body, "templateId", Place.Root, int.MaxValue)),
            Operation.UpdateCart => new CartUpdate(NestedUser(body), CommerceItems(body)),
            _ => null,
        };
    }

    private UserUpdate User(JsonElement user, Place place) => new(
        String(user, "email", place), String(user, "userId", place), Object(user, "dataFields", place),
        Boolean(user, "preferUserId", place) ?? false, Boolean(user, "mergeNestedObjects", place) ?? false,
        Boolean(user, "createNewFields", place));

    private EventToTrack Event(JsonElement item, Place place) => new(
        String(item, "email", place), String(item, "userId", place), Required(item, "eventName", place), String(item, "id", place),
        Integer(item, "createdAt", place), Object(item, "dataFields", place), Integer(item, "campaignId", place),
        Integer(item, "templateId", place), Boolean(item, "createNewFields", place));

    private UserUpdate NestedUser(JsonElement body)
    {
        if (Object(body, "user", Place.Root, required: true) is { } user)
            return User(user, new("obj.user"));
        return new(null, null, null, false, false, null);
    }

    /// <summary>Iterable API docs, CommerceItem: <c>id</c>, <c>name</c>, <c>price</c> and <c>quantity</c> are required.</summary>
    private JsonElement CommerceItems(JsonElement body)
    {
        if (!Has(body, "items", out var items))
        {
            Complain(Place.Root, "items", "Field is required");
            return default;
        }
        if (items.ValueKind != JsonValueKind.Array)
        {
            Complain(Place.Root, "items", "Array value expected");
            return default;
        }
        var index = 0;
        foreach (var item in items.EnumerateArray())
        {
            var place = new Place("obj.items", index++);
            if (item.ValueKind != JsonValueKind.Object)
            {
                Complain(place, null, "Object value expected");
                continue;
            }
            Required(item, "id", place);
            Required(item, "name", place);
            RequiredNumber(item, "price", place);
            if (Integer(item, "quantity", place) is null && !Has(item, "quantity", out _))
                Complain(place, "quantity", "Field is required");
            String(item, "sku", place);
            String(item, "description", place);
            String(item, "url", place);
            String(item, "imageUrl", place);
            Object(item, "dataFields", place);
            if (Has(item, "categories", out var categories)
                && (categories.ValueKind != JsonValueKind.Array || categories.EnumerateArray().Any(category => category.ValueKind != JsonValueKind.String)))
                Complain(place, "categories", "Array of strings expected");
        }
        return items;
    }

    private List<T> Items<T>(JsonElement body, string name, Func<JsonElement, Place, T> read)
    {
        if (!Has(body, name, out var items))
        {
            Complain(Place.Root, name, "Field is required");
            return [];
        }
        if (items.ValueKind != JsonValueKind.Array)
        {
            Complain(Place.Root, name, "Array value expected");
            return [];
        }
        var result = new List<T>(items.GetArrayLength());
        var path = $"obj.{name}";
        foreach (var item in items.EnumerateArray())
        {
            var place = new Place(path, result.Count);
            if (item.ValueKind != JsonValueKind.Object)
                Complain(place, null, "Object value expected");
            else
                result.Add(read(item, place));
        }
        return result;
    }

    private string? String(JsonElement parent, string name, Place place)
    {
        if (!Has(parent, name, out var value))
            return null;
        if (value.ValueKind == JsonValueKind.String)
            return value.GetString();
        Complain(place, name, "String value expected");
        return null;
    }

    private string Required(JsonElement parent, string name, Place place)
    {
        if (!Has(parent, name, out _))
            Complain(place, name, "Field is required");
        return String(parent, name, place) ?? "";
    }

    private bool? Boolean(JsonElement parent, string name, Place place)
    {
        if (!Has(parent, name, out var value))
            return null;
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return value.GetBoolean();
        Complain(place, name, "Boolean value expected");
        return null;
    }

    private long? Integer(JsonElement parent, string name, Place place, long most = long.MaxValue)
    {
        if (!Has(parent, name, out var value))
            return null;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number <= most)
            return number;
        Complain(place, name, most == int.MaxValue ? "Int value expected" : "Long value expected");
        return null;
    }

    private double RequiredNumber(JsonElement parent, string name, Place place)
    {
        if (!Has(parent, name, out var value))
            Complain(place, name, "Field is required");
        else if (value.ValueKind != JsonValueKind.Number)
            Complain(place, name, "Number value expected");
        else
            return value.GetDouble();
        return 0;
    }

    private JsonElement? Object(JsonElement parent, string name, Place place, bool required = false)
    {
        if (!Has(parent, name, out var value))
        {
            if (required)
                Complain(place, name, "Field is required");
            return null;
        }
        if (value.ValueKind == JsonValueKind.Object)
            return value;
        Complain(place, name, "Object value expected");
        return null;
    }

    private static bool Has(JsonElement parent, string name, out JsonElement value) =>
        parent.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;

    private void Complain(Place place, string? name, string complaint) =>
        (_complaints ??= new(StringComparer.Ordinal)).TryAdd(name is null ? place.ToString() : $"{place}.{name}", complaint);
}

/// <summary>Turns bytes into JSON, or says why they are none.</summary>
internal static class Bodies
{
    public static JsonDocument? Parse(ReadOnlyMemory<byte> body)
    {
        // The parser looks into strings only when they are read; this finds broken ones before anything has taken effect.
        if (!System.Text.Unicode.Utf8.IsValid(body.Span))
            return null;
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(body);
        }
        catch (JsonException)
        {
            return null;
        }
        // "\ud800" without its other half is well-formed JSON and no text.
        if (body.Span.IndexOf("\\u"u8) >= 0 && !IsText(document.RootElement))
        {
            document.Dispose();
            return null;
        }
        return document;
    }

    private static bool IsText(JsonElement element)
    {
        try
        {
            return element.ValueKind switch
            {
                JsonValueKind.Object => element.EnumerateObject().All(property => property.Name is not null && IsText(property.Value)),
                JsonValueKind.Array => element.EnumerateArray().All(IsText),
                JsonValueKind.String => element.GetString() is not null,
                _ => true,
            };
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }
}
