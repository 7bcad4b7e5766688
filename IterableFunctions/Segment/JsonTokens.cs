using System.Buffers;
using System.Buffers.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace IterableFunctions.Segment;

/// <summary>
/// The tokens of one JSON body, read in a single pass: where each value starts and ends in the bytes, and where the next
/// one follows. What reads a message walks these instead of building a document, so that unchanged spans of the input can be
/// copied as they stand.
/// </summary>
/// <remarks>Rented storage: dispose when the body is done with, and keep no <see cref="JsonPart"/> beyond that.</remarks>
public sealed class JsonTokens : IDisposable
{
    /// <summary>Deepest nesting of objects and arrays that is taken.</summary>
    public const int MaxDepth = 64;

    private readonly byte[] _json;
    private Token[] _tokens;
    private int _count;

    private JsonTokens(byte[] json)
    {
        _json = json;
        // Realistic messages hold a token per 12 to 20 bytes; the array grows for denser ones.
        _tokens = ArrayPool<Token>.Shared.Rent(Math.Max(64, json.Length / 12));
    }

    internal enum Kind : byte
    {
        Object,
        Array,
        Name,
        String,
        Number,
        True,
        False,
        Null,
    }

    /// <summary>The whole body.</summary>
    public JsonPart Root => new(this, 0);

    /// <summary>
    /// Reads a body. Refuses, with a code of its own each: bytes that are not UTF-8, text that is not JSON, nesting deeper
    /// than <see cref="MaxDepth"/>, and numbers that no double holds.
    /// </summary>
    /// <param name="json">
    /// The bytes. Halves of surrogate pairs that stand alone (<c>"\ud83d"</c>, as a truncated emoji leaves behind) are
    /// overwritten in place with the replacement character: they have no form in UTF-8, and no receiver would take them.
    /// </param>
    /// <param name="rejection">Why the body was refused, when the answer is null.</param>
    public static JsonTokens? Read(byte[] json, out Rejection? rejection)
    {
        if (!Utf8.IsValid(json))
        {
            rejection = new("invalid_utf8", "The body is not valid UTF-8. Send JSON encoded as UTF-8.");
            return null;
        }

        var tokens = new JsonTokens(json);
        try
        {
            rejection = tokens.Fill();
        }
        catch (JsonException e)
        {
            // Line and position only: the reader's own text quotes the body, which may hold personal data.
            rejection = new("invalid_json", $"The body is not valid JSON: line {(e.LineNumber ?? 0) + 1}, byte {(e.BytePositionInLine ?? 0) + 1}.");
        }

        if (rejection is null)
            return tokens;

        tokens.Dispose();
        return null;
    }

    public void Dispose()
    {
        ArrayPool<Token>.Shared.Return(_tokens);
        _tokens = [];
        _count = 0;
    }

    internal ref readonly Token this[int index] => ref _tokens[index];

    internal ReadOnlySpan<byte> Bytes(int start, int end) => _json.AsSpan(start, end - start);

    internal ReadOnlySpan<Token> Range(int first, int end) => _tokens.AsSpan(first, end - first);

    private Rejection? Fill()
    {
        // A byte order mark is no part of JSON, but some senders put one there.
        var skipped = _json.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0;
        // One level more than we take, so that too deep is told apart from malformed.
        var reader = new Utf8JsonReader(_json.AsSpan(skipped), new JsonReaderOptions { MaxDepth = MaxDepth + 1 });
        Span<int> open = stackalloc int[MaxDepth];
        var depth = 0;

        while (reader.Read())
        {
            var start = skipped + (int)reader.TokenStartIndex;
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject or JsonTokenType.StartArray:
                    if (depth == MaxDepth)
                        return new("too_deep", $"The body nests objects and arrays deeper than {MaxDepth} levels.");
                    open[depth++] = _count;
                    Add(reader.TokenType == JsonTokenType.StartObject ? Kind.Object : Kind.Array, start, 0);
                    break;

                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    ref var container = ref _tokens[open[--depth]];
                    container.End = skipped + (int)reader.BytesConsumed;
                    container.Next = _count;
                    break;

                case JsonTokenType.PropertyName:
                    // BytesConsumed stands behind the colon here, so the end is taken from the name itself.
                    Add(Kind.Name, start, start + reader.ValueSpan.Length + 2, reader.ValueIsEscaped);
                    if (reader.ValueIsEscaped)
                        LoneSurrogates.Replace(_json.AsSpan(start + 1, reader.ValueSpan.Length));
                    break;

                case JsonTokenType.String:
                    Add(Kind.String, start, skipped + (int)reader.BytesConsumed, reader.ValueIsEscaped);
                    if (reader.ValueIsEscaped)
                        LoneSurrogates.Replace(_json.AsSpan(start + 1, reader.ValueSpan.Length));
                    break;

                case JsonTokenType.Number:
                    if (!IsFinite(reader.ValueSpan))
                        return new("number_out_of_range", $"The body holds a number that is too large for a double, at byte {start + 1}.");
                    Add(Kind.Number, start, skipped + (int)reader.BytesConsumed);
                    break;

                default:
                    Add(reader.TokenType switch { JsonTokenType.True => Kind.True, JsonTokenType.False => Kind.False, _ => Kind.Null }, start, skipped + (int)reader.BytesConsumed);
                    break;
            }
        }

        return null;
    }

    private void Add(Kind kind, int start, int end, bool escaped = false)
    {
        if (_count == _tokens.Length)
        {
            var larger = ArrayPool<Token>.Shared.Rent(_tokens.Length * 2);
            _tokens.AsSpan(0, _count).CopyTo(larger);
            ArrayPool<Token>.Shared.Return(_tokens);
            _tokens = larger;
        }

        _tokens[_count] = new Token { Start = start, End = end, Next = _count + 1, Kind = kind, Escaped = escaped };
        _count++;
    }

    /// <summary>Without an exponent it takes more than 300 digits to leave a double's range, so only the rest is parsed.</summary>
    private static bool IsFinite(ReadOnlySpan<byte> number)
        => (number.Length < 300 && !number.ContainsAny((byte)'e', (byte)'E'))
            || (Utf8Parser.TryParse(number, out double value, out _) && double.IsFinite(value));

    internal struct Token
    {
        /// <summary>Offset of the first byte: the quote, the brace, the digit.</summary>
        public int Start;

        /// <summary>Offset behind the last byte.</summary>
        public int End;

        /// <summary>Index of the token behind this one and all that it contains.</summary>
        public int Next;

        public Kind Kind;

        /// <summary>Whether the string or name holds backslash escapes.</summary>
        public bool Escaped;
    }
}
