namespace IterableFunctions.Personas.Evaluation;

/// <summary>
/// What one leaf remembers of one profile's events: immutable bytes, ready to be stored. The first byte is the
/// format's version, the second the shape.
/// </summary>
public readonly struct LeafState : IEquatable<LeafState>
{
    /// <summary>Beyond this many bytes a state gives way to <see cref="FromRows"/>: a document must stay small.</summary>
    public const int MaximumSize = 4096;

    internal const byte Version = 1;
    internal const int HeaderSize = 2;

    private static readonly byte[] RowsMarker = [Version, (byte)LeafShape.FromRows];

    private readonly ReadOnlyMemory<byte> _bytes;

    private LeafState(ReadOnlyMemory<byte> bytes) => _bytes = bytes;

    /// <summary>The marker of a leaf that is read from the event rows whenever it is looked at.</summary>
    public static LeafState FromRows => new(RowsMarker);

    public ReadOnlyMemory<byte> Bytes => _bytes;

    /// <summary>Bytes.</summary>
    public int Size => _bytes.Length;

    public bool IsFromRows => Shape is LeafShape.FromRows;

    /// <summary>No event has matched yet. Such a state need not be stored.</summary>
    public bool IsEmpty => _bytes.IsEmpty;

    internal LeafShape Shape => _bytes.IsEmpty ? LeafShape.Empty : (LeafShape)_bytes.Span[1];

    internal ReadOnlyMemory<byte> Content => _bytes.IsEmpty ? _bytes : _bytes[HeaderSize..];

    /// <summary>Takes stored bytes back.</summary>
    /// <exception cref="InvalidDataException">They are not a state of this version.</exception>
    public static LeafState Read(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.IsEmpty)
            return default;
        if (bytes.Length < HeaderSize || bytes.Span[0] != Version || bytes.Span[1] is < (byte)LeafShape.FromRows or > (byte)LeafShape.Sessions)
            throw new InvalidDataException("These bytes are not a leaf state of version 1; build the leaf from the event rows.");
        return new LeafState(bytes);
    }

    internal static LeafState Write(LeafShape shape, Action<StateWriter> content, bool capped)
    {
        var writer = new StateWriter();
        writer.Byte(Version);
        writer.Byte((byte)shape);
        content(writer);
        return capped && writer.Length > MaximumSize ? FromRows : new LeafState(writer.Written.ToArray());
    }

    public bool Equals(LeafState other) => _bytes.Span.SequenceEqual(other._bytes.Span);

    public override bool Equals(object? obj) => obj is LeafState other && Equals(other);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(_bytes.Span);
        return hash.ToHashCode();
    }

    public static bool operator ==(LeafState left, LeafState right) => left.Equals(right);

    public static bool operator !=(LeafState left, LeafState right) => !left.Equals(right);
}

internal enum LeafShape : byte
{
    Empty = 0,
    FromRows = 1,
    /// <summary>One aggregate over all events.</summary>
    Lifetime = 2,
    /// <summary>One aggregate per hour that has events.</summary>
    Hours = 3,
    /// <summary>One aggregate per session, the newest few.</summary>
    Sessions = 4,
}
