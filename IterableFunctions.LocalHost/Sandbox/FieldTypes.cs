using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IterableFunctions.LocalHost.Sandbox;

/// <summary>The types that a data field can have.</summary>
internal enum FieldType
{
    Text,
    Date,
    Long,
    Double,
    Boolean,
    GeoLocation,
    Object,
}

/// <summary>A value that does not have its field's type.</summary>
internal sealed record TypeMismatch(FieldType Expected, FieldType Incoming, string Value);

/// <summary>What one object of data fields would do to the schema.</summary>
/// <param name="New">Fields the schema does not know, with the type of their first value.</param>
/// <param name="Mismatches">Fields with a value of another type, by path.</param>
internal readonly record struct SchemaCheck(Dictionary<string, FieldType>? New, Dictionary<string, TypeMismatch>? Mismatches);

/// <summary>
/// The data fields of one kind (the project's profiles, or the events of one name): the first value of a field fixes its
/// type for ever. Iterable's help "Field Data Types"; API docs: "Types of data fields must match the types sent in previous
/// requests". Fields are named by their path, <c>address.city</c>, so a dot in a name is the same as nesting.
/// </summary>
internal sealed class FieldTypes(string category, int limit)
{
    private readonly Dictionary<string, FieldType> _types = new(StringComparer.Ordinal);

    /// <summary>What Iterable calls this kind in its error, such as <c>user</c>.</summary>
    public string Category { get; } = category;

    /// <summary>Most distinct fields.</summary>
    public int Limit { get; } = limit;

    public int Count => _types.Count;

    public IEnumerable<KeyValuePair<string, FieldType>> Fields => _types;

    public bool Knows(string path) => _types.ContainsKey(path);

    public void Add(IEnumerable<KeyValuePair<string, FieldType>>? fields)
    {
        if (fields is null)
            return;
        foreach (var (path, type) in fields)
            _types.TryAdd(path, type);
    }

    /// <summary>Compares an object with the schema and changes nothing.</summary>
    /// <param name="dataFields">A JSON object.</param>
    /// <param name="draft">Types that earlier items of the same call will add.</param>
    public SchemaCheck Check(JsonElement dataFields, Dictionary<string, FieldType>? draft = null)
    {
        var check = new SchemaCheck();
        foreach (var property in dataFields.EnumerateObject())
            Visit(property.Name, property.Value, draft, ref check);
        return check;
    }

    /// <summary>The same for an object that stands at a path of its own.</summary>
    public SchemaCheck CheckAt(string path, JsonElement dataFields, Dictionary<string, FieldType>? draft)
    {
        var check = new SchemaCheck();
        foreach (var property in dataFields.EnumerateObject())
            Visit($"{path}.{property.Name}", property.Value, draft, ref check);
        return check;
    }

    /// <summary>A copy of the object without the fields that the schema does not know; their paths go to <paramref name="dropped"/>.</summary>
    public JsonElement Filter(JsonElement dataFields, List<string> dropped)
    {
        var copy = JsonNode.Parse(JsonMarshal.GetRawUtf8Value(dataFields))!.AsObject();
        Drop(copy, "");
        return JsonSerializer.SerializeToElement(copy);

        void Drop(JsonObject node, string prefix)
        {
            foreach (var (name, value) in node.ToArray())
            {
                var path = prefix + name;
                if (value is not null && !Knows(path))
                {
                    node.Remove(name);
                    dropped.Add(path);
                }
                else if (value is JsonObject inner)
                {
                    Drop(inner, path + ".");
                }
                else if (value is JsonArray array)
                {
                    foreach (var item in array.OfType<JsonObject>())
                        Drop(item, path + ".");
                }
            }
        }
    }

    /// <summary>The name of a type in <c>users/getFields</c> and in error answers.</summary>
    public static string NameOf(FieldType type) => type switch
    {
        FieldType.Text => "string",
        FieldType.Date => "date",
        FieldType.Long => "long",
        FieldType.Double => "double",
        FieldType.Boolean => "boolean",
        FieldType.GeoLocation => "geo_location",
        _ => "object",
    };

