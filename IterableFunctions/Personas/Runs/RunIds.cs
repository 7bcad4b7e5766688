using System.Globalization;
using IterableFunctions.Personas.Evaluation;

namespace IterableFunctions.Personas.Runs;

/// <summary>The ids of runs, which sort newest first.</summary>
public static class RunIds
{
    /// <summary>No key has such a sign.</summary>
    private const string Resending = "-resend";

    private const long Last = 9_999_999_999, LastMillisecond = 99_999_999_999_999;

    /// <summary>The run of an hour: there is one.</summary>
    public static string OfHour(Hour hour) => (Last - long.Parse(hour.ToString(), CultureInfo.InvariantCulture)).ToString("D10", CultureInfo.InvariantCulture);

    /// <summary>Where the runs of the hours before this one begin: behind its own, and behind the backfills that were asked for in it.</summary>
    public static string Before(Hour hour) => $"{OfHour(hour)}~";

    /// <summary>A backfill that is asked for now. What it is to do is known by its id alone, whatever of it is lost.</summary>
    /// <param name="definition">The definition's key.</param>
    /// <param name="resend">Whether members are told again of what they were told before.</param>
    /// <param name="now">Now.</param>
    public static string OfBackfill(string definition, bool resend, DateTimeOffset now)
        => $"{OfHour(Hour.Containing(now))}-{(LastMillisecond - now.ToUnixTimeMilliseconds()).ToString("D14", CultureInfo.InvariantCulture)}-{definition}{(resend ? Resending : "")}";

    /// <summary>Whether a backfill tells members again of what they were told before.</summary>
    public static bool Resends(string backfill) => backfill.EndsWith(Resending, StringComparison.Ordinal);

    /// <summary>When a backfill was asked for, UTC.</summary>
    public static DateTime AskedFor(string backfill) => DateTimeOffset.FromUnixTimeMilliseconds(LastMillisecond - long.Parse(backfill.AsSpan(11, 14), CultureInfo.InvariantCulture)).UtcDateTime;
}
