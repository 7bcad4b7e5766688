using System.Text.Json.Nodes;
using Outcome = IterableFunctions.Iterable.Mapping.Mapping;

namespace IterableFunctions.Tests.Iterable.Mapping;

public class CommerceTests
{
    private const string Product = """{"product_id":"p","name":"n","price":1}""";

    [Theory]
    [InlineData("Order Completed", "/api/commerce/trackPurchase")]
    [InlineData("Completed Order", "/api/commerce/trackPurchase")]
    [InlineData("completed_order", "/api/commerce/trackPurchase")]
    [InlineData("ORDERCOMPLETED", "/api/commerce/trackPurchase")]
    [InlineData("  Order Completed ", "/api/commerce/trackPurchase")]
    [InlineData("Order  Completed", "/api/events/track")]
    [InlineData("Order-Completed", "/api/events/track")]
    [InlineData("Order Completed!", "/api/events/track")]
    [InlineData("My Order Completed", "/api/events/track")]
    [InlineData("Completed Order Form", "/api/events/track")]
    [InlineData("Completed Orders", "/api/events/track")]
    [InlineData("Order Completed\\n", "/api/events/track")]
    [InlineData("Order Updated", "/api/events/track")]
    [InlineData("Product Added", "/api/commerce/updateCart")]
    [InlineData("Added Product", "/api/commerce/updateCart")]
    [InlineData("product_removed", "/api/commerce/updateCart")]
    [InlineData("RemovedProduct", "/api/commerce/updateCart")]
    [InlineData("Cart Updated", "/api/commerce/updateCart")]
    [InlineData("cart_updated", "/api/commerce/updateCart")]
    [InlineData("Added Product to Wishlist", "/api/events/track")]
    [InlineData("Added Products", "/api/events/track")]
    [InlineData("Checkout Started", "/api/events/track")]
    public void Event_name_decides_the_call(string name, string path)
        => Assert.Equal(path, Map.Request(Map.Track($$"""{"total":1,"products":[{{Product}}]}""", name)).Endpoint.Path);

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"products":null}""")]
    [InlineData("""{"products":{"0":1}}""")]
    [InlineData("""{"products":"p"}""")]
    public void Cart_event_without_the_cart_is_an_event_like_any_other(string properties)
        => Assert.Equal("/api/events/track", Map.Request(Map.Track(properties, "Product Added")).Endpoint.Path);

    [Fact]
    public void Cart_holds_the_user_and_the_items_and_nothing_else()
    {
        var body = Map.Body(Map.Track($$"""{"cart_id":"c","coupon":"x","Products":[{{Product}}]}""", "Product Removed"));

        AssertJson("""{"user":{"userId":"u-1"},"items":[{"id":"p","name":"n","categories":[],"price":1,"quantity":1,"dataFields":{}}]}""", body);
    }

    [Fact]
    public void Purchase_keeps_every_property_that_has_no_place_of_its_own()
    {
        var body = Map.Body(Map.Track("""{"order_id":"o-7","total":27.5,"revenue":22.5,"coupon":null,"email":"a@x.io","at":"2024-01-02T03:04:05Z","products":[]}""", "Order Completed"));

        AssertJson("""
            {"createdAt":1709618828,"id":"o-7","total":27.5,"user":{"email":"a@x.io","userId":"u-1"},"items":[],
            "dataFields":{"order_id":"o-7","revenue":22.5,"coupon":null,"email":"a@x.io","at":"2024-01-02 03:04:05 +00:00"}}
            """, body);
    }

    [Theory]
    [InlineData("11", 11)]
    [InlineData("11.50", 11.5)]
    [InlineData("\"11.50\"", 11.5)]
    [InlineData("\" 11 \"", 11)]
    [InlineData("\"-3\"", -3)]
    [InlineData("\"1e2\"", 100)]
    [InlineData("\".5\"", .5)]
    [InlineData("\"007\"", 7)]
    [InlineData("\"5.\"", 5)]
    [InlineData("0", 0)]
    public void Total_is_a_number(string total, double sent)
        => Assert.Equal(sent, (double?)Map.Body(Map.Track($$"""{"total":{{total}}}""", "Order Completed"))["total"]);

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"total":null}""")]
    [InlineData("""{"total":"$19.99"}""")]
    [InlineData("""{"total":""}""")]
    [InlineData("""{"total":"NaN"}""")]
    [InlineData("""{"total":"Infinity"}""")]
    [InlineData("""{"total":"1e999"}""")]
    [InlineData("""{"total":true}""")]
    [InlineData("""{"revenue":5,"value":6}""")]
    public void Purchase_without_a_total_is_rejected(string properties)
        => Assert.Equal("invalid_total", Map.Rejection(Map.Track(properties, "Order Completed")).Code);

    [Fact]
    public void Total_in_another_spelling_is_used_and_kept()
    {
        var body = Map.Body(Map.Track("""{"Total":3,"Products":[]}""", "Order Completed"));

        Assert.Equal(3, (int?)body["total"]);
        Assert.Equal(3, (int?)body["dataFields"]!["Total"]);
        Assert.NotNull(body["dataFields"]!["Products"]);
    }

    [Theory]
    [InlineData("\"o-1\"", "o-1")]
    [InlineData("77", "77")]
    [InlineData("\" \"", "m-1")]
    [InlineData("null", "m-1")]
    [InlineData("{}", "m-1")]
    public void Id_of_a_purchase_is_the_order_id_else_the_messageId(string orderId, string id)
        => Assert.Equal(id, (string?)Map.Body(Map.Track($$"""{"total":1,"order_id":{{orderId}}}""", "Order Completed"))["id"]);

    [Fact]
    public void Campaign_and_template_are_integers()
    {
        AssertIds("""{"total":1,"campaignId":5,"templateId":"6"}""", 5, 6, "{}", warned: false);
        AssertIds("""{"total":1,"campaignId":null,"templateId":7.0}""", null, 7, "{}", warned: false);
        AssertIds("""{"total":1,"campaignId":"spring","templateId":1.5}""", null, null, """{"campaignId":"spring","templateId":1.5}""", warned: true);
        AssertIds("""{"total":1,"campaignId":99999999999}""", null, null, """{"campaignId":99999999999}""", warned: true);

        static void AssertIds(string properties, int? campaign, int? template, string fields, bool warned)
        {
            var send = Assert.IsType<Outcome.Send>(Map.Message(Map.Track(properties, "Order Completed")));
            var body = JsonNode.Parse(send.Request.Body.Span)!;
            Assert.Equal(campaign, (int?)body["campaignId"]);
            Assert.Equal(template, (int?)body["templateId"]);
            AssertJson(fields, body["dataFields"]);
            Assert.Equal(warned, send.Warning is not null);
        }
    }

    [Theory]
    // id: product_id, else id, else sku; as a string.
    [InlineData("""{"productId":9,"name":"n","price":1}""", """{"id":"9","name":"n","categories":[],"price":1,"quantity":1,"dataFields":{}}""")]
    [InlineData("""{"product_id":"","id":"i","name":"n","price":1}""", """{"id":"i","name":"n","categories":[],"price":1,"quantity":1,"dataFields":{}}""")]
    [InlineData("""{"product_id":"p","id":"i","name":"n","price":1}""", """{"id":"p","name":"n","categories":[],"price":1,"quantity":1,"dataFields":{}}""")]
    [InlineData("""{"_id":"i","name":"n","price":1}""", """{"id":"i","name":"n","categories":[],"price":1,"quantity":1,"dataFields":{}}""")]
    [InlineData("""{"sku":"s","name":"n","price":1}""", """{"id":"s","sku":"s","name":"n","categories":[],"price":1,"quantity":1,"dataFields":{}}""")]
    [InlineData("""{"id":0,"SKU":8,"name":"n","price":1}""", """{"id":"8","sku":"8","name":"n","categories":[],"price":1,"quantity":1,"dataFields":{}}""")]
    [InlineData("""{"product_id":" ","sku":"s","name":"n","price":1}""", """{"id":"s","sku":"s","name":"n","categories":[],"price":1,"quantity":1,"dataFields":{}}""")]
    // price and quantity: numbers.
    [InlineData("""{"id":"i","name":"n","price":"19.90","quantity":"3"}""", """{"id":"i","name":"n","categories":[],"price":19.90,"quantity":3,"dataFields":{}}""")]
    [InlineData("""{"id":"i","name":"n","price":0,"quantity":2.0}""", """{"id":"i","name":"n","categories":[],"price":0,"quantity":2,"dataFields":{}}""")]
    [InlineData("""{"id":"i","name":"n","price":1,"quantity":0}""", """{"id":"i","name":"n","categories":[],"price":1,"quantity":1,"dataFields":{}}""")]
    [InlineData("""{"id":"i","name":"n","price":1,"quantity":null,"Quantity":4}""", """{"id":"i","name":"n","categories":[],"price":1,"quantity":1,"dataFields":{"Quantity":4}}""")]
    // categories: one, several, none.
    [InlineData("""{"id":"i","name":"n","price":1,"category":"c"}""", """{"id":"i","name":"n","categories":["c"],"price":1,"quantity":1,"dataFields":{}}""")]
    [InlineData("""{"id":"i","name":"n","price":1,"category":["c","d",5,null]}""", """{"id":"i","name":"n","categories":["c","d","5"],"price":1,"quantity":1,"dataFields":{}}""")]
    [InlineData("""{"id":"i","name":"n","price":1,"category":"a,b","categories":["z"]}""", """{"id":"i","name":"n","categories":["a,b"],"price":1,"quantity":1,"dataFields":{}}""")]
    [InlineData("""{"id":"i","name":"n","price":1,"category":""}""", """{"id":"i","name":"n","categories":[],"price":1,"quantity":1,"dataFields":{}}""")]
    // What is recognised, in any spelling, is not repeated; what is not is kept, dates rewritten.
    [InlineData("""{"id":"i","name":"n","price":1,"image_url":"m","url":"u","description":"d","brand":"b","at":"2024-01-02T03:04:05Z","coupon":null}""",
        """{"id":"i","name":"n","categories":[],"price":1,"quantity":1,"description":"d","imageUrl":"m","url":"u","dataFields":{"brand":"b","at":"2024-01-02 03:04:05 +00:00","coupon":null}}""")]
    [InlineData("""{"id":"i","name":7,"price":1,"url":null,"description":{"a":1},"category":{"b":2}}""", """{"id":"i","name":"7","categories":[],"price":1,"quantity":1,"dataFields":{"description":{"a":1},"category":{"b":2}}}""")]
    // Of a repeated key the last counts.
    [InlineData("""{"id":"x","id":"i","name":"n","price":5,"price":1}""", """{"id":"i","name":"n","categories":[],"price":1,"quantity":1,"dataFields":{}}""")]
    public void Product_becomes_an_item(string product, string item)
    {
        var cart = Map.Body(Map.Track($$"""{"products":[{{product}}]}""", "Product Added"));
        var order = Map.Body(Map.Track($$"""{"total":1,"products":[{{product}}]}""", "Order Completed"));

        AssertJson(item, cart["items"]![0]);
        AssertJson(item, order["items"]![0]);
    }

    [Theory]
    [InlineData("null", "object")]
    [InlineData("\"p\"", "object")]
    [InlineData("""{"name":"n","price":1}""", "product_id")]
    [InlineData("""{"id":{"a":1},"name":"n","price":1}""", "product_id")]
    [InlineData("""{"id":"i","price":1}""", "name")]
    [InlineData("""{"id":"i","name":" ","price":1}""", "name")]
    [InlineData("""{"id":"i","name":"n"}""", "price")]
    [InlineData("""{"id":"i","name":"n","price":"free"}""", "price")]
    [InlineData("""{"id":"i","name":"n","price":1,"quantity":1.5}""", "quantity")]
    [InlineData("""{"id":"i","name":"n","price":1,"quantity":"many"}""", "quantity")]
    [InlineData("""{"id":"i","name":"n","price":1,"quantity":9007199254740993}""", "quantity")]
    public void Product_that_Iterable_cannot_take_is_rejected_by_position_and_field(string product, string field)
    {
        foreach (var name in (string[])["Product Added", "Order Completed"])
        {
            var rejection = Map.Rejection(Map.Track($$"""{"total":1,"products":[{{Product}},{{product}}]}""", name));

            Assert.Equal("invalid_item", rejection.Code);
            Assert.Contains("products[1]", rejection.Detail, StringComparison.Ordinal);
            Assert.Contains(field, rejection.Detail, StringComparison.Ordinal);
        }
    }

    private static void AssertJson(string expected, JsonNode? actual)
        => Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), actual), actual!.ToJsonString());
}
