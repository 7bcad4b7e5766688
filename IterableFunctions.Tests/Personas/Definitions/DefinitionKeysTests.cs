using IterableFunctions.Personas.Definitions;

namespace IterableFunctions.Tests.Personas.Definitions;

public sealed class DefinitionKeysTests
{
    [Theory]
    [InlineData("Order Completed Last 30days", "order_completed_last_30days")]
    [InlineData(" VIP ", "vip")]
    public void A_name_in_lower_case_with_underscores_for_spaces_is_a_key(string name, string key)
    {
        Assert.Equal(key, DefinitionKeys.Of(name));
        Assert.Null(DefinitionKeys.Check(key, isDerived: true));
    }

    [Theory]
    [InlineData("", "invalid_key")]
    [InlineData("_vip", "invalid_key")]
    [InlineData("VIP", "invalid_key")]
    [InlineData("vip-members", "invalid_key")]
    [InlineData("vip.members", "invalid_key")]
    [InlineData("größte", "invalid_key")]
    [InlineData("email", "reserved_key")]
    [InlineData("audience_key", "reserved_key")]
    public void Other_keys_are_refused(string key, string code) => Assert.Equal(code, DefinitionKeys.Check(key, isDerived: false)!.Code);

    [Fact]
    public void A_key_has_128_characters_at_most()
    {
        Assert.Null(DefinitionKeys.Check(new('a', 128), isDerived: false));
        Assert.Contains("129 characters", DefinitionKeys.Check(new('a', 129), isDerived: false)!.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_has_given_no_key_is_told_to() => Assert.Contains("The name gives the key \"big_(eu)\"", DefinitionKeys.Check("big_(eu)", isDerived: true)!.Detail, StringComparison.Ordinal);
}
