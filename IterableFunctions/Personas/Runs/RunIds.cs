using System.Globalization;
using IterableFunctions.Personas.Evaluation;

namespace IterableFunctions.Personas.Runs;

/// <summary>The ids of runs, which sort newest first.</summary>
public static class RunIds
{
    private const long Last = 9_999_999_999, LastMillisecond = 99_999_999_999_999;

    /// <summary>The run of an hour: there is one.</summary>
    public static string OfHour(Hour hour) => (Last - long.Parse(hour.ToString(), CultureInfo.InvariantCulture)).ToString("D10", CultureInfo.InvariantCulture);

    /// <summary>Where the runs of the hours before this one begin: behind its own, and behind the backfills that were asked for in it.</summary>
    public static string Before(Hour hour) => $"{OfHour(hour)}~";

    /// <summary>A backfill that is asked for now.</summary>
    public static string OfBackfill(string definition, DateTimeOffset now)
        => $"{OfHour(Hour.Containing(now))}-{(LastMillisecond - now.ToUnixTimeMilliseconds()).ToString("D14", CultureInfo.InvariantCulture)}-{definition}";
}
