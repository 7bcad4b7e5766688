using IterableFunctions.Personas.Queries;

namespace IterableFunctions.Personas.Evaluation;

/// <summary>
/// The state of a windowed leaf: one aggregate per clock hour that has events, newest first: the number of hours, then
/// for each its distance to the one before (the first: its own number) and its aggregate.
/// Hours that no question can reach any more are dropped: evaluation never looks at an hour before that of the newest
/// event, because timestamps are clamped to arrival; one hour more is granted to clocks that disagree.
/// </summary>
internal sealed class HourBuckets : IFoldedEvents
{
    private const int Slack = 2;

    private readonly Leaf _leaf;
    private readonly List<Bucket> _buckets = [];

    public HourBuckets(Leaf leaf, ReadOnlyMemory<byte> content)
    {
        _leaf = leaf;
        if (!content.IsEmpty)
            Read(content, _buckets);
    }

    public bool NeedsRows => false;

    public bool HasContent => _buckets.Count > 0;

    public void Add(ProfileEvent e)
    {
        var hour = Hour.Containing(e.Timestamp).Number;
        var at = Place(hour);
        var isNew = at == _buckets.Count || _buckets[at].Hour != hour;
        var aggregate = isNew ? Accumulator.For(_leaf.Reducer) : Opened(at);
        if (_leaf.AddTo(aggregate, e) && isNew)
            _buckets.Insert(at, new Bucket(hour, aggregate, default));
    }

    public void Join(ReadOnlyMemory<byte> content)
    {
        var others = new List<Bucket>();
        Read(content, others);
        foreach (var other in others)
        {
            var at = Place(other.Hour);
            if (at == _buckets.Count || _buckets[at].Hour != other.Hour)
            {
                _buckets.Insert(at, other);
                continue;
            }
            var reader = new StateReader(other.Written.Span);
            Opened(at).Merge(ref reader);
        }
    }

    public void Write(StateWriter writer)
    {
        Drop();
        writer.Whole(_buckets.Count);
        var before = 0;
        foreach (var bucket in _buckets)
        {
            writer.Whole(before == 0 ? bucket.Hour : before - bucket.Hour);
            before = bucket.Hour;
            if (bucket.Aggregate is { } aggregate)
                aggregate.Write(writer);
            else
                writer.Bytes(bucket.Written.Span);
        }
    }

    /// <summary>Adds up the hours that are in the window.</summary>
    public static void AddUp(AgeWindow window, ReadOnlySpan<byte> content, int hour, Accumulator total)
    {
        var reader = new StateReader(content);
        var bucket = 0;
        for (var left = reader.Whole(); left > 0; left--)
        {
            bucket = NextHour(ref reader, bucket);
            if (window.Holds(bucket, hour))
                total.Merge(ref reader);
            else if (window.Leaves(bucket) <= hour)
                return; // all others are older
            else
                total.Skip(ref reader);
        }
    }

    /// <summary>The next hour at which some hour's events enter or leave the window.</summary>
    public static int NextEdge(Reducer reducer, AgeWindow window, ReadOnlySpan<byte> content, int hour)
    {
        var skipper = Accumulator.For(reducer);
        var reader = new StateReader(content);
        var bucket = 0;
        var next = Hour.Never;
        for (var left = reader.Whole(); left > 0; left--)
        {
            bucket = NextHour(ref reader, bucket);
            if (window.Leaves(bucket) <= hour)
                break;
            next = Math.Min(next, window.NextEdge(bucket, hour));
            skipper.Skip(ref reader);
        }
        return next;
    }

    /// <summary>
    /// The next hour at which the value of a window that begins at the present becomes one that <paramref name="changed"/>
    /// asks for; exact. Once no event is still to enter, the window only loses its oldest hours, so one walk from the newest
    /// hour back passes all the values that are to come.
    /// </summary>
    public static int FirstChange(Leaf leaf, LeafState state, int hour, Func<Value, bool> changed)
    {
        var window = leaf.Window!.Value;
        var reader = new StateReader(state.Content.Span);
        var left = reader.Whole();
        var bucket = NextHour(ref reader, 0);
        var entered = window.Enters(bucket);
        for (var next = hour + 1; next <= entered; next++)
        {
            if (changed(leaf.ValueAt(state, next)))
                return next;
        }

        var change = Hour.Never;
        var newer = Accumulator.For(leaf.Reducer);
        for (var from = Math.Max(hour, entered); window.Leaves(bucket) > from; bucket = NextHour(ref reader, bucket))
        {
            if (changed(newer.Result))
                change = window.Leaves(bucket);
            newer.Merge(ref reader);
            if (--left == 0)
                break;
        }
        return change;
    }

