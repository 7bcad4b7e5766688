using System.Globalization;
using System.Text.Json;

namespace IterableFunctions.Personas.Queries;

/// <summary>
/// A number that is exact in decimal (28 significant digits, so that 0.1 + 0.2 is 0.3) as long as its size allows, and
/// a double beyond ±7.9e28, where money does not live. Digits past the 28th are rounded; below 1e-28 is zero.
/// </summary>
public readonly struct Number : IEquatable<Number>, IComparable<Number>
{
    // NaN stands for "exact"; a real NaN never gets in.
    private readonly double _approximate;

    private Number(decimal exact, double approximate)
    {
        Exact = exact;
        _approximate = approximate;
    }

    public static Number Zero => new(0m, double.NaN);

    /// <summary>The value when <see cref="IsExact"/>.</summary>
    public decimal Exact { get; }

    public bool IsExact => double.IsNaN(_approximate);

    /// <summary>The value as a double; the nearest one when it is exact.</summary>
    public double AsDouble => IsExact ? (double)Exact : _approximate;

    public bool IsWhole => IsExact ? decimal.Truncate(Exact) == Exact : Math.Truncate(_approximate) == _approximate;

    public static Number From(decimal value) => new(value, double.NaN);

    /// <summary>An approximate number comes back into decimal when it fits, so that one value has one form.</summary>
    public static Number From(double value)
    {
        if (Math.Abs(value) < 7.9e28)
            return From((decimal)value);
        // The largest double stands for everything beyond it: JSON has no infinity.
        return new(0m, Math.Clamp(double.IsNaN(value) ? 0 : value, -double.MaxValue, double.MaxValue));
    }

    /// <summary>Reads a JSON number.</summary>
    public static Number From(JsonElement json) =>
        json.TryGetDecimal(out var exact) ? From(exact) : From(json.GetDouble());

    /// <summary>Reads digits as JSON and people write them: sign, decimal point, exponent; no spaces, no separators.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Number number)
    {
        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        number = Zero;
        // "Infinity" and "NaN" are words here, and trying costs more than looking.
        if (text.IsEmpty || !(char.IsAsciiDigit(text[0]) || text[0] is '-' or '+' or '.'))
            return false;
        if (decimal.TryParse(text, Style, CultureInfo.InvariantCulture, out var exact))
        {
            number = From(exact);
            return true;
        }
        if (double.TryParse(text, Style, CultureInfo.InvariantCulture, out var approximate) && !double.IsNaN(approximate))
        {
            number = From(approximate);
            return true;
        }
        return false;
    }

    public static Number operator +(Number left, Number right)
    {
        if (left.IsExact && right.IsExact)
        {
            try
            {
                return From(left.Exact + right.Exact);
            }
            catch (OverflowException)
            {
                // falls through to doubles
            }
        }
        return From(left.AsDouble + right.AsDouble);
    }

    /// <summary>The quotient by a count; 28 significant digits.</summary>
    public static Number operator /(Number left, long count) =>
        left.IsExact ? From(left.Exact / count) : From(left.AsDouble / count);

    public static bool operator ==(Number left, Number right) => left.Equals(right);

    public static bool operator !=(Number left, Number right) => !left.Equals(right);

    public static bool operator <(Number left, Number right) => left.CompareTo(right) < 0;

    public static bool operator >(Number left, Number right) => left.CompareTo(right) > 0;

    public static bool operator <=(Number left, Number right) => left.CompareTo(right) <= 0;

    public static bool operator >=(Number left, Number right) => left.CompareTo(right) >= 0;

    public int CompareTo(Number other) =>
        IsExact && other.IsExact ? Exact.CompareTo(other.Exact) : AsDouble.CompareTo(other.AsDouble);

    public bool Equals(Number other) => CompareTo(other) == 0;

    public override bool Equals(object? obj) => obj is Number other && Equals(other);

    public override int GetHashCode() => IsExact ? Exact.GetHashCode() : _approximate.GetHashCode();

    /// <summary>The shortest text: no trailing zeros, no exponent unless beyond decimal's range. 1.50 and 1.5 read alike.</summary>
    public override string ToString()
    {
        if (!IsExact)
            return _approximate.ToString("R", CultureInfo.InvariantCulture);
        var text = Exact.ToString(CultureInfo.InvariantCulture);
        if (text.Contains('.'))
            text = text.TrimEnd('0').TrimEnd('.');
        return text is "-0" ? "0" : text;
    }

    /// <summary>As <see cref="ToString"/>, with a decimal point whatever the value: 10 becomes 10.0, 1E+30 becomes 1.0E+30.</summary>
    public string ToFractionString()
    {
        var text = ToString();
        if (text.Contains('.'))
            return text;
        var exponent = text.IndexOf('E');
        return exponent < 0 ? text + ".0" : text.Insert(exponent, ".0");
    }
}
