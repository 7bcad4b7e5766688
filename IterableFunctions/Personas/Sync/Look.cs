namespace IterableFunctions.Personas.Sync;

/// <summary>A message of the queue <c>sync</c>: look at this profile, and tell Iterable what it does not know.</summary>
/// <param name="Profile">The profile's id.</param>
/// <param name="Attempts">How often in a row Iterable could not take what it was told.</param>
public sealed record Look(string Profile, int Attempts = 0)
{
    /// <summary>Whether it is a full hour's look, at all definitions; else at those that do not depend on the clock.</summary>
    public bool IsFull { get; init; }

    /// <summary>Whether a row of the calendar asks for it, which is deleted afterwards.</summary>
    public bool IsDue { get; init; }

    /// <summary>Whether Iterable may be told in bulk, of a profile that had no message for a while.</summary>
    public bool MayBeBulk { get; init; }

    /// <summary>A definition that Iterable is told of again; null for none.</summary>
    public string? Resend { get; init; }
}

/// <summary>What a look has come to.</summary>
/// <param name="Joined">Definitions whose value is not empty any more.</param>
/// <param name="Left">Definitions whose value is empty now.</param>
/// <param name="Told">What Iterable was told.</param>
/// <param name="IsPending">Whether something is left to be told by another look, which is queued.</param>
public sealed record LookReport(IReadOnlyList<string> Joined, IReadOnlyList<string> Left, TellReport Told, bool IsPending)
{
    public static LookReport Nothing { get; } = new([], [], TellReport.Nothing, false);

    /// <summary>Nothing yet: the end of what goes on asks for another look.</summary>
    public static LookReport Later { get; } = Nothing with { IsPending = true };
}

/// <summary>What Iterable was told of a profile.</summary>
/// <param name="Calls">Calls.</param>
/// <param name="Refused">The definitions of which it refused to be told, once for each identifier.</param>
/// <param name="Wait">Where it could not take a call now: the wait before the next look, which is queued.</param>
/// <param name="IsLeft">Whether something is left to a look that is queued, for whichever reason.</param>
public sealed record TellReport(int Calls, IReadOnlyList<string> Refused, TimeSpan? Wait, bool IsLeft)
{
    public static TellReport Nothing { get; } = new(0, [], null, false);
}
