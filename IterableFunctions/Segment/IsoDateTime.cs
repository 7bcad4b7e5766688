namespace IterableFunctions.Segment;

/// <summary>
/// The ISO 8601 instants that Segment's libraries write and Segment's destinations recognise:
/// <c>yyyy-MM-dd</c>, <c>T</c> or a blank, <c>hh:mm</c> (the colon may be left out), then seconds, a fraction behind a point or comma, and a zone
/// (<c>Z</c>, <c>±hh</c>, <c>±hhmm</c>, <c>±hh:mm</c>), each optional. No zone is UTC.
/// </summary>
internal static class IsoDateTime
{
    /// <summary>Cheap test that no instant fails, to tell most texts apart without parsing them.</summary>
    public static bool MayBe(ReadOnlySpan<byte> text) => text.Length >= 15 && text[4] == '-' && text[7] == '-' && char.IsAsciiDigit((char)text[0]);

    /// <summary>Reads an instant. False for everything else, dates that do not exist (February 30) and dates without a time among it.</summary>
    /// <param name="text">The whole text; blanks around it are not taken.</param>
    /// <param name="utc">The instant, finer than a tick cut off.</param>
    public static bool TryParse(ReadOnlySpan<byte> text, out DateTime utc)
    {
        utc = default;
        if (!MayBe(text) || !TryParseDate(text[..10], out var date))
            return false;

        var rest = text[10..];
        if (rest[0] is not ((byte)'T' or (byte)' ') || !TakeTwoDigits(ref rest, 1, out var hour))
            return false;
        if (!TakeTwoDigits(ref rest, Starts(rest, ':'), out var minute))
            return false;

        var ticks = 0L;
        if (TakeTwoDigits(ref rest, Starts(rest, ':'), out var second))
            ticks = TakeFraction(ref rest);
        else if (Starts(rest, ':') == 1)
            return false;

        if (hour > 23 || minute > 59 || second > 59 || !TryParseZone(rest, out var offset))
            return false;

        ticks += date.Ticks + new TimeSpan(hour, minute, second).Ticks - offset.Ticks;
        if (ticks < DateTime.MinValue.Ticks || ticks > DateTime.MaxValue.Ticks)
            return false;
        utc = new DateTime(ticks, DateTimeKind.Utc);
        return true;
    }

    /// <summary>Reads <c>yyyy-MM-dd</c>.</summary>
    public static bool TryParseDate(ReadOnlySpan<byte> text, out DateTime midnight)
    {
        midnight = default;
        if (text.Length != 10 || text[4] != '-' || text[7] != '-'
            || !TryDigits(text[..4], out var year) || !TryDigits(text[5..7], out var month) || !TryDigits(text[8..], out var day)
            || year == 0 || month is 0 or > 12 || day == 0 || day > DateTime.DaysInMonth(year, month))
        {
            return false;
        }

        midnight = new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Utc);
        return true;
    }

    private static int Starts(ReadOnlySpan<byte> text, char with) => text.Length > 0 && text[0] == with ? 1 : 0;

    private static bool TakeTwoDigits(ref ReadOnlySpan<byte> rest, int skip, out int value)
    {
        value = 0;
        if (rest.Length < skip + 2 || !TryDigits(rest.Slice(skip, 2), out value))
            return false;
        rest = rest[(skip + 2)..];
        return true;
    }

    private static long TakeFraction(ref ReadOnlySpan<byte> rest)
    {
        if (rest.Length < 2 || rest[0] is not ((byte)'.' or (byte)',') || !char.IsAsciiDigit((char)rest[1]))
            return 0;

        var ticks = 0L;
        var unit = TimeSpan.TicksPerSecond / 10;
        var at = 1;
        for (; at < rest.Length && char.IsAsciiDigit((char)rest[at]); at++, unit /= 10)
            ticks += (rest[at] - '0') * unit;
        rest = rest[at..];
        return ticks;
    }

    private static bool TryParseZone(ReadOnlySpan<byte> zone, out TimeSpan offset)
    {
        offset = default;
        if (zone.Length == 0 || (zone.Length == 1 && zone[0] == 'Z'))
            return true;
        if (zone[0] is not ((byte)'+' or (byte)'-') || zone.Length is not (3 or 5 or 6)
            || !TryDigits(zone.Slice(1, 2), out var hours) || hours > 23)
        {
            return false;
        }

        var minutes = 0;
        if (zone.Length == 6 && zone[3] != ':')
            return false;
        if (zone.Length > 3 && (!TryDigits(zone[^2..], out minutes) || minutes > 59))
            return false;
        offset = new TimeSpan(hours, minutes, 0) * (zone[0] == '-' ? -1 : 1);
        return true;
    }

    private static bool TryDigits(ReadOnlySpan<byte> text, out int value)
    {
        value = 0;
        foreach (var b in text)
        {
            if (!char.IsAsciiDigit((char)b))
                return false;
            value = (value * 10) + (b - '0');
        }

        return true;
    }
}
