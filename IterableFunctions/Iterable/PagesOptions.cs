namespace IterableFunctions.Iterable;

/// <summary>Settings <c>Pages__…</c>: which page and screen calls become events.</summary>
public sealed class PagesOptions
{
    public const string Section = "Pages";

    /// <summary>Every page and screen. Default true.</summary>
    public bool TrackAll { get; set; } = true;

    /// <summary>Where not all: those with a name. Default false.</summary>
    public bool TrackNamed { get; set; }

    /// <summary>Where not all: those with a category. Default false.</summary>
    public bool TrackCategorized { get; set; }
}
