namespace IterableFunctions.Storage;

/// <summary>Settings <c>Storage__…</c>.</summary>
public sealed class StorageOptions
{
    public const string Section = "Storage";

    /// <summary>Longest prefix, in characters: a table's name has 63 at most.</summary>
    public const int LongestPrefix = 40;

    /// <summary>What the names of all tables begin with, so that several apps can share a storage account: letters and digits, a letter first. Default none.</summary>
    public string TablePrefix { get; set; } = "";
}
