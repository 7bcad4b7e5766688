using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace IterableFunctions.Personas.Queries;

public enum ValueKind
{
    /// <summary>Absent, or JSON null.</summary>
    Null,
    Boolean,
    Number,
    Text,
    /// <summary>A date or timestamp written in a definition without quotes. Data never has this kind: JSON has no dates.</summary>
    Date,
    /// <summary>What <c>unique</c> gives: texts, distinct, in ordinal order.</summary>
    List,
}

/// <summary>
/// What a property, a trait, a literal or a definition is worth. Arrays and objects are their compact JSON text, as
/// Segment flattens them to a string.
/// </summary>
public readonly struct Value : IEquatable<Value>
{
    // Characters outside ASCII stay themselves, so that contains('é') finds them inside a flattened array.
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly object? _reference;
    private readonly Number _number;
    private readonly bool _fraction;

    private Value(ValueKind kind, Number number, object? reference, bool fraction = false)
    {
        Kind = kind;
        _number = number;
        _reference = reference;
        _fraction = fraction;
    }

    public static Value Null => default;

    public static Value True => new(ValueKind.Boolean, Number.From(1m), null);

    public static Value False => new(ValueKind.Boolean, Number.Zero, null);

    public ValueKind Kind { get; }

    public bool IsNull => Kind is ValueKind.Null;

    public bool Boolean => Kind is ValueKind.Boolean && _number.Exact != 0;

    /// <summary>The number; zero for other kinds.</summary>
    public Number Number => Kind is ValueKind.Number ? _number : Number.Zero;

    /// <summary>The items of a list; empty for other kinds.</summary>
    public IReadOnlyList<string> Items => _reference as string[] ?? [];

    /// <summary>Whether JSON shows this number with a decimal point whatever its value.</summary>
    internal bool IsFraction => _fraction;

    public static Value From(bool value) => value ? True : False;

    public static Value From(long value) => new(ValueKind.Number, Number.From((decimal)value), null);

    public static Value From(Number value) => new(ValueKind.Number, value, null);

    /// <summary>
    /// A number that goes out with a decimal point always: Iterable freezes a field's type at its first value, and an
    /// average that happens to be 10 must not make the field an integer.
    /// </summary>
    public static Value FromFraction(Number value) => new(ValueKind.Number, value, null, fraction: true);

    public static Value From(string value) => new(ValueKind.Text, Number.Zero, value);

    /// <param name="texts">Distinct, in ordinal order.</param>
    public static Value FromList(string[] texts) => new(ValueKind.List, Number.Zero, texts);

    /// <param name="text">An ISO 8601 date or timestamp.</param>
    public static Value FromDate(string text) => new(ValueKind.Date, Number.Zero, text);

    /// <summary>Reads a JSON value. Undefined and null are <see cref="Null"/>; arrays and objects become their compact text.</summary>
    public static Value From(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => From(TextOf(json)),
        JsonValueKind.Number => From(Number.From(json)),
        JsonValueKind.True => True,
        JsonValueKind.False => False,
        JsonValueKind.Array or JsonValueKind.Object => From(CompactText(json)),
        _ => Null,
    };

    /// <summary>The value as text comparators see it; null has none.</summary>
    public string? AsText() => Kind switch
    {
        ValueKind.Text or ValueKind.Date => (string)_reference!,
        ValueKind.Number => _number.ToString(),
        ValueKind.Boolean => Boolean ? "true" : "false",
        ValueKind.List => ToJson(),
        _ => null,
    };

    /// <summary>The number this value is, or that its text spells.</summary>
    internal bool TryGetNumber(out Number number)
    {
        number = _number;
        return Kind switch
        {
            ValueKind.Number => true,
            ValueKind.Text => Number.TryParse((string)_reference!, out number),
            _ => false,
        };
    }

    /// <summary>The truth value this value is, or that its text spells.</summary>
    internal bool TryGetBoolean(out bool boolean)
    {
        boolean = Boolean;
        if (Kind is ValueKind.Boolean)
            return true;
        if (Kind is not ValueKind.Text || (string)_reference! is not ("true" or "false"))
            return false;
        boolean = (string)_reference is "true";
        return true;
    }

    /// <summary>The instant this value is, or that its text spells.</summary>
    /// <param name="ticks">UTC ticks.</param>
    /// <param name="dateOnly">A day without a time of day.</param>
    internal bool TryGetInstant(out long ticks, out bool dateOnly)
    {
        (ticks, dateOnly) = (0, false);
        return Kind is ValueKind.Text or ValueKind.Date && IsoTime.TryParse((string)_reference!, out ticks, out dateOnly);
    }

    /// <summary>Writes the value as it goes to Iterable: counts as integers; sums, averages, minima and maxima with a decimal point.</summary>
    public void WriteTo(Utf8JsonWriter writer)
    {
        switch (Kind)
        {
            case ValueKind.Boolean:
                writer.WriteBooleanValue(Boolean);
                break;
            case ValueKind.Number:
                writer.WriteRawValue(_fraction ? _number.ToFractionString() : _number.ToString());
                break;
            case ValueKind.Text or ValueKind.Date:
                writer.WriteStringValue((string)_reference!);
                break;
            case ValueKind.List:
                writer.WriteStartArray();
                foreach (var item in (string[])_reference!)
                    writer.WriteStringValue(item);
                writer.WriteEndArray();
                break;
            default:
                writer.WriteNullValue();
                break;
        }
    }

    public string ToJson() => Encoding.UTF8.GetString(ToUtf8Json());

    public byte[] ToUtf8Json()
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Compact))
            WriteTo(writer);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Whether both are of one kind and worth the same; 10 and 10.0 are.</summary>
    public bool Equals(Value other) => Kind == other.Kind && Kind switch
    {
        ValueKind.Null => true,
        ValueKind.Boolean => Boolean == other.Boolean,
        ValueKind.Number => _number == other._number,
        ValueKind.List => Items.SequenceEqual(other.Items),
        _ => string.Equals((string)_reference!, (string)other._reference!, StringComparison.Ordinal),
    };

    public override bool Equals(object? obj) => obj is Value other && Equals(other);

    public static bool operator ==(Value left, Value right) => left.Equals(right);

    public static bool operator !=(Value left, Value right) => !left.Equals(right);

    public override int GetHashCode() => Kind switch
    {
        ValueKind.Number or ValueKind.Boolean => HashCode.Combine(Kind, _number),
        ValueKind.List => HashCode.Combine(Kind, Items.Count),
        _ => HashCode.Combine(Kind, _reference),
    };

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Kind} {ToJson()}");

    private static string TextOf(JsonElement json)
    {
        try
        {
            return json.GetString()!;
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair, written as \ud83d: valid JSON, but no text. One broken emoji must not stop a profile.
            return json.GetRawText()[1..^1];
        }
    }

    private static string CompactText(JsonElement json)
    {
        try
        {
            var buffer = new ArrayBufferWriter<byte>();
            using (var writer = new Utf8JsonWriter(buffer, Compact))
                json.WriteTo(writer);
            return Encoding.UTF8.GetString(buffer.WrittenSpan);
        }
        catch (InvalidOperationException)
        {
            return json.GetRawText();
        }
    }
}
