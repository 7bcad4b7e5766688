namespace IterableFunctions.Personas.Evaluation;

/// <summary>Turns moments into the hours at which an evaluation first sees them passed.</summary>
internal static class Edges
{
    /// <summary>The first hour whose start, or whose day's start, is at or after the moment.</summary>
    /// <param name="ticks">UTC ticks; may lie before the year 1.</param>
    /// <param name="unit">Ticks of an hour or of a day.</param>
    public static int At(long ticks, long unit) =>
        ticks <= 0 ? 0 : ToHours((ticks + unit - 1) / unit, unit);

    /// <summary>The first hour whose start, or whose day's start, is after the moment.</summary>
    public static int After(long ticks, long unit) =>
        ticks < 0 ? 0 : ToHours(ticks / unit + 1, unit);

    private static int ToHours(long units, long unit) => (int)(units * (unit / TimeSpan.TicksPerHour));
}
