using System.Buffers.Text;
using System.Text;
using System.Text.Json;

namespace IterableFunctions.Segment;

/// <summary>
/// One value of a body, as a view on its bytes. The default is "not there", which reads as missing everywhere, so look-ups chain
/// without checks.
/// </summary>
public readonly struct JsonPart
{
    private readonly JsonTokens? _tokens;
    private readonly int _index;

    internal JsonPart(JsonTokens tokens, int index)
    {
        _tokens = tokens;
        _index = index;
    }

    public bool IsMissing => _tokens is null;

    public bool IsObject => Is(JsonTokens.Kind.Object);

    public bool IsArray => Is(JsonTokens.Kind.Array);

    public bool IsString => Is(JsonTokens.Kind.String);

    public bool IsNumber => Is(JsonTokens.Kind.Number);

    public bool IsTrue => Is(JsonTokens.Kind.True);

    public bool IsFalse => Is(JsonTokens.Kind.False);

    public bool IsNull => Is(JsonTokens.Kind.Null);

    /// <summary>Null, or not there.</summary>
    public bool IsNothing => IsMissing || IsNull;

    /// <summary>What JavaScript takes for true: Segment's classic destinations decide by it whether a value is given.</summary>
    public bool IsTruthy => !IsNothing && !IsFalse
        && (IsNumber ? Utf8Parser.TryParse(Raw, out double number, out _) && number != 0 : !IsString || Raw.Length > 2);

    /// <summary>The value's bytes as they stand in the body, quotes and braces included.</summary>
    public ReadOnlySpan<byte> Raw => _tokens is null ? default : _tokens.Bytes(Token.Start, Token.End);

    /// <summary>The text of a string, or the digits of a number, in UTF-8 and without escapes. Empty for everything else.</summary>
    public ReadOnlySpan<byte> Text => _tokens is null ? default : TextOf(_tokens, Token);

    /// <summary>Whether there is no text in it but ASCII blanks: what an empty form field sends. True for all that is neither string nor number.</summary>
    public bool IsBlank => Text.Trim(" \t\r\n"u8).IsEmpty;

    /// <summary>What this is, for a sentence: "an object", "a number".</summary>
    public string Describe() => _tokens is null ? "missing" : Token.Kind switch
    {
        JsonTokens.Kind.Object => "an object",
        JsonTokens.Kind.Array => "an array",
        JsonTokens.Kind.String => "a string",
        JsonTokens.Kind.Number => "a number",
        JsonTokens.Kind.Null => "null",
        _ => "a boolean",
    };

    /// <summary>The text of a string or number as a .NET string; empty for everything else.</summary>
    public override string ToString() => Encoding.UTF8.GetString(Text);

    /// <summary>The member of exactly this name. The last one counts when the name is repeated, as in every JSON parser that senders use.</summary>
    public JsonPart this[ReadOnlySpan<byte> name]
    {
        get
        {
            JsonPart found = default;
            foreach (var member in Members)
            {
                if (member.NameIs(name))
                    found = member.Value;
            }

            return found;
        }
    }

    /// <summary>
    /// The first member whose name is this one but for case and for every character other than letters, digits and dots:
    /// <c>E-Mail</c> and <c>e_mail</c> are <c>email</c>. (How Segment's classic destinations look properties up.)
    /// </summary>
    /// <param name="name">Lower case, letters and digits only.</param>
    public JsonPart Loosely(ReadOnlySpan<byte> name)
    {
        foreach (var member in Members)
        {
            if (member.NameIsLoosely(name))
                return this[member.Name];
        }

        return default;
    }

    /// <summary>The members of an object, in order. None for everything else.</summary>
    public MemberEnumerator Members => IsObject ? new(_tokens!, _index + 1, Token.Next) : default;

    /// <summary>The elements of an array, in order. None for everything else.</summary>
    public ElementEnumerator Elements => IsArray ? new(_tokens!, _index + 1, Token.Next) : default;

    /// <summary>All tokens inside this value, itself included.</summary>
    internal ReadOnlySpan<JsonTokens.Token> Tokens => _tokens is null ? default : _tokens.Range(_index, Token.Next);

    internal ReadOnlySpan<byte> TextAt(JsonTokens.Token token) => TextOf(_tokens!, token);

    internal ReadOnlySpan<byte> Bytes(int start, int end) => _tokens!.Bytes(start, end);

    private ref readonly JsonTokens.Token Token => ref _tokens![_index];

    private bool Is(JsonTokens.Kind kind) => _tokens is not null && Token.Kind == kind;

    private static ReadOnlySpan<byte> TextOf(JsonTokens tokens, JsonTokens.Token token)
    {
        switch (token.Kind)
        {
            case JsonTokens.Kind.Number:
                return tokens.Bytes(token.Start, token.End);
            case JsonTokens.Kind.String or JsonTokens.Kind.Name when !token.Escaped:
                return tokens.Bytes(token.Start + 1, token.End - 1);
            case JsonTokens.Kind.String or JsonTokens.Kind.Name:
                var quoted = tokens.Bytes(token.Start, token.End);
                var reader = new Utf8JsonReader(quoted);
                reader.Read();
                var text = new byte[quoted.Length];
                return text.AsSpan(0, reader.CopyString(text));
            default:
                return default;
        }
    }

    /// <summary>A name and its value.</summary>
    public readonly struct Member
    {
        private readonly JsonTokens _tokens;
        private readonly int _index;

        internal Member(JsonTokens tokens, int index)
        {
            _tokens = tokens;
            _index = index;
        }

        /// <summary>The name as it stands in the body, quotes included.</summary>
        public ReadOnlySpan<byte> RawName => _tokens.Bytes(_tokens[_index].Start, _tokens[_index].End);

        /// <summary>The name in UTF-8, without escapes.</summary>
        public ReadOnlySpan<byte> Name => TextOf(_tokens, _tokens[_index]);

        public JsonPart Value => new(_tokens, _index + 1);

        public bool NameIs(ReadOnlySpan<byte> name)
        {
            ref readonly var token = ref _tokens[_index];
            return token.Escaped ? Name.SequenceEqual(name)
                : token.End - token.Start - 2 == name.Length && _tokens.Bytes(token.Start + 1, token.End - 1).SequenceEqual(name);
        }

        /// <inheritdoc cref="Loosely"/>
        public bool NameIsLoosely(ReadOnlySpan<byte> name)
        {
            var at = 0;
            foreach (var b in Name)
            {
                if (!char.IsAsciiLetterOrDigit((char)b) && b != '.')
                    continue;
                if (at == name.Length || (byte)(b is >= (byte)'A' and <= (byte)'Z' ? b | 0x20 : b) != name[at])
                    return false;
                at++;
            }

            return at == name.Length;
        }
    }

    public ref struct MemberEnumerator
    {
        private readonly JsonTokens? _tokens;
        private readonly int _end;
        private int _next;
        private int _current;

        internal MemberEnumerator(JsonTokens tokens, int first, int end)
        {
            _tokens = tokens;
            _next = first;
            _end = end;
        }

        public readonly Member Current => new(_tokens!, _current);

        public readonly MemberEnumerator GetEnumerator() => this;

        public bool MoveNext()
        {
            if (_next >= _end)
                return false;
            _current = _next;
            _next = _tokens![_current + 1].Next;
            return true;
        }
    }

    public ref struct ElementEnumerator
    {
        private readonly JsonTokens? _tokens;
        private readonly int _end;
        private int _next;
        private int _current;

        internal ElementEnumerator(JsonTokens tokens, int first, int end)
        {
            _tokens = tokens;
            _next = first;
            _end = end;
        }

        public readonly JsonPart Current => new(_tokens!, _current);

        public readonly ElementEnumerator GetEnumerator() => this;

        public bool MoveNext()
        {
            if (_next >= _end)
                return false;
            _current = _next;
            _next = _tokens![_current].Next;
            return true;
        }
    }
}
