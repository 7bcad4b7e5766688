using System.Buffers.Text;
using System.Globalization;
using System.Text;
using IterableFunctions.Segment;

namespace IterableFunctions.Iterable.Mapping;

/// <summary>Numbers for fields that Iterable types as numbers, from numbers and from numeric strings.</summary>
internal static class JsonNumber
{
    /// <summary>The value as JSON. False for everything that is neither a number nor a text that is one.</summary>
    public static bool TryRead(JsonPart part, out ReadOnlySpan<byte> json)
    {
        json = part.Raw;
        if (part.IsNumber)
            return true;
        if (!part.IsString)
            return false;

        json = part.Text.Trim(" \t"u8);
        if (json.Length is 0 or > 64 || !double.TryParse(json, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) || !double.IsFinite(value))
            return false;

        // "007", "+5" and ".5" are numbers to people, not to JSON.
        var digits = json[0] == '-' ? json[1..] : json;
        var isJson = char.IsAsciiDigit((char)digits[0]) && char.IsAsciiDigit((char)digits[^1])
            && (digits[0] != '0' || digits.Length == 1 || !char.IsAsciiDigit((char)digits[1])) && digits.IndexOf(".e"u8) < 0 && digits.IndexOf(".E"u8) < 0;
        if (!isJson)
            json = Encoding.UTF8.GetBytes(value.ToString("R", CultureInfo.InvariantCulture));
        return true;
    }

    /// <summary>The value as an integer: numbers without a fraction (<c>2</c>, <c>2.0</c>), and texts of such.</summary>
    public static bool TryReadInteger(JsonPart part, out long value)
    {
        value = 0;
        if (!TryRead(part, out var json))
            return false;
        if (Utf8Parser.TryParse(json, out value, out var used) && used == json.Length)
            return true;
        if (!Utf8Parser.TryParse(json, out double real, out used) || used != json.Length || real != Math.Floor(real) || Math.Abs(real) > 1L << 53)
            return false;
        value = (long)real;
        return true;
    }
}
