namespace IterableFunctions.Personas.Queries;

internal enum TokenKind
{
    /// <summary>The end of the text.</summary>
    End,
    Word,
    Text,
    Number,
    Date,
    /// <summary>An operator or a punctuation mark.</summary>
    Symbol,
}

/// <summary>One piece of a query.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Start">Where it starts, in UTF-16 units from the start of the text.</param>
/// <param name="Content">A text without quotes and escapes; everything else as written.</param>
internal readonly record struct Token(TokenKind Kind, int Start, string Content)
{
    public bool Is(string symbol) => Kind is TokenKind.Symbol && Content == symbol;

    public bool IsWord(string word) => Kind is TokenKind.Word && Content == word;

    /// <summary>Words that join conditions are known in any case: there is nothing else they could be.</summary>
    public bool IsJunction(string word) => Kind is TokenKind.Word && Content.Equals(word, StringComparison.OrdinalIgnoreCase);

    /// <summary>The token as an error message shows it.</summary>
    public string Shown => Kind switch
    {
        TokenKind.End => "the end",
        TokenKind.Text => "the text '" + Content + "'",
        _ => "'" + Content + "'",
    };
}
