using System.Security.Cryptography;
using System.Text;

namespace IterableFunctions.Sending;

/// <summary>Ids that senders choose, as they may stand in a log.</summary>
internal static class LogIds
{
    private const int LongestId = 100;

    /// <summary>The id, when it is made of letters, digits and <c>_ . : -</c> alone; else <c>sha256:</c> and the beginning of its hash.</summary>
    public static string Of(string id)
        => id.Length <= LongestId && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or ':' or '-')
            ? id
            : $"sha256:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)).AsSpan(0, 8))}";
}
