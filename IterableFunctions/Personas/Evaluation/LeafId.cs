using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace IterableFunctions.Personas.Evaluation;

/// <summary>
/// A leaf's identity: half of the SHA-256 of what it measures. Definitions that measure the same thing share the leaf and
/// its state, and a definition created again finds it again.
/// </summary>
public readonly record struct LeafId(UInt128 Bits) : IComparable<LeafId>
{
    public static LeafId Of(string text)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(text), hash);
        return Read(hash);
    }

    /// <summary>Reads 16 bytes.</summary>
    public static LeafId Read(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReadUInt128BigEndian(bytes));

    /// <summary>Reads 32 hexadecimal digits.</summary>
    public static LeafId Parse(string hex) => new(UInt128.Parse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));

    /// <summary>Writes 16 bytes.</summary>
    public void Write(Span<byte> bytes) => BinaryPrimitives.WriteUInt128BigEndian(bytes, Bits);

    public int CompareTo(LeafId other) => Bits.CompareTo(other.Bits);

    public static bool operator <(LeafId left, LeafId right) => left.Bits < right.Bits;

    public static bool operator >(LeafId left, LeafId right) => left.Bits > right.Bits;

    public static bool operator <=(LeafId left, LeafId right) => left.Bits <= right.Bits;

    public static bool operator >=(LeafId left, LeafId right) => left.Bits >= right.Bits;

    /// <summary>32 hexadecimal digits.</summary>
    public override string ToString() => Bits.ToString("x32", CultureInfo.InvariantCulture);
}