    /// <summary>
    /// The same for the count of a band that begins in the past, in one sweep over the hours at which events enter and leave.
    /// </summary>
    public static int FirstCountChange(AgeWindow window, ReadOnlySpan<byte> content, int hour, Func<Value, bool> changed)
    {
        var counts = Counts(content);
        long inside = 0;
        var (entering, leaving) = (counts.Count - 1, counts.Count - 1);
        for (var next = hour; ;)
        {
            while (entering >= 0 && window.Enters(counts[entering].Hour) <= next)
                inside += counts[entering--].Count;
            while (leaving >= 0 && window.Leaves(counts[leaving].Hour) <= next)
                inside -= counts[leaving--].Count;
            if (next > hour && changed(Value.From(inside)))
                return next;
            if (leaving < 0)
                return Hour.Never;
            next = window.Leaves(counts[leaving].Hour);
            if (entering >= 0)
                next = Math.Min(next, window.Enters(counts[entering].Hour));
        }
    }

    // Newest first.
    private static List<(int Hour, long Count)> Counts(ReadOnlySpan<byte> content)
    {
        var reader = new StateReader(content);
        var left = reader.Whole();
        var counts = new List<(int, long)>();
        for (var bucket = 0; left > 0; left--)
        {
            bucket = NextHour(ref reader, bucket);
            counts.Add((bucket, reader.Whole()));
        }
        return counts;
    }

    // Drops what is too old for every hour still to come, and what newer events make irrelevant.
    private void Drop()
    {
        var newest = _buckets[0].Hour;
        var kept = 0;
        long weight = 0;
        while (kept < _buckets.Count)
        {
            var bucket = _buckets[kept];
            if (bucket.Hour < newest - _leaf.Window!.Value.To - Slack)
                break;
            // The newest hours may not be in the window yet when the profile is looked at, so they do not count as "newer".
            if (_leaf.Keep > 0 && bucket.Hour <= newest - Slack)
            {
                if (weight >= _leaf.Keep)
                    break;
                weight += Weight(kept);
            }
            kept++;
        }
        _buckets.RemoveRange(kept, _buckets.Count - kept);
    }

    private long Weight(int at) => _leaf.Reducer.Kind is ReducerKind.Count ? Opened(at).Result.Number is var count ? (long)count.Exact : 0 : 1;

    // Newest first, so the order is reversed.
    private int Place(int hour)
    {
        var (low, high) = (0, _buckets.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_buckets[middle].Hour > hour)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }

    private Accumulator Opened(int at)
    {
        var bucket = _buckets[at];
        if (bucket.Aggregate is { } open)
            return open;
        var aggregate = Accumulator.For(_leaf.Reducer);
        var reader = new StateReader(bucket.Written.Span);
        aggregate.Merge(ref reader);
        _buckets[at] = bucket with { Aggregate = aggregate };
        return aggregate;
    }

    private void Read(ReadOnlyMemory<byte> content, List<Bucket> into)
    {
        var skipper = Accumulator.For(_leaf.Reducer);
        var reader = new StateReader(content.Span);
        var left = reader.Whole();
        for (var hour = 0; left > 0; left--)
        {
            hour = NextHour(ref reader, hour);
            var start = reader.Position;
            skipper.Skip(ref reader);
            into.Add(new Bucket(hour, null, content[start..reader.Position]));
        }
    }

    private static int NextHour(ref StateReader reader, int before)
    {
        var distance = reader.Whole();
        return (int)(before == 0 ? distance : before - distance);
    }

    /// <summary>An hour's aggregate, opened only when something is added to it.</summary>
    private readonly record struct Bucket(int Hour, Accumulator? Aggregate, ReadOnlyMemory<byte> Written);
}
