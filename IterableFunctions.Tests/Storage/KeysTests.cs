using IterableFunctions.Storage;

namespace IterableFunctions.Tests.Storage;

/// <summary>Keys of rows, made of what senders choose.</summary>
public sealed class KeysTests
{
    [Theory]
    [InlineData("ann@example.com", "ann@example.com")]
    [InlineData("Order Completed", "Order!20Completed")]
    [InlineData("a/b\\c#d?e|f!g~h:i%", "a!2Fb!5Cc!23d!3Fe!7Cf!21g!7Eh!3Ai!25")]
    [InlineData("é", "!C3!A9")]
    [InlineData("\u0001", "!01")]
    public void Part_holds_only_what_a_key_may_hold(string text, string part) => Assert.Equal(part, Keys.Part(text));

    [Fact]
    public void Long_parts_are_short_and_differ_where_their_texts_do()
    {
        var (one, other) = (Keys.Part(new string('x', 5000)), Keys.Part(new string('x', 5001)));
        Assert.Equal(200, one.Length);
        Assert.NotEqual(one, other);
    }

    [Fact]
    public void Events_of_one_name_are_in_the_order_of_their_times()
        => Assert.True(string.CompareOrdinal(Keys.Event("E", 9, "m"), Keys.Event("E", 10, "m")) < 0);
}
