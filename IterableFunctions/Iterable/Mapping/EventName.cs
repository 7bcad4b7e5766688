using IterableFunctions.Segment;

namespace IterableFunctions.Iterable.Mapping;

/// <summary>The spellings in which the ecommerce events' names are recognised.</summary>
internal static class EventName
{
    /// <summary>
    /// Whether an event has this name of two words: in any case, with one blank, one underscore or nothing between the words, blanks around it ignored.
    /// </summary>
    public static bool Is(JsonPart name, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        var text = name.Text.Trim(" \t"u8);
        var gap = text.Length - first.Length - second.Length;
        return gap is 0 or 1
            && (gap == 0 || text[first.Length] is (byte)' ' or (byte)'_')
            && System.Text.Ascii.EqualsIgnoreCase(text[..first.Length], first)
            && System.Text.Ascii.EqualsIgnoreCase(text[^second.Length..], second);
    }
}
