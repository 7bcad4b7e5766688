using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using IterableFunctions.Personas.Queries;

namespace IterableFunctions.Personas.Evaluation;

/// <summary>Writes the parts of a leaf state as compactly as is simple: variable-length integers, decimals by their digits.</summary>
internal sealed class StateWriter
{
    private readonly ArrayBufferWriter<byte> _buffer = new(64);

    public int Length => _buffer.WrittenCount;

    public ReadOnlySpan<byte> Written => _buffer.WrittenSpan;

    public void Byte(byte value)
    {
        _buffer.GetSpan(1)[0] = value;
        _buffer.Advance(1);
    }

    public void Bytes(ReadOnlySpan<byte> bytes) => _buffer.Write(bytes);

    public void Whole(long value)
    {
        var span = _buffer.GetSpan(10);
        var rest = (ulong)value;
        var at = 0;
        for (; rest >= 0x80; rest >>= 7)
            span[at++] = (byte)(rest | 0x80);
        span[at++] = (byte)rest;
        _buffer.Advance(at);
    }

    public void Text(string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        Whole(length);
        Encoding.UTF8.GetBytes(text, _buffer.GetSpan(length));
        _buffer.Advance(length);
    }

    /// <summary>A header byte (0x3F: double; else scale, 0x40: more than 64 bits, 0x80: negative) and the digits.</summary>
    public void Number(Number number)
    {
        if (!number.IsExact)
        {
            Byte(0x3F);
            BinaryPrimitives.WriteDoubleLittleEndian(_buffer.GetSpan(8), number.AsDouble);
            _buffer.Advance(8);
            return;
        }
        Span<int> bits = stackalloc int[4];
        decimal.GetBits(number.Exact, bits);
        var header = (bits[3] >> 16 & 0x1F) | (bits[3] < 0 ? 0x80 : 0) | (bits[2] != 0 ? 0x40 : 0);
        Byte((byte)header);
        Whole((long)((ulong)(uint)bits[1] << 32 | (uint)bits[0]));
        if (bits[2] != 0)
            Whole((uint)bits[2]);
    }

    /// <summary>A value of an event: never a list or date.</summary>
    public void Value(Value value)
    {
        switch (value.Kind)
        {
            case ValueKind.Boolean:
                Byte(value.Boolean ? (byte)2 : (byte)1);
                break;
            case ValueKind.Number:
                Byte(3);
                Number(value.Number);
                break;
            case ValueKind.Text:
                Byte(4);
                Text(value.AsText()!);
                break;
            default:
                Byte(0);
                break;
        }
    }
}
