using IterableFunctions.Iterable.Webhooks;

namespace IterableFunctions.Tests.Iterable.Webhooks;

public class WebhookSecretTests
{
    [Theory]
    [InlineData("token-1", null)]
    [InlineData("Basic token-1", null)]
    [InlineData("OAuth2 token-1", null)]
    [InlineData("bearer  token-1 ", null)]
    [InlineData("OAuth2 token-2", null)]
    [InlineData(null, "token-1")]
    [InlineData("Basic something else", "token-2")]
    public void Any_of_the_tokens_is_let_in_where_Iterable_can_put_it(string? authorization, string? webhookKey)
        => Assert.True(new WebhookSecret(" token-1, token-2 ,").Admits(authorization, webhookKey));

    [Theory]
    [InlineData(null, null)]
    [InlineData("", "")]
    [InlineData("token-", null)]
    [InlineData("token-11", null)]
    [InlineData("token-3", null)]
    [InlineData("xoken-1", null)]
    [InlineData(null, "token-")]
    [InlineData(null, "token-11")]
    [InlineData("Token-1", null)]
    [InlineData("token-1, token-2", null)]
    [InlineData("token-1,token-2", "token-1,token-2")]
    [InlineData("Digest token-1", null)]
    [InlineData("Basic", null)]
    [InlineData("Basic Basic token-1", null)]
    [InlineData(null, "Basic token-1")]
    public void Everything_else_is_kept_out(string? authorization, string? webhookKey)
        => Assert.False(new WebhookSecret("token-1,token-2").Admits(authorization, webhookKey));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" , ")]
    public void Without_a_token_nobody_is_let_in(string? setting)
    {
        var secret = new WebhookSecret(setting);
        Assert.False(secret.IsSet);
        Assert.False(secret.Admits(setting, setting));
        Assert.False(secret.Admits("Basic ", ""));
    }
}
