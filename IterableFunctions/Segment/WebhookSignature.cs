using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace IterableFunctions.Segment;

/// <summary>What became of a signature's check.</summary>
public enum SignatureCheck
{
    Valid,

    /// <summary>No header <c>X-Signature</c>.</summary>
    Missing,

    /// <summary>The header is not 40 hexadecimal digits.</summary>
    Malformed,

    /// <summary>Another secret, or another body.</summary>
    Wrong,
}

/// <summary>
/// Segment's webhook signature: the header <c>X-Signature</c> is the HMAC-SHA1, in hex, of the body's bytes with the shared secret. Of a body that is
/// an array only the first element is signed, over its bytes as they stand in the body.
/// </summary>
public static class WebhookSignature
{
    private const int HashBytes = 20;

    /// <summary>Checks a signature; the comparison takes the same time wherever the two differ.</summary>
    /// <param name="body">The bytes as received.</param>
    /// <param name="header">The header's value, in either case of hex.</param>
    /// <param name="secret">The shared secret.</param>
    public static SignatureCheck Check(ReadOnlySpan<byte> body, string? header, string secret)
    {
        if (string.IsNullOrEmpty(header))
            return SignatureCheck.Missing;

        Span<byte> given = stackalloc byte[HashBytes];
        if (header.Length != 2 * HashBytes || Convert.FromHexString(header, given, out _, out _) != System.Buffers.OperationStatus.Done)
            return SignatureCheck.Malformed;

        var key = Encoding.UTF8.GetBytes(secret);
        var trimmed = body.Trim(" \t\r\n"u8);
        if (trimmed.StartsWith("["u8))
            return FirstElement(trimmed) is { IsEmpty: false } first && Matches(first, given, key) ? SignatureCheck.Valid : SignatureCheck.Wrong;

        // What stands between Segment and us may have added a line break at the end.
        return Matches(body, given, key) || (trimmed.Length != body.Length && Matches(trimmed, given, key)) ? SignatureCheck.Valid : SignatureCheck.Wrong;
    }

    /// <summary>The signature of a body, as Segment sends it.</summary>
    [SuppressMessage("Security", "CA5350:Do Not Use Weak Cryptographic Algorithms", Justification = "Segment signs with HMAC-SHA1; the sender chooses.")]
    public static string Sign(ReadOnlySpan<byte> body, string secret) => Convert.ToHexStringLower(HMACSHA1.HashData(Encoding.UTF8.GetBytes(secret), body));

    [SuppressMessage("Security", "CA5350:Do Not Use Weak Cryptographic Algorithms", Justification = "Segment signs with HMAC-SHA1; the sender chooses.")]
    private static bool Matches(ReadOnlySpan<byte> signed, ReadOnlySpan<byte> given, byte[] key)
    {
        Span<byte> expected = stackalloc byte[HashBytes];
        HMACSHA1.HashData(key, signed, expected);
        return CryptographicOperations.FixedTimeEquals(expected, given);
    }

    /// <summary>The bytes of an array's first element. Empty, which nobody signs, where there is none or the text is no JSON.</summary>
    private static ReadOnlySpan<byte> FirstElement(ReadOnlySpan<byte> array)
    {
        try
        {
            // Not the final block: only the first element is looked at, before anything about the sender is known.
            var reader = new Utf8JsonReader(array, isFinalBlock: false, new JsonReaderState(new JsonReaderOptions { MaxDepth = JsonTokens.MaxDepth + 1 }));
            if (!reader.Read() || !reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return default;
            var start = (int)reader.TokenStartIndex;
            return reader.TrySkip() ? array[start..(int)reader.BytesConsumed] : default;
        }
        catch (JsonException)
        {
            return default;
        }
    }
}