    /// <summary>
    /// The types that a value can be taken for, as an error answer lists them (<c>["string","keyword"]</c> for text: a
    /// recorded Iterable error). Decided for the rest: a whole number is also a double, since JSON writers do not keep
    /// <c>10.0</c> apart from <c>10</c>; a date is also text. Never the other way round.
    /// </summary>
    public static string[] IncomingTypes(FieldType type) => type switch
    {
        FieldType.Text => ["string", "keyword"],
        FieldType.Date => ["date", "string", "keyword"],
        FieldType.Long => ["long", "double"],
        _ => [NameOf(type)],
    };

    private void Visit(string path, JsonElement value, Dictionary<string, FieldType>? draft, ref SchemaCheck check)
    {
        switch (value.ValueKind)
        {
            // Null has no type: it clears a field and fixes nothing.
            case JsonValueKind.Null or JsonValueKind.Undefined:
                return;

            // An array has the type of its elements, as in the search index behind Iterable; an empty one has none.
            case JsonValueKind.Array:
                FieldType? joined = null;
                foreach (var element in value.EnumerateArray())
                {
                    if (element.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
                        Visit(path, element, draft, ref check);
                    else if (element.ValueKind is not JsonValueKind.Null)
                        joined = joined is { } sofar ? Join(sofar, element, path, ref check) : TypeOf(path, element);
                }
                if (joined is { } type)
                    Meet(path, type, value, draft, ref check);
                return;

            default:
                var own = TypeOf(path, value);
                Meet(path, own, value, draft, ref check);
                if (own == FieldType.Object)
                {
                    foreach (var property in value.EnumerateObject())
                        Visit($"{path}.{property.Name}", property.Value, draft, ref check);
                }
                return;
        }
    }

    private void Meet(string path, FieldType incoming, JsonElement value, Dictionary<string, FieldType>? draft, ref SchemaCheck check)
    {
        if (!_types.TryGetValue(path, out var expected)
            && !(draft is not null && draft.TryGetValue(path, out expected))
            && !(check.New is not null && check.New.TryGetValue(path, out expected)))
        {
            check = check with { New = check.New ?? new(StringComparer.Ordinal) };
            check.New![path] = incoming;
        }
        else if (!Fits(incoming, expected))
        {
            Refuse(path, expected, incoming, value, ref check);
        }
    }

    private static FieldType Join(FieldType sofar, JsonElement element, string path, ref SchemaCheck check)
    {
        var next = TypeOf(path, element);
        if (Fits(next, sofar))
            return sofar;
        if (Fits(sofar, next))
            return next;
        Refuse(path, sofar, next, element, ref check);
        return sofar;
    }

    private static void Refuse(string path, FieldType expected, FieldType incoming, JsonElement value, ref SchemaCheck check)
    {
        check = check with { Mismatches = check.Mismatches ?? new(StringComparer.Ordinal) };
        var text = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        check.Mismatches!.TryAdd(path, new(expected, incoming, text.Length > 200 ? text[..200] : text));
    }

    private static bool Fits(FieldType incoming, FieldType expected) =>
        incoming == expected || (incoming, expected) is (FieldType.Long, FieldType.Double) or (FieldType.Date, FieldType.Text);

    private static FieldType TypeOf(string path, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True or JsonValueKind.False => FieldType.Boolean,
        JsonValueKind.String => DateStrings.IsDate(value.GetString()) ? FieldType.Date : FieldType.Text,
        JsonValueKind.Number => JsonMarshal.GetRawUtf8Value(value).IndexOfAny(".eE"u8) < 0 ? FieldType.Long : FieldType.Double,
        // Block's client: the name ends in _geo_location and the value is {lat, lon}.
        JsonValueKind.Object when path.EndsWith("_geo_location", StringComparison.Ordinal)
            && value.TryGetProperty("lat", out var lat) && lat.ValueKind == JsonValueKind.Number
            && value.TryGetProperty("lon", out var lon) && lon.ValueKind == JsonValueKind.Number => FieldType.GeoLocation,
        _ => FieldType.Object,
    };
}
