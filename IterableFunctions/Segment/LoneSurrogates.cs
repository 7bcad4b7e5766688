namespace IterableFunctions.Segment;

/// <summary>Halves of surrogate pairs in JSON escapes (RFC 8259 section 8.2: their effect on receivers is unpredictable).</summary>
internal static class LoneSurrogates
{
    /// <summary>Overwrites each escape of a half that has no other half beside it with <c>\ufffd</c>, which is as long.</summary>
    /// <param name="text">The inside of a JSON string that the reader has found well-formed.</param>
    public static void Replace(Span<byte> text)
    {
        for (var i = text.IndexOf((byte)'\\'); i < text.Length - 1;)
        {
            if (text[i] != '\\')
            {
                i++;
            }
            else if (text[i + 1] != 'u')
            {
                i += 2;
            }
            else if (IsHalf(text, i, high: true) && IsHalf(text, i + 6, high: false))
            {
                i += 12;
            }
            else
            {
                if (IsHalf(text, i, high: true) || IsHalf(text, i, high: false))
                    "\\ufffd"u8.CopyTo(text[i..]);
                i += 6;
            }
        }
    }

    /// <summary>High halves are <c>\ud800</c> to <c>\udbff</c>, low ones <c>\udc00</c> to <c>\udfff</c>.</summary>
    private static bool IsHalf(ReadOnlySpan<byte> text, int at, bool high)
        => at + 6 <= text.Length
            && text[at] == '\\' && text[at + 1] == 'u' && (text[at + 2] | 0x20) == 'd'
            && (high ? text[at + 3] is (byte)'8' or (byte)'9' or (byte)'a' or (byte)'A' or (byte)'b' or (byte)'B'
                     : text[at + 3] is (byte)'c' or (byte)'C' or (byte)'d' or (byte)'D' or (byte)'e' or (byte)'E' or (byte)'f' or (byte)'F');
}
