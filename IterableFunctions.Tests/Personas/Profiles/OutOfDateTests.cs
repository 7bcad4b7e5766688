using System.Text;
using IterableFunctions.Iterable;
using IterableFunctions.Personas.Profiles;

namespace IterableFunctions.Tests.Personas.Profiles;

/// <summary>What is left of a call once newer messages are known.</summary>
public sealed class OutOfDateTests
{
    [Theory]
    [InlineData("u:ann", "\"plan\":1,\"city\":2", """{"plan":1,"city":2}""")]
    [InlineData("u:ann", "\"size\":1", """{"plan":1,"city":2}""")]
    [InlineData("u:ann", "\"plan\":3", """{"city":2}""")]
    [InlineData("u:ann", "\"plan\":3,\"city\":null,\"profileUpdatedAt\":1", """{"city":2}""")]
    [InlineData("u:ann", "\"plan\":3,\"city\":4", null)]
    [InlineData("u:bob", "\"plan\":3,\"city\":4", """{"plan":1,"city":2}""")]
    public void Fields_that_a_newer_message_has_set_are_left_out(string ids, string newer, string? left)
    {
        var time = newer == "\"plan\":1,\"city\":2" ? "10" : "11";
        var document = ProfileFold.Fold(new(), [Message.Identify("m-2", ids, newer, $"2026-03-01T{time}:00:00Z")]);

        var thinned = OutOfDate.Thin(Update("""{"plan":1,"city":2}"""), document, ProjectType.Hybrid);

        Assert.Equal(left is null ? null : $$"""{"userId":"ann","dataFields":{{left}}}""", thinned is null ? null : Encoding.UTF8.GetString(thinned.Body.Span));
    }

    [Fact]
    public void Object_that_is_to_be_merged_is_kept()
    {
        var document = ProfileFold.Fold(new(), [Message.Identify("m-2", "u:ann", "\"address\":{\"zip\":1}", "2026-03-01T11:00:00Z")]);
        Assert.Null(OutOfDate.Thin(Update("""{"address":{"city":2}}"""), document, ProjectType.Hybrid));
        Assert.NotNull(OutOfDate.Thin(Update("""{"address":{"city":2}},"mergeNestedObjects":true"""), document, ProjectType.Hybrid));
    }

    [Theory]
    [InlineData("Cart Updated", "11", false)]
    [InlineData("Order Completed", "11", false)]
    [InlineData("Cart Updated", "09", true)]
    [InlineData("Other", "11", true)]
    public void Cart_that_is_older_than_a_cart_or_purchase_is_not_sent(string name, string hour, bool sent)
    {
        var document = ProfileFold.Fold(new(), [Message.Of($$"""{"type":"track","event":"{{name}}","userId":"ann","timestamp":"2026-03-01T{{hour}}:00:00Z","properties":{"total":1,"products":[]} }""")]);
        var cart = Update("{}") with { Endpoint = IterableEndpoint.UpdateCart };

        Assert.Equal(sent, OutOfDate.Thin(cart, document, ProjectType.Hybrid) is not null);
        Assert.NotNull(OutOfDate.Thin(cart with { Endpoint = IterableEndpoint.TrackPurchase }, document, ProjectType.Hybrid));
    }

    [Theory]
    [InlineData("\"plan\":3", "11", """{"plan":3,"profileUpdatedAt":"2026-03-01 11:00:00 +00:00"}""")]
    [InlineData("\"plan\":3,\"size\":4,\"city\":5", "11", """{"plan":3,"city":5,"profileUpdatedAt":"2026-03-01 11:00:00 +00:00"}""")]
    [InlineData("\"size\":4", "11", """{"profileUpdatedAt":"2026-03-01 11:00:00 +00:00"}""")]
    [InlineData("\"plan\":3", "09", null)]
    [InlineData("\"plan\":3", "10", null)]
    public void What_an_update_may_have_undone_is_said_once_more(string newer, string hour, string? said)
    {
        var document = ProfileFold.Fold(new(), [Message.Identify("m-2", "u:ann", newer, $"2026-03-01T{hour}:00:00Z")]);
        // As it stands in storage.
        document = ProfileFormat.Read(ProfileFormat.Write(document));

        var update = Update("""{"plan":1,"city":2,"profileUpdatedAt":"then"},"preferUserId":true""");
        var mended = OutOfDate.Mend(update, document, ProjectType.Hybrid);

        Assert.Equal(said is null ? null : $$"""{"userId":"ann","dataFields":{{said}},"preferUserId":true}""", mended is null ? null : Encoding.UTF8.GetString(mended.Body.Span));
        // What waits to be said is looked at as the update itself would be.
        if (mended is not null)
        {
            Assert.Null(OutOfDate.Thin(mended, document, ProjectType.Hybrid));
            Assert.Equal(mended.Body.ToArray(), OutOfDate.Mend(mended, document, ProjectType.Hybrid)!.Body.ToArray());
        }
    }

    [Fact]
    public void What_there_was_no_room_to_keep_is_not_said_again()
    {
        var document = ProfileFold.Fold(new(), [Message.Identify("m-2", "u:ann", "\"plan\":3", "2026-03-01T11:00:00Z")]);
        document = document with { Sent = document.Sent.SetItem("user_id:ann", document.Sent["user_id:ann"].WithoutValues()) };

        Assert.Null(OutOfDate.Thin(Update("""{"plan":1}"""), document, ProjectType.Hybrid));
        Assert.Null(OutOfDate.Mend(Update("""{"plan":1}"""), document, ProjectType.Hybrid));
    }

    private static IterableRequest Update(string fields) => new()
    {
        Endpoint = IterableEndpoint.UpdateUser,
        Body = Encoding.UTF8.GetBytes($$"""{"userId":"ann","dataFields":{{fields}}}"""),
        MessageId = "m-1",
        UserId = "ann",
        Timestamp = new(2026, 3, 1, 10, 0, 0, DateTimeKind.Utc),
    };
}
