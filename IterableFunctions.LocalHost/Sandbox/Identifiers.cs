namespace IterableFunctions.LocalHost.Sandbox;

/// <summary>Which emails and userIds Iterable takes for well-formed.</summary>
internal static class Identifiers
{
    /// <summary>
    /// Iterable's help gives 52 characters as the most; the API docs say only "too long".
    /// </summary>
    public const int LongestUserId = 52;

    /// <summary>
    /// Iterable says no more than "malformed". Decided: one <c>@</c>, something before it, a domain with a dot behind it, and
    /// nothing that an address may hold only in quotes. An address that this refuses, no mail system would deliver.
    /// </summary>
    public static bool IsEmail(string email)
    {
        var at = email.IndexOf('@', StringComparison.Ordinal);
        if (at <= 0 || email.Length > 254)
            return false;
        foreach (var character in email)
        {
            if (character <= ' ' || character is '\u007f' or ',' or ';' or ':' or '<' or '>' or '(' or ')' or '[' or ']' or '\\' or '"' || char.IsWhiteSpace(character))
                return false;
        }
        var domain = email.AsSpan(at + 1);
        return domain.IndexOf('@') < 0
            && domain.IndexOf('.') > 0
            && domain[^1] != '.'
            && domain.IndexOf("..", StringComparison.Ordinal) < 0;
    }

    /// <summary>
    /// "Malformed userId values (e.g. empty, too long, or containing non-ASCII or non-printable characters or a trailing
    /// space)": Iterable API docs, FailedUserUpdates.
    /// </summary>
    public static bool IsUserId(string userId)
    {
        if (userId.Length is 0 or > LongestUserId || userId[^1] == ' ')
            return false;
        foreach (var character in userId)
        {
            if (character is < ' ' or > '~')
                return false;
        }
        return true;
    }

    /// <summary>Iterable keeps emails in lower case and compares them so.</summary>
    public static string? Normalize(string? email) => email?.ToLowerInvariant();
}
