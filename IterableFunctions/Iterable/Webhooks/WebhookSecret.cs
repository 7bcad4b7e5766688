using System.Security.Cryptography;
using System.Text;

namespace IterableFunctions.Iterable.Webhooks;

/// <summary>
/// The tokens of <c>Iterable__WebhookSecret</c>. Iterable signs nothing; it sends a token, as it was typed there, in <c>Authorization</c>, behind a scheme or bare (its own page
/// shows both), or in a header that the webhook adds. (Iterable help 208013936.)
/// </summary>
public sealed class WebhookSecret
{
    private static readonly string[] _schemes = ["Basic ", "OAuth2 ", "Bearer "];

    private readonly List<byte[]> _hashes;

    /// <param name="setting">One token, or several separated by commas. None = nothing is let in.</param>
    public WebhookSecret(string? setting)
        => _hashes = [.. (setting ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Hash)];

    /// <summary>Whether there is a token to bring.</summary>
    public bool IsSet => _hashes.Count > 0;

    /// <summary>Whether one of two headers carries one of the tokens. Takes the same time wherever they differ.</summary>
    /// <param name="authorization"><c>Authorization</c>.</param>
    /// <param name="webhookKey"><c>X-Webhook-Key</c>.</param>
    public bool Admits(string? authorization, string? webhookKey) => Matches(Token(authorization)) | Matches(webhookKey?.Trim());

    private static string? Token(string? authorization)
    {
        var value = authorization?.Trim();
        var scheme = Array.Find(_schemes, scheme => value?.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) == true);
        return scheme is null ? value : value![scheme.Length..].TrimStart();
    }

    /// <summary>Compares hashes, whose length tells nothing, with every token.</summary>
    private bool Matches(string? token)
    {
        if (string.IsNullOrEmpty(token))
            return false;
        var given = Hash(token);
        var found = false;
        foreach (var hash in _hashes)
            found |= CryptographicOperations.FixedTimeEquals(hash, given);
        return found;
    }

    private static byte[] Hash(string token) => SHA256.HashData(Encoding.UTF8.GetBytes(token));
}
