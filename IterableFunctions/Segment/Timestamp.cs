using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace IterableFunctions.Segment;

/// <summary>
/// Points in time as senders write them outside Segment's own envelope: looser than <see cref="IsoDateTime"/>, as Segment's classic
/// destinations read <c>timestamp</c> and <c>createdAt</c>.
/// </summary>
internal static class Timestamp
{
    /// <summary>Numbers below this are seconds since 1970, others milliseconds (the threshold of Segment's classic code: 1,000 years in seconds).</summary>
    private const double FirstMilliseconds = 31_557_600_000;

    /// <summary>
    /// Reads ISO instants, dates, months and years (<c>2024-02</c>, <c>2024</c>), Unix times as numbers or as text of 10 (seconds) or 13 (milliseconds)
    /// digits, and dates in the other forms that .NET reads without a culture (RFC 1123, <c>December 17, 1995 03:24:00</c>), as long as they name the year; no zone is UTC. False for everything else.
    /// </summary>
    public static bool TryRead(JsonPart part, out DateTime utc)
    {
        utc = default;
        if (part.IsNumber)
            return Utf8Parser.TryParse(part.Text, out double number, out _) && TryFromUnix(number, number < FirstMilliseconds, out utc);
        return part.IsString && TryParse(part.Text, out utc);
    }

    private static bool TryParse(ReadOnlySpan<byte> text, out DateTime utc)
    {
        if (IsoDateTime.TryParse(text, out utc) || IsoDateTime.TryParseDate(text, out utc))
            return true;

        if (text.Length is 10 or 13 && text.ContainsAnyExceptInRange((byte)'0', (byte)'9') is false)
            return Utf8Parser.TryParse(text, out long number, out _) && TryFromUnix(number, seconds: text.Length == 10, out utc);

        Span<byte> padded = stackalloc byte[10];
        "0000-01-01"u8.CopyTo(padded);
        if (text.Length is 4 or 7)
        {
            text.CopyTo(padded);
            return IsoDateTime.TryParseDate(padded, out utc);
        }

        // Whatever else names its year: a bare "10:30" would be read as today's.
        if (text.Length is < 8 or > 40 || !NamesAYear(text))
            return false;
        var parsed = DateTimeOffset.TryParse(Encoding.UTF8.GetString(text), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var other);
        utc = other.UtcDateTime;
        return parsed;
    }

    /// <summary>Four digits in a row.</summary>
    private static bool NamesAYear(ReadOnlySpan<byte> text)
    {
        var digits = 0;
        foreach (var b in text)
        {
            digits = char.IsAsciiDigit((char)b) ? digits + 1 : 0;
            if (digits == 4)
                return true;
        }

        return false;
    }

    private static bool TryFromUnix(double value, bool seconds, out DateTime utc)
    {
        utc = default;
        var milliseconds = seconds ? value * 1000 : value;
        if (!(milliseconds >= -62_135_596_800_000 && milliseconds < 253_402_300_800_000))
            return false;
        utc = DateTime.UnixEpoch.AddTicks((long)Math.Floor(milliseconds) * TimeSpan.TicksPerMillisecond);
        return true;
    }
}
