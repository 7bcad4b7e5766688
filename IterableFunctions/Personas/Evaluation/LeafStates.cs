using System.Buffers;
using System.Buffers.Binary;

namespace IterableFunctions.Personas.Evaluation;

/// <summary>The leaf states of one profile: immutable, sorted by leaf, absent where no event has matched.</summary>
public sealed class LeafStates
{
    private readonly LeafId[] _ids;
    private readonly LeafState[] _states;

    private LeafStates(LeafId[] ids, LeafState[] states) => (_ids, _states) = (ids, states);

    public static LeafStates None { get; } = new([], []);

    public int Count => _ids.Length;

    public IEnumerable<KeyValuePair<LeafId, LeafState>> All => _ids.Select((id, i) => KeyValuePair.Create(id, _states[i]));

    /// <summary>The leaf's state; empty when it has none.</summary>
    public LeafState this[LeafId id]
    {
        get
        {
            var at = Array.BinarySearch(_ids, id);
            return at < 0 ? default : _states[at];
        }
    }

    /// <summary>These states with one set anew; an empty one is removed.</summary>
    public LeafStates With(LeafId id, LeafState state)
    {
        var at = Array.BinarySearch(_ids, id);
        if (at >= 0)
        {
            if (state.IsEmpty)
                return new LeafStates([.. _ids[..at], .. _ids[(at + 1)..]], [.. _states[..at], .. _states[(at + 1)..]]);
            LeafState[] states = [.. _states];
            states[at] = state;
            return new LeafStates(_ids, states);
        }
        return state.IsEmpty ? this : new LeafStates([.. _ids[..~at], id, .. _ids[~at..]], [.. _states[..~at], state, .. _states[~at..]]);
    }

    /// <summary>These states without those of leaves that no definition has any more.</summary>
    public LeafStates Where(Func<LeafId, bool> keep)
    {
        var kept = All.Where(entry => keep(entry.Key)).ToArray();
        return new LeafStates([.. kept.Select(entry => entry.Key)], [.. kept.Select(entry => entry.Value)]);
    }

    /// <summary>The number of states, then for each its leaf's 16 bytes, its size in two bytes, and itself.</summary>
    public void Write(IBufferWriter<byte> writer)
    {
        BinaryPrimitives.WriteInt32LittleEndian(writer.GetSpan(4), Count);
        writer.Advance(4);
        for (var i = 0; i < Count; i++)
        {
            var head = writer.GetSpan(18);
            _ids[i].Write(head);
            BinaryPrimitives.WriteUInt16LittleEndian(head[16..], (ushort)_states[i].Size);
            writer.Advance(18);
            writer.Write(_states[i].Bytes.Span);
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote; the states keep slices of <paramref name="bytes"/>.</summary>
    /// <param name="bytes">The bytes, possibly with others behind them.</param>
    /// <param name="read">How many bytes belonged to the states.</param>
    /// <exception cref="InvalidDataException">The bytes are something else.</exception>
    public static LeafStates Read(ReadOnlyMemory<byte> bytes, out int read)
    {
        if (bytes.Length < 4 || BinaryPrimitives.ReadInt32LittleEndian(bytes.Span) is var count && (count < 0 || count > bytes.Length / 18))
            throw new InvalidDataException("These bytes are no leaf states.");
        read = 4;
        var ids = new LeafId[count];
        var states = new LeafState[count];
        for (var i = 0; i < count; i++)
        {
            if (bytes.Length - read < 18)
                throw new InvalidDataException("The leaf states end before their time.");
            ids[i] = LeafId.Read(bytes.Span[read..]);
            var size = BinaryPrimitives.ReadUInt16LittleEndian(bytes.Span[(read + 16)..]);
            read += 18;
            if (bytes.Length - read < size || (i > 0 && ids[i - 1].CompareTo(ids[i]) >= 0))
                throw new InvalidDataException("The leaf states end before their time, or are out of order.");
            states[i] = LeafState.Read(bytes.Slice(read, size));
            read += size;
        }
        return new LeafStates(ids, states);
    }

    /// <summary>Several states set anew with one copy, which is what a fold needs.</summary>
    internal LeafStates With(List<(LeafId Id, LeafState State)> changes)
    {
        LeafState[]? states = null;
        List<(LeafId, LeafState)>? added = null;
        foreach (var (id, state) in changes)
        {
            var at = Array.BinarySearch(_ids, id);
            if (at < 0)
                (added ??= []).Add((id, state));
            else
                (states ??= [.. _states])[at] = state;
        }
        var changed = states is null ? this : new LeafStates(_ids, states);
        foreach (var (id, state) in added ?? [])
            changed = changed.With(id, state);
        return changed;
    }
}
