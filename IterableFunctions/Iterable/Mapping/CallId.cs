using System.Security.Cryptography;
using System.Text;

namespace IterableFunctions.Iterable.Mapping;

/// <summary>The <c>id</c> of events and purchases, by which Iterable overwrites instead of doubling.</summary>
internal static class CallId
{
    /// <summary>Iterable's limit, in bytes.</summary>
    private const int MaxBytes = 512;

    /// <summary>The id itself, or its SHA-256 (hex) where it is longer than Iterable takes.</summary>
    public static string Of(string id) => id.Length <= MaxBytes / 3 || Encoding.UTF8.GetByteCount(id) <= MaxBytes
        ? id
        : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)));
}
