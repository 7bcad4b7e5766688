using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace IterableFunctions.Storage;

/// <summary>
/// The keys of all rows that have to do with persons. A key may hold no <c>/ \ # ?</c> and no control characters, and 1 KB at most; ids, event names and messageIds may be
/// anything, so their parts are escaped, or hashed where nobody reads them.
/// </summary>
internal static class Keys
{
    /// <summary>The row of a profile's document.</summary>
    public const string Document = "profile";

    /// <summary>Before all rows of messages that have been folded, and behind them.</summary>
    public const string FirstSeen = "seen|", BehindSeen = "seen}";

    /// <summary>Before all rows of events, and behind them.</summary>
    public const string FirstEvent = "event|", BehindEvents = "event}";

    /// <summary>Longest part that stays readable, in bytes.</summary>
    private const int LongestPart = 200;

    public static string Identity(string type, string value) => $"{Part(type)}:{Part(value)}";

    public static string Seen(string messageId) => FirstSeen + Hash(messageId);

    public static string Event(string name, long ticks, string messageId)
        => string.Create(CultureInfo.InvariantCulture, $"{FirstEvent}{Part(name)}|{ticks:D19}|{Hash(messageId)}");

    /// <summary>Before all rows of events of one name that are not older than a moment.</summary>
    public static string EventsFrom(string name, long ticks) => string.Create(CultureInfo.InvariantCulture, $"{FirstEvent}{Part(name)}|{ticks:D19}");

    /// <summary>Behind all rows of events of one name.</summary>
    public static string BehindEventsOf(string name) => $"{FirstEvent}{Part(name)}}}";

    /// <summary>
    /// A text as part of a key: ASCII letters, digits and <c>- _ . @</c> as they stand, other bytes as <c>!</c> and two hexadecimal digits; a long one
    /// cut off, with its hash behind <c>~</c>, which nothing else holds.
    /// </summary>
    public static string Part(string text)
    {
        var part = new StringBuilder(text.Length);
        foreach (var b in Encoding.UTF8.GetBytes(text))
        {
            if (char.IsAsciiLetterOrDigit((char)b) || b is (byte)'-' or (byte)'_' or (byte)'.' or (byte)'@')
                part.Append((char)b);
            else
                part.Append('!').Append(b.ToString("X2", CultureInfo.InvariantCulture));
        }

        if (part.Length <= LongestPart)
            return part.ToString();
        part.Length = LongestPart - 33;
        return part.Append('~').Append(Hash(text)).ToString();
    }

    /// <summary>Half of the SHA-256, 32 hexadecimal digits.</summary>
    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));
}
