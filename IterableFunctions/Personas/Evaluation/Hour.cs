using System.Globalization;

namespace IterableFunctions.Personas.Evaluation;

/// <summary>A full hour in UTC: the only "now" that evaluation knows.</summary>
/// <param name="Number">Hours since the year 1.</param>
public readonly record struct Hour(int Number) : IComparable<Hour>
{
    /// <summary>Later than every hour: a value that time alone never changes.</summary>
    internal const int Never = int.MaxValue;

    /// <summary>The hour that a moment lies in.</summary>
    /// <param name="ticks">UTC ticks.</param>
    public static Hour Containing(long ticks) => new((int)(ticks / TimeSpan.TicksPerHour));

    public static Hour Containing(DateTimeOffset moment) => Containing(moment.UtcTicks);

    /// <summary>The first moment of the hour, in UTC ticks.</summary>
    public long Ticks => Number * TimeSpan.TicksPerHour;

    public DateTimeOffset Start => new(Ticks, TimeSpan.Zero);

    public Hour Next => new(Number + 1);

    public static Hour operator +(Hour hour, int hours) => new(hour.Number + hours);

    public static bool operator <(Hour left, Hour right) => left.Number < right.Number;

    public static bool operator >(Hour left, Hour right) => left.Number > right.Number;

    public static bool operator <=(Hour left, Hour right) => left.Number <= right.Number;

    public static bool operator >=(Hour left, Hour right) => left.Number >= right.Number;

    public int CompareTo(Hour other) => Number.CompareTo(other.Number);

    internal static Hour? OrNone(int number) => number == Never ? null : new Hour(number);

    /// <summary>yyyyMMddHH, as in row keys.</summary>
    public override string ToString() => Start.ToString("yyyyMMddHH", CultureInfo.InvariantCulture);
}
