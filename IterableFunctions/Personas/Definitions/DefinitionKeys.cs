namespace IterableFunctions.Personas.Definitions;

/// <summary>What a definition's key may be: it is the name of a user field at Iterable, a member of events, a word in queries, and a part of an address.</summary>
public static class DefinitionKeys
{
    public const int Longest = 128;

    /// <summary>What a definition without name and key is called while it is previewed.</summary>
    public const string OfPreviews = "preview";

    /// <summary>Fields with a meaning at Iterable or in the events that tell of definitions, and parts of this API's addresses.</summary>
    private static readonly string[] _reserved = ["email", "user_id", "userid", "anonymous_id", "audience_key", "trait_key", OfPreviews];

    /// <summary>The key that a name gives: in lower case, with underscores for spaces, as Segment's Iterable destination names fields.</summary>
    public static string Of(string name) => name.Trim().ToLowerInvariant().Replace(' ', '_');

    /// <summary>Why a key cannot be one; null where it can.</summary>
    /// <param name="key">The key.</param>
    /// <param name="isDerived">Whether it was made of a name.</param>
    public static DefinitionRefusal? Check(string key, bool isDerived)
    {
        const string Rule = "A key has 1 to 128 characters, of a to z, 0 to 9 and _, and begins with a letter or digit";
        var whose = isDerived ? $"The name gives the key \"{key}\"" : $"The key is \"{key}\"";
        var change = isDerived ? "give a \"key\" of your own" : "choose another";
        if (key.Length is 0 or > Longest || !key.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_') || key[0] == '_')
            return new(RefusalReason.Invalid, "invalid_key", $"{(key.Length > Longest ? $"The key has {key.Length} characters" : whose)}. {Rule}: {change}.");
        return _reserved.Contains(key, StringComparer.Ordinal) ? new(RefusalReason.Invalid, "reserved_key", $"{whose}, which has a meaning of its own: {change}.") : null;
    }
}
