using System.Buffers.Binary;
using System.Text;
using IterableFunctions.Personas.Queries;

namespace IterableFunctions.Personas.Evaluation;

/// <summary>Reads what <see cref="StateWriter"/> wrote. Bytes that it cannot have written are an <see cref="InvalidDataException"/>.</summary>
internal ref struct StateReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public int Position { get; private set; }

    public byte Byte() => Take(1)[0];

    public ReadOnlySpan<byte> Take(long count)
    {
        if (count < 0 || count > _bytes.Length - Position)
            throw new InvalidDataException("A leaf state ends before its time.");
        var taken = _bytes.Slice(Position, (int)count);
        Position += (int)count;
        return taken;
    }

    public long Whole()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64; shift += 7)
        {
            var next = Byte();
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                return (long)value;
        }
        throw new InvalidDataException("A leaf state holds an integer of more than 64 bits.");
    }

    public string Text() => Encoding.UTF8.GetString(Take(Whole()));

    public void SkipText() => Take(Whole());

    public Number Number()
    {
        var header = Byte();
        if (header == 0x3F)
            return Queries.Number.From(BinaryPrimitives.ReadDoubleLittleEndian(Take(8)));
        var scale = (byte)(header & 0x1F);
        if (scale > 28)
            throw new InvalidDataException("A leaf state holds a decimal of more than 28 places.");
        var low = (ulong)Whole();
        var high = (header & 0x40) != 0 ? (uint)Whole() : 0;
        return Queries.Number.From(new decimal((int)low, (int)(low >> 32), (int)high, (header & 0x80) != 0, scale));
    }

    public Value Value() => Byte() switch
    {
        0 => Queries.Value.Null,
        1 => Queries.Value.False,
        2 => Queries.Value.True,
        3 => Queries.Value.From(Number()),
        4 => Queries.Value.From(Text()),
        _ => throw new InvalidDataException("A leaf state holds a value of an unknown kind."),
    };
}
