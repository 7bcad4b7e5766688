using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace IterableFunctions.Personas.Profiles;

/// <summary>What was last sent to Iterable for one identifier that calls are addressed to, each with the time of its message.</summary>
/// <param name="Fields">By field of the user.</param>
/// <param name="Cart">The items of the last cart, none after a purchase; null before the first.</param>
public sealed record LastSent(ImmutableSortedDictionary<string, SentValue> Fields, SentValue? Cart)
{
    public static LastSent Nothing { get; } = new(ImmutableSortedDictionary.Create<string, SentValue>(StringComparer.Ordinal), null);

    public LastSent With(SentCall call, long time)
    {
        var fields = Fields.ToBuilder();
        if (call.Fields is { } given)
        {
            foreach (var field in given.EnumerateObject())
                fields[field.Name] = SentValue.Newer(fields.GetValueOrDefault(field.Name), Of(field.Value));
        }

        return new(fields.ToImmutable(), call.Cart is { } items ? SentValue.Newer(Cart, Of(items)) : Cart);

        SentValue Of(JsonElement value) => new(time, Encoding.UTF8.GetBytes(value.GetRawText()));
    }

    public LastSent Join(LastSent other)
    {
        var fields = Fields.ToBuilder();
        foreach (var (name, value) in other.Fields)
            fields[name] = SentValue.Newer(fields.GetValueOrDefault(name), value);
        return new(fields.ToImmutable(), other.Cart is { } cart ? SentValue.Newer(Cart, cart) : Cart);
    }

    /// <summary>The times alone, to save room.</summary>
    public LastSent WithoutValues() => new(Fields.ToImmutableSortedDictionary(field => field.Key, field => field.Value with { Json = default }, StringComparer.Ordinal), Cart is null ? null : Cart with { Json = default });
}

/// <summary>What a field or the cart was set to.</summary>
/// <param name="Time">Of the message, UTC ticks.</param>
/// <param name="Json">As sent, UTF-8; empty where there was no room to keep it.</param>
public sealed record SentValue(long Time, ReadOnlyMemory<byte> Json)
{
    /// <summary>The newer of two; of one moment always the same, whichever came first.</summary>
    public static SentValue Newer(SentValue? one, SentValue other)
        => one is null || one.Time < other.Time || (one.Time == other.Time && one.Json.Span.SequenceCompareTo(other.Json.Span) < 0) ? other : one;
}
