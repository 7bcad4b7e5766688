using System.Text;

namespace IterableFunctions.Personas.Queries;

/// <summary>
/// Cuts a query into tokens. Inside quotes of either style, a backslash before a quote or a backslash gives that
/// character; before anything else it is itself, so that the path escape <c>\.</c> needs no doubling.
/// </summary>
internal sealed class Lexer(string source)
{
    private int _at;

    public Token Next()
    {
        while (_at < source.Length && char.IsWhiteSpace(source[_at]))
            _at++;
        if (_at == source.Length)
            return new Token(TokenKind.End, _at, "");

        var start = _at;
        var c = source[_at];
        if (char.IsLetter(c) || c == '_')
            return Word(start);
        if (c is '\'' or '"')
            return Text(start, c);
        if (char.IsAsciiDigit(c) || (c == '-' && start + 1 < source.Length && char.IsAsciiDigit(source[start + 1])))
            return DateOrNumber(start);
        return Symbol(start);
    }

    private Token Word(int start)
    {
        while (_at < source.Length && (char.IsLetterOrDigit(source[_at]) || source[_at] == '_'))
            _at++;
        return new Token(TokenKind.Word, start, source[start.._at]);
    }

    private Token Text(int start, char quote)
    {
        var close = source.AsSpan(start + 1).IndexOfAny(quote, '\\');
        if (close >= 0 && source[start + 1 + close] == quote)
        {
            _at = start + close + 2;
            return new Token(TokenKind.Text, start, source.Substring(start + 1, close));
        }

        var content = new StringBuilder();
        for (_at = start + 1; _at < source.Length; _at++)
        {
            var c = source[_at];
            if (c == quote)
            {
                _at++;
                return new Token(TokenKind.Text, start, content.ToString());
            }
            if (c == '\\' && _at + 1 < source.Length && source[_at + 1] is '\\' or '\'' or '"')
                c = source[++_at];
            content.Append(c);
        }
        throw QuerySyntaxException.At(source, start, $"this text is not closed: expected {quote} before the end");
    }

    private Token DateOrNumber(int start)
    {
        var length = IsoTime.ParsePrefix(source.AsSpan(start), out _, out _);
        // A date is written with T or nothing behind it: "2024-01-01 10:00" is a date and then a mistake.
        if (length > 10 && source[start + 10] == ' ')
            length = 10;
        if (length > 0)
        {
            _at = start + length;
            return new Token(TokenKind.Date, start, source.Substring(start, length));
        }

        _at = start + 1;
        SkipDigits();
        if (_at + 1 < source.Length && source[_at] == '.' && char.IsAsciiDigit(source[_at + 1]))
        {
            _at++;
            SkipDigits();
        }
        if (_at < source.Length && source[_at] is 'e' or 'E')
        {
            var digits = _at + 1 < source.Length && source[_at + 1] is '+' or '-' ? _at + 2 : _at + 1;
            if (digits < source.Length && char.IsAsciiDigit(source[digits]))
            {
                _at = digits;
                SkipDigits();
            }
        }
        return new Token(TokenKind.Number, start, source[start.._at]);
    }

    private void SkipDigits()
    {
        while (_at < source.Length && char.IsAsciiDigit(source[_at]))
            _at++;
    }

    private Token Symbol(int start)
    {
        var two = start + 2 <= source.Length ? source.AsSpan(start, 2) : [];
        var symbol = two switch
        {
            "==" => "==",
            "!=" => "!=",
            ">=" => ">=",
            "<=" => "<=",
            _ => source[start] switch
            {
                '=' => "=",
                '>' => ">",
                '<' => "<",
                '(' => "(",
                ')' => ")",
                '{' => "{",
                '}' => "}",
                '[' => "[",
                ']' => "]",
                ',' => ",",
                ':' => ":",
                '.' => ".",
                _ => throw QuerySyntaxException.At(source, start, Unreadable(start)),
            },
        };
        _at = start + symbol.Length;
        return new Token(TokenKind.Symbol, start, symbol);
    }

    private string Unreadable(int start) => source[start] switch
    {
        '‘' or '’' or '“' or '”' => $"found the typographic quote {source[start]}; write ' or \"",
        '!' => "found '!'; write NOT before a condition, or != between two values",
        '&' => "found '&'; write AND",
        '|' => "found '|'; write OR",
        '≥' => "found '≥'; write >=",
        '≤' => "found '≤'; write <=",
        '≠' => "found '≠'; write !=",
        _ => $"found '{(char.IsControl(source[start]) || char.IsSurrogate(source[start]) ? $"\\u{(int)source[start]:x4}" : source[start])}', which means nothing here",
    };
}
