namespace IterableFunctions.Personas.Evaluation;

/// <summary>
/// The state of a leaf with <c>expires_after</c>: the newest sessions, each with its first and last timestamp and its
/// aggregate, so that a late event can extend one or join two. Written: whether older ones were forgotten, their number, then
/// newest first last timestamp, length and aggregate.
/// A late event so old that it might join a forgotten session sends the leaf to the rows.
/// </summary>
internal sealed class SessionList : IFoldedEvents
{
    private const int Kept = 3;

    private readonly Leaf _leaf;
    private readonly List<Session> _sessions = [];
    private bool _forgotten;

    public SessionList(Leaf leaf, ReadOnlyMemory<byte> content)
    {
        _leaf = leaf;
        if (!content.IsEmpty)
            _forgotten = Read(content, _sessions);
    }

    public bool NeedsRows { get; private set; }

    public bool HasContent => _sessions.Count > 0;

    public void Add(ProfileEvent e)
    {
        var aggregate = Accumulator.For(_leaf.Reducer);
        // An event without the reduced property still keeps the session alive.
        _leaf.AddTo(aggregate, e);
        Add(new Session(e.Timestamp, e.Timestamp, aggregate));
    }

    public void Join(ReadOnlyMemory<byte> content)
    {
        var others = new List<Session>();
        var othersForgotten = Read(content, others);
        if ((_forgotten && others[^1].Start < _sessions[^1].Start) || (othersForgotten && _sessions[^1].Start < others[^1].Start))
        {
            NeedsRows = true;
            return;
        }
        _forgotten |= othersForgotten;
        foreach (var other in others)
            Add(other);
    }

    public void Write(StateWriter writer)
    {
        writer.Byte(_forgotten ? (byte)1 : (byte)0);
        writer.Whole(_sessions.Count);
        foreach (var session in _sessions)
        {
            writer.Whole(session.End);
            writer.Whole(session.End - session.Start);
            session.Aggregate.Write(writer);
        }
    }

    /// <summary>Adds the newest session if it is still running at the hour.</summary>
    public static void AddUpRunning(long inactivity, ReadOnlySpan<byte> content, int hour, Accumulator total)
    {
        var reader = new StateReader(content);
        reader.Byte();
        reader.Whole();
        if (reader.Whole() + inactivity <= new Hour(hour).Ticks)
            return;
        reader.Whole();
        total.Merge(ref reader);
    }

    /// <summary>The hour at which the newest session has expired, if that is still to come.</summary>
    public static int NextEdge(long inactivity, ReadOnlySpan<byte> content, int hour)
    {
        var reader = new StateReader(content);
        reader.Byte();
        reader.Whole();
        var expired = Edges.At(reader.Whole() + inactivity, TimeSpan.TicksPerHour);
        return expired > hour ? expired : Hour.Never;
    }

    private void Add(Session added)
    {
        var first = _sessions.FindIndex(session => added.Start < session.End + _leaf.SessionTicks && added.End > session.Start - _leaf.SessionTicks);
        if (_forgotten && added.Start < _sessions[^1].Start)
        {
            // Older than all that is known: of no interest, unless it reaches what is known and with it, perhaps, what is not.
            NeedsRows |= first >= 0;
            return;
        }
        if (first < 0)
        {
            var place = _sessions.FindIndex(session => session.End < added.Start);
            _sessions.Insert(place < 0 ? _sessions.Count : place, added);
        }
        else
        {
            _sessions[first] = Joined(_sessions[first], added);
            // It may have closed the gap to the older ones.
            while (first + 1 < _sessions.Count && _sessions[first].Start < _sessions[first + 1].End + _leaf.SessionTicks)
            {
                _sessions[first] = Joined(_sessions[first], _sessions[first + 1]);
                _sessions.RemoveAt(first + 1);
            }
        }
        if (_sessions.Count > Kept)
        {
            _sessions.RemoveRange(Kept, _sessions.Count - Kept);
            _forgotten = true;
        }
    }

    private static Session Joined(Session one, Session other)
    {
        var writer = new StateWriter();
        other.Aggregate.Write(writer);
        var reader = new StateReader(writer.Written);
        one.Aggregate.Merge(ref reader);
        return new Session(Math.Min(one.Start, other.Start), Math.Max(one.End, other.End), one.Aggregate);
    }

    private bool Read(ReadOnlyMemory<byte> content, List<Session> into)
    {
        var reader = new StateReader(content.Span);
        var forgotten = reader.Byte() != 0;
        for (var left = reader.Whole(); left > 0; left--)
        {
            var end = reader.Whole();
            var start = end - reader.Whole();
            var aggregate = Accumulator.For(_leaf.Reducer);
            aggregate.Merge(ref reader);
            into.Add(new Session(start, end, aggregate));
        }
        return forgotten;
    }

    /// <summary>Timestamps in UTC ticks.</summary>
    private readonly record struct Session(long Start, long End, Accumulator Aggregate);
}
