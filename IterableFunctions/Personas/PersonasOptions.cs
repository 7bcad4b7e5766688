namespace IterableFunctions.Personas;

/// <summary>Settings <c>Personas__…</c>.</summary>
public sealed class PersonasOptions
{
    public const string Section = "Personas";

    /// <summary>Whether messages are recorded into profiles. Without, the app forwards and keeps nothing. Default true.</summary>
    public bool Enabled { get; set; } = true;

    /// <summary>Where Iterable is told of several users in one call. Default <see cref="BulkUse.FirstSync"/>.</summary>
    public BulkUse Bulk { get; set; }

    /// <summary>
    /// How long after a definition was saved all profiles begin to be brought up to it: longer than the half minute for which processes may still know the definitions of before. Default one minute.
    /// </summary>
    public TimeSpan BackfillDelay { get; set; } = TimeSpan.FromMinutes(1);
}
