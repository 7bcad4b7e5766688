namespace IterableFunctions.Personas.Queries;

/// <summary>
/// Reads ISO 8601 dates and timestamps: <c>2024-05-01</c>, <c>2024-05-01T10:00Z</c>,
/// <c>2024-05-01T10:00:00.123+02:00</c>. Without a zone the time is UTC. Anything else is not a date: a value that only
/// looks like one must compare as text, never as a guess.
/// </summary>
public static class IsoTime
{
    /// <summary>Reads the whole of <paramref name="text"/>.</summary>
    /// <param name="text">The text to read.</param>
    /// <param name="ticks">The instant in UTC ticks; a date alone is its midnight.</param>
    /// <param name="dateOnly">Whether the text had no time of day.</param>
    public static bool TryParse(ReadOnlySpan<char> text, out long ticks, out bool dateOnly)
    {
        var length = ParsePrefix(text, out ticks, out dateOnly);
        return length > 0 && length == text.Length;
    }

    /// <summary>Reads as much of <paramref name="text"/> as is a date or timestamp and says how many characters that was; 0 if none.</summary>
    internal static int ParsePrefix(ReadOnlySpan<char> text, out long ticks, out bool dateOnly)
    {
        ticks = 0;
        dateOnly = true;
        if (text.Length < 10 || text[4] != '-' || text[7] != '-'
            || !Digits(text, 0, 4, out var year) || !Digits(text, 5, 2, out var month) || !Digits(text, 8, 2, out var day)
            || year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month))
            return 0;
        ticks = new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Utc).Ticks;
        if (text.Length < 16 || text[10] is not ('T' or 't' or ' ') || text[13] != ':'
            || !Digits(text, 11, 2, out var hour) || !Digits(text, 14, 2, out var minute) || hour > 23 || minute > 59)
            return 10;

        var at = 16;
        var time = hour * TimeSpan.TicksPerHour + minute * TimeSpan.TicksPerMinute;
        if (at < text.Length && text[at] == ':' && Digits(text, at + 1, 2, out var second) && second <= 59)
        {
            time += second * TimeSpan.TicksPerSecond;
            at += 3;
            if (at + 1 < text.Length && text[at] is '.' or ',' && char.IsAsciiDigit(text[at + 1]))
            {
                at++;
                var unit = TimeSpan.TicksPerSecond;
                for (; at < text.Length && char.IsAsciiDigit(text[at]); at++)
                {
                    unit /= 10;
                    time += (text[at] - '0') * unit;
                }
            }
        }

        if (at < text.Length && text[at] is 'Z' or 'z')
            at++;
        else if (at + 2 < text.Length && text[at] is '+' or '-' && Digits(text, at + 1, 2, out var zoneHours) && zoneHours <= 14)
        {
            var sign = text[at] == '-' ? 1 : -1;
            at += 3;
            var minutesAt = at < text.Length && text[at] == ':' ? at + 1 : at;
            if (Digits(text, minutesAt, 2, out var zoneMinutes) && zoneMinutes <= 59)
                at = minutesAt + 2;
            else
                zoneMinutes = 0;
            time += sign * (zoneHours * TimeSpan.TicksPerHour + zoneMinutes * TimeSpan.TicksPerMinute);
        }

        dateOnly = false;
        ticks = Math.Clamp(ticks + time, 0, DateTime.MaxValue.Ticks);
        return at;
    }

    private static bool Digits(ReadOnlySpan<char> text, int start, int count, out int value)
    {
        value = 0;
        if (start + count > text.Length)
            return false;
        for (var i = start; i < start + count; i++)
        {
            if (!char.IsAsciiDigit(text[i]))
                return false;
            value = value * 10 + (text[i] - '0');
        }
        return true;
    }
}
