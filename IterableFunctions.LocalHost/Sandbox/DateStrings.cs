namespace IterableFunctions.LocalHost.Sandbox;

/// <summary>
/// The strings that Iterable takes for dates: help article "Field Data Types", as Block's client (iterable-go) lists them.
/// Everything else, ISO 8601 without milliseconds included, is text.
/// </summary>
internal static class DateStrings
{
    // '0' stands for a digit, '+' for a sign, everything else for itself.
    private static readonly string[] _forms =
    [
        "0000-00-00",
        "0000-00-00 00:00:00",
        "0000-00-00 00:00:00 +00:00",
        "0000-00-00T00:00:00.000+00:00",
        "0000-00-00T00:00:00.000Z",
    ];

    public static bool IsDate(string? text)
    {
        if (text is not { Length: 10 or 19 or 24 or 26 or 29 })
            return false;
        foreach (var form in _forms)
        {
            if (form.Length == text.Length && HasForm(text, form))
                return Exists(text);
        }
        return false;
    }

    private static bool HasForm(string text, string form)
    {
        for (var i = 0; i < form.Length; i++)
        {
            var fits = form[i] switch
            {
                '0' => char.IsAsciiDigit(text[i]),
                '+' => text[i] is '+' or '-',
                var literal => text[i] == literal,
            };
            if (!fits)
                return false;
        }
        return true;
    }

    private static bool Exists(string text)
    {
        var (year, month, day) = (Number(text, 0, 4), Number(text, 5, 2), Number(text, 8, 2));
        if (year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month))
            return false;
        return text.Length == 10 || (Number(text, 11, 2) < 24 && Number(text, 14, 2) < 60 && Number(text, 17, 2) < 60);
    }

    private static int Number(string text, int start, int length)
    {
        var number = 0;
        for (var i = start; i < start + length; i++)
            number = number * 10 + (text[i] - '0');
        return number;
    }
}
