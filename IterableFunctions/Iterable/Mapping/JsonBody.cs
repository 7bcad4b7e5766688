using System.Buffers;
using System.Buffers.Text;
using System.Text.Encodings.Web;
using IterableFunctions.Segment;

namespace IterableFunctions.Iterable.Mapping;

/// <summary>
/// Writes a request body in one go: literals, and spans of the message as they stand in it. Commas come by themselves.
/// </summary>
/// <remarks>Rented storage: dispose after <see cref="ToArray"/>.</remarks>
public sealed class JsonBody : IDisposable
{
    /// <summary><c>yyyy-MM-dd HH:mm:ss +00:00</c> and its quotes.</summary>
    private const int DateLength = 28;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(2048);
    private int _length;

    /// <summary>Bytes written so far.</summary>
    public int Length => _length;

    public byte[] ToArray() => _buffer.AsSpan(0, _length).ToArray();

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    public void StartObject() => Start((byte)'{');

    public void EndObject() => Append((byte)'}');

    public void StartArray() => Start((byte)'[');

    public void EndArray() => Append((byte)']');

    /// <summary>A member's name; its value is to follow.</summary>
    /// <param name="name">Plain ASCII without quotes or backslashes.</param>
    public void Name(ReadOnlySpan<byte> name)
    {
        Separate();
        var span = Grow(name.Length + 3);
        span[0] = (byte)'"';
        name.CopyTo(span[1..]);
        span[^2] = (byte)'"';
        span[^1] = (byte)':';
    }

    /// <summary>A member as it stands in the message, dates in its value rewritten.</summary>
    public void Member(JsonPart.Member member)
    {
        Separate();
        Append(member.RawName);
        Append((byte)':');
        Value(member.Value);
    }

    /// <summary>A member as it stands in the message, dates and all.</summary>
    public void RawMember(JsonPart.Member member)
    {
        Separate();
        Append(member.RawName);
        Append((byte)':');
        Append(member.Value.Raw);
    }

    /// <summary>All members of an object of the message, dates in their values rewritten. Nothing for what is no object.</summary>
    public void Members(JsonPart part)
    {
        var tokens = part.Tokens;
        if (!part.IsObject || tokens.Length == 1)
            return;
        Separate();
        Copy(part, tokens[0].Start + 1, tokens[0].End - 1);
    }

    /// <summary>A value of the message, dates in it rewritten as Iterable reads them, at every depth.</summary>
    public void Value(JsonPart part)
    {
        Separate();
        var tokens = part.Tokens;
        Copy(part, tokens[0].Start, tokens[0].End);
    }

    /// <summary>JSON that is valid as it is.</summary>
    public void Raw(ReadOnlySpan<byte> json)
    {
        Separate();
        Append(json);
    }

    /// <summary>A string.</summary>
    /// <param name="text">UTF-8, not escaped.</param>
    public void String(ReadOnlySpan<byte> text)
    {
        StartString();
        StringPart(text);
        EndString();
    }

    /// <summary>A string in parts: opens it.</summary>
    public void StartString()
    {
        Separate();
        Append((byte)'"');
    }

    /// <summary>A string in parts: the next part, UTF-8, not escaped.</summary>
    public void StringPart(ReadOnlySpan<byte> text)
    {
        // An escape takes six bytes at the most.
        var room = text.Length * 6;
        JavaScriptEncoder.UnsafeRelaxedJsonEscaping.EncodeUtf8(text, Grow(room), out _, out var written);
        _length -= room - written;
    }

    /// <summary>A string in parts: closes it.</summary>
    public void EndString() => Append((byte)'"');

    public void Number(long value)
    {
        Separate();
        Utf8Formatter.TryFormat(value, Grow(20), out var written);
        _length -= 20 - written;
    }

    /// <summary>A time as Iterable reads it: <c>yyyy-MM-dd HH:mm:ss +00:00</c>, UTC, fractions of a second cut off.</summary>
    public void Date(DateTime utc)
    {
        Separate();
        AppendDate(utc);
    }

    /// <summary>Copies bytes of the message, and rewrites the dates between them.</summary>
    private void Copy(JsonPart part, int from, int to)
    {
        foreach (ref readonly var token in part.Tokens)
        {
            if (token.Kind != JsonTokens.Kind.String || token.End - token.Start < 17)
                continue;
            var first = part.Bytes(token.Start + 1, token.Start + 2)[0];
            if (!char.IsAsciiDigit((char)first) && !(token.Escaped && first == '\\'))
                continue;
            if (!IsoDateTime.TryParse(part.TextAt(token), out var utc))
                continue;
            Append(part.Bytes(from, token.Start));
            AppendDate(utc);
            from = token.End;
        }

        Append(part.Bytes(from, to));
    }

    private void AppendDate(DateTime utc)
    {
        var span = Grow(DateLength);
        "\"0000-00-00 00:00:00 +00:00\""u8.CopyTo(span);
        Digits(span[1..5], utc.Year);
        Digits(span[6..8], utc.Month);
        Digits(span[9..11], utc.Day);
        Digits(span[12..14], utc.Hour);
        Digits(span[15..17], utc.Minute);
        Digits(span[18..20], utc.Second);
    }

    private static void Digits(Span<byte> span, int value)
    {
        for (var i = span.Length - 1; i >= 0; i--, value /= 10)
            span[i] = (byte)('0' + (value % 10));
    }

    private void Start(byte bracket)
    {
        Separate();
        Append(bracket);
    }

    /// <summary>A comma, unless what stands before opens something or names what follows.</summary>
    private void Separate()
    {
        if (_length > 0 && _buffer[_length - 1] is not ((byte)'{' or (byte)'[' or (byte)':'))
            Append((byte)',');
    }

    private void Append(byte b) => Grow(1)[0] = b;

    private void Append(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Grow(bytes.Length));

    private Span<byte> Grow(int by)
    {
        if (_buffer.Length - _length < by)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, _length + by));
            _buffer.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        _length += by;
        return _buffer.AsSpan(_length - by, by);
    }
}
