namespace IterableFunctions.Personas.Evaluation;

public enum DefinitionKind
{
    /// <summary>Its query is a condition, its value true or false.</summary>
    Audience,
    /// <summary>Its query is a value.</summary>
    ComputedTrait,
}

/// <summary>An audience or computed trait as a user wrote it.</summary>
/// <param name="Key">Unique over audiences and computed traits; what <c>trait('key')</c> refers to.</param>
/// <param name="Kind">Which of the two it is.</param>
/// <param name="Query">Text in Segment's query language.</param>
public sealed record Definition(string Key, DefinitionKind Kind, string Query);

/// <summary>A definition that may be well written but cannot stand beside the others, or cannot be read at all.</summary>
public sealed class DefinitionException : Exception
{
    internal DefinitionException(string key, string message, Exception? cause = null)
        : base(message, cause) => Key = key;

    /// <summary>The definition at fault.</summary>
    public string Key { get; }
}
