using IterableFunctions.Segment;

namespace IterableFunctions.Iterable.Mapping;

/// <summary>The products of a cart or a purchase → Iterable's commerce items.</summary>
internal static class CommerceItems
{
    /// <summary>Writes the member <c>items</c>: none where there are no products.</summary>
    /// <returns>Which item lacks what, or null.</returns>
    public static Rejection? Write(JsonPart products, JsonBody body)
    {
        body.Name("items"u8);
        body.StartArray();
        var index = 0;
        foreach (var product in products.Elements)
        {
            if (WriteItem(product, body) is { } problem)
                return new("invalid_item", $"Iterable cannot take \"products[{index}]\": {problem}");
            index++;
        }

        body.EndArray();
        return null;
    }

    private static string? WriteItem(JsonPart product, JsonBody body)
    {
        if (!product.IsObject)
            return $"it must be an object, not {product.Describe()}.";

        var sku = product.Loosely("sku"u8);
        var id = FirstUsable(product.Loosely("productid"u8), product.Loosely("id"u8), sku);
        if (!IsText(id))
            return "it needs a \"product_id\" (or \"id\", or \"sku\") as a string.";
        var name = product.Loosely("name"u8);
        if (!IsText(name))
            return "it needs a \"name\" as a string.";
        var price = product.Loosely("price"u8);
        if (!JsonNumber.TryRead(price, out var amount))
            return $"it needs a \"price\" as a number; here it is {price.Describe()}.";
        var quantity = 1L;
        if (product["quantity"u8] is { IsTruthy: true } count && !JsonNumber.TryReadInteger(count, out quantity))
            return "its \"quantity\" must be an integer.";
        if (quantity is < int.MinValue or > int.MaxValue)
            return "its \"quantity\" is out of range.";

        body.StartObject();
        WriteText("id"u8, id, body);
        WriteText("sku"u8, sku, body);
        WriteText("name"u8, name, body);
        WriteCategories(product.Loosely("category"u8), body);
        body.Name("price"u8);
        body.Raw(amount);
        body.Name("quantity"u8);
        body.Number(quantity == 0 ? 1 : quantity);
        WriteText("description"u8, product.Loosely("description"u8), body);
        WriteText("imageUrl"u8, product.Loosely("imageurl"u8), body);
        WriteText("url"u8, product.Loosely("url"u8), body);
        WriteFields(product, body);
        body.EndObject();
        return null;
    }

    private static JsonPart FirstUsable(JsonPart first, JsonPart second, JsonPart third)
        => IsUsable(first) ? first : IsUsable(second) ? second : third;

    private static bool IsUsable(JsonPart id) => IsText(id) && id.IsTruthy;

    /// <summary>Numbers pass: many shops count their products.</summary>
    private static bool IsText(JsonPart part) => !part.IsBlank;

    /// <summary>A field that Iterable types as a string. Left out where it is neither a string nor a number.</summary>
    private static void WriteText(ReadOnlySpan<byte> name, JsonPart text, JsonBody body)
    {
        if (!text.IsString && !text.IsNumber)
            return;
        body.Name(name);
        WriteText(text, body);
    }

    private static void WriteText(JsonPart text, JsonBody body)
    {
        if (text.IsString)
            body.Raw(text.Raw);
        else
            body.String(text.Raw);
    }

    private static void WriteCategories(JsonPart category, JsonBody body)
    {
        body.Name("categories"u8);
        body.StartArray();
        if (category.IsString || category.IsNumber)
        {
            if (category.IsTruthy)
                WriteText(category, body);
        }
        else
        {
            foreach (var each in category.Elements)
            {
                if (each.IsString || each.IsNumber)
                    WriteText(each, body);
            }
        }

        body.EndArray();
    }

    /// <summary>Whatever the item has beyond what is written above.</summary>
    private static void WriteFields(JsonPart product, JsonBody body)
    {
        body.Name("dataFields"u8);
        body.StartObject();
        foreach (var field in product.Members)
        {
            if (!IsRecognised(field))
                body.Member(field);
        }

        body.EndObject();
    }

    /// <summary>What has a place of its own. A value that does not fit there is kept as a field instead of being lost.</summary>
    private static bool IsRecognised(JsonPart.Member field)
        => field.NameIs("quantity"u8) || field.NameIs("categories"u8)
            || field.NameIsLoosely("productid"u8) || field.NameIsLoosely("id"u8) || field.NameIsLoosely("name"u8) || field.NameIsLoosely("price"u8)
            || (field.NameIsLoosely("category"u8) && !field.Value.IsObject)
            || (!field.Value.IsObject && !field.Value.IsArray
                && (field.NameIsLoosely("sku"u8) || field.NameIsLoosely("description"u8) || field.NameIsLoosely("imageurl"u8) || field.NameIsLoosely("url"u8)));
}
