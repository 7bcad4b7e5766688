using System.Text;
using IterableFunctions.Segment;

namespace IterableFunctions.Iterable.Mapping;

/// <summary>
/// A message's <c>integrations</c>: which destinations it is for. Names count in any case, an exact one first; a destination's entry beats <c>All</c>; only
/// <c>false</c> excludes.
/// </summary>
internal static class Integrations
{
    public static bool Exclude(SegmentMessage message)
    {
        var iterable = Iterable(message);
        return iterable.IsMissing ? Find(message.Integrations, "All"u8).IsFalse : iterable.IsFalse;
    }

    /// <summary>Options for this destination, where its entry is an object.</summary>
    public static JsonPart Iterable(SegmentMessage message) => Find(message.Integrations, "Iterable"u8);

    private static JsonPart Find(JsonPart integrations, ReadOnlySpan<byte> name)
    {
        JsonPart found = default;
        foreach (var entry in integrations.Members)
        {
            if (entry.NameIs(name))
                return entry.Value;
            if (found.IsMissing && Ascii.EqualsIgnoreCase(entry.Name, name))
                found = entry.Value;
        }

        return found;
    }
}
