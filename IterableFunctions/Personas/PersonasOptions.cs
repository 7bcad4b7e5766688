namespace IterableFunctions.Personas;

/// <summary>Settings <c>Personas__…</c>.</summary>
public sealed class PersonasOptions
{
    public const string Section = "Personas";

    /// <summary>Whether messages are recorded into profiles. Without, the app forwards and keeps nothing. Default true.</summary>
    public bool Enabled { get; set; } = true;
}
