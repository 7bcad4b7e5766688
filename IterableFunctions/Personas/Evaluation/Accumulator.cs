using System.Runtime.InteropServices;
using IterableFunctions.Personas.Queries;

namespace IterableFunctions.Personas.Evaluation;

/// <summary>
/// The running result of a reducer over some events. Order does not matter, and two results over different events join
/// into the result over both: that is what lets hours and sessions be kept apart and put together.
/// </summary>
internal abstract class Accumulator
{
    public static Accumulator For(Reducer reducer) => reducer.Kind switch
    {
        ReducerKind.Count => new CountAccumulator(),
        ReducerKind.Sum => new SumAccumulator(average: false),
        ReducerKind.Average => new SumAccumulator(average: true),
        ReducerKind.Minimum or ReducerKind.Maximum when reducer.As is ReducerType.Text => new ExtremeTextAccumulator(reducer.Kind is ReducerKind.Maximum),
        ReducerKind.Minimum or ReducerKind.Maximum => new ExtremeNumberAccumulator(reducer.Kind is ReducerKind.Maximum),
        ReducerKind.First or ReducerKind.Last => new EndAccumulator(reducer.Kind is ReducerKind.Last),
        _ => new TallyAccumulator(reducer),
    };

    /// <summary>Takes in one value of an event.</summary>
    /// <param name="value">The reduced field's value, not null; anything for count.</param>
    /// <param name="from">The event.</param>
    /// <param name="index">The value's place among several of one event, which only a path with $ gives.</param>
    /// <returns>False when the value is of no use here, such as a text to a sum.</returns>
    public abstract bool Add(Value value, ProfileEvent from, int index);

    /// <summary>Takes in what another accumulator of this kind wrote.</summary>
    public abstract void Merge(ref StateReader reader);

    /// <summary>Reads over what another accumulator of this kind wrote.</summary>
    public abstract void Skip(ref StateReader reader);

    public abstract void Write(StateWriter writer);

    public Value Result => _result ??= Reduced();

    protected abstract Value Reduced();

    /// <summary>Must be called when the result may be another: it is asked for more often than it changes.</summary>
    protected void Changed() => _result = null;

    private Value? _result;
}

internal sealed class CountAccumulator : Accumulator
{
    private long _count;

    public override bool Add(Value value, ProfileEvent from, int index)
    {
        _count++;
        Changed();
        return true;
    }

    public override void Merge(ref StateReader reader)
    {
        _count += reader.Whole();
        Changed();
    }

    public override void Skip(ref StateReader reader) => reader.Whole();

    public override void Write(StateWriter writer) => writer.Whole(_count);

    protected override Value Reduced() => Value.From(_count);
}

/// <summary>Sum and average of numbers, and of texts that spell one.</summary>
internal sealed class SumAccumulator(bool average) : Accumulator
{
    private Number _sum = Number.Zero;
    private long _count;

    public override bool Add(Value value, ProfileEvent from, int index)
    {
        if (!value.TryGetNumber(out var number))
            return false;
        _sum += number;
        _count++;
        Changed();
        return true;
    }

    public override void Merge(ref StateReader reader)
    {
        _sum += reader.Number();
        _count += reader.Whole();
        Changed();
    }

    public override void Skip(ref StateReader reader)
    {
        reader.Number();
        reader.Whole();
    }

    public override void Write(StateWriter writer)
    {
        writer.Number(_sum);
        writer.Whole(_count);
    }

    protected override Value Reduced() =>
        !average ? Value.FromFraction(_sum)
        : _count == 0 ? Value.Null
        : Value.FromFraction(_sum / _count);
}

internal sealed class ExtremeNumberAccumulator(bool maximum) : Accumulator
{
    private Number _best;
    private bool _any;

    public override bool Add(Value value, ProfileEvent from, int index)
    {
        if (!value.TryGetNumber(out var number))
            return false;
        Take(number);
        return true;
    }

    public override void Merge(ref StateReader reader)
    {
        if (reader.Byte() != 0)
            Take(reader.Number());
    }

    public override void Skip(ref StateReader reader)
    {
        if (reader.Byte() != 0)
            reader.Number();
    }

    public override void Write(StateWriter writer)
    {
        writer.Byte(_any ? (byte)1 : (byte)0);
        if (_any)
            writer.Number(_best);
    }

    protected override Value Reduced() => _any ? Value.FromFraction(_best) : Value.Null;

    private void Take(Number number)
    {
        if (_any && !(maximum ? number > _best : number < _best))
            return;
        (_any, _best) = (true, number);
        Changed();
    }
}

/// <summary>The first or last text in ordinal order; numbers and booleans by their text.</summary>
internal sealed class ExtremeTextAccumulator(bool maximum) : Accumulator
{
    private string? _best;

    public override bool Add(Value value, ProfileEvent from, int index)
    {
        Take(value.AsText()!);
        return true;
    }

    public override void Merge(ref StateReader reader)
    {
        if (reader.Byte() != 0)
            Take(reader.Text());
    }

    public override void Skip(ref StateReader reader)
    {
        if (reader.Byte() != 0)
            reader.SkipText();
    }

    public override void Write(StateWriter writer)
    {
        writer.Byte(_best is null ? (byte)0 : (byte)1);
        if (_best is not null)
            writer.Text(_best);
    }

    protected override Value Reduced() => _best is null ? Value.Null : Value.From(_best);

    private void Take(string text)
    {
        if (_best is not null && (maximum ? string.CompareOrdinal(text, _best) <= 0 : string.CompareOrdinal(text, _best) >= 0))
            return;
        _best = text;
        Changed();
    }
}

/// <summary>The value of the first or last event that has one: by timestamp, message id, and place in an array.</summary>
internal sealed class EndAccumulator(bool last) : Accumulator
{
    private bool _any;
    private long _timestamp;
    private string _messageId = "";
    private int _index;
    private Value _value;

    public override bool Add(Value value, ProfileEvent from, int index)
    {
        Take(from.Timestamp, from.MessageId, index, value);
        return true;
    }

    public override void Merge(ref StateReader reader)
    {
        if (reader.Byte() == 0)
            return;
        Take(reader.Whole(), reader.Text(), (int)reader.Whole(), reader.Value());
    }

    public override void Skip(ref StateReader reader)
    {
        if (reader.Byte() == 0)
            return;
        reader.Whole();
        reader.SkipText();
        reader.Whole();
        reader.Value();
    }

    public override void Write(StateWriter writer)
    {
        writer.Byte(_any ? (byte)1 : (byte)0);
        if (!_any)
            return;
        writer.Whole(_timestamp);
        writer.Text(_messageId);
        writer.Whole(_index);
        writer.Value(_value);
    }

    protected override Value Reduced() => _value;

    private void Take(long timestamp, string messageId, int index, Value value)
    {
        if (_any)
        {
            var order = timestamp.CompareTo(_timestamp);
            if (order == 0)
                order = string.CompareOrdinal(messageId, _messageId);
            if (order == 0)
                order = index.CompareTo(_index);
            if (last ? order <= 0 : order >= 0)
                return;
        }
        (_any, _timestamp, _messageId, _index, _value) = (true, timestamp, messageId, index, value);
        Changed();
    }
}

/// <summary>How often each text was seen, for mode; which were seen at all, for unique.</summary>
internal sealed class TallyAccumulator(Reducer reducer) : Accumulator
{
    private readonly Dictionary<string, long> _counts = new(StringComparer.Ordinal);

    private bool Counts => reducer.Kind is ReducerKind.Mode;

    public override bool Add(Value value, ProfileEvent from, int index)
    {
        Take(value.AsText()!, 1);
        return true;
    }

    public override void Merge(ref StateReader reader)
    {
        for (var left = reader.Whole(); left > 0; left--)
            Take(reader.Text(), Counts ? reader.Whole() : 1);
    }

    public override void Skip(ref StateReader reader)
    {
        for (var left = reader.Whole(); left > 0; left--)
        {
            reader.SkipText();
            if (Counts)
                reader.Whole();
        }
    }

    public override void Write(StateWriter writer)
    {
        writer.Whole(_counts.Count);
        // In order, so that equal states have equal bytes.
        foreach (var (text, count) in _counts.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            writer.Text(text);
            if (Counts)
                writer.Whole(count);
        }
    }

    protected override Value Reduced() => reducer.Kind switch
    {
        ReducerKind.Mode => MostFrequent(),
        ReducerKind.UniqueCount => Value.From(_counts.Count),
        _ => Value.FromList([.. _counts.Keys.Order(StringComparer.Ordinal)]),
    };

    private Value MostFrequent()
    {
        var (best, most) = ((string?)null, 0L);
        foreach (var (text, count) in _counts)
        {
            if (count > most || (count == most && string.CompareOrdinal(text, best) < 0))
                (best, most) = (text, count);
        }
        return best is null || most < reducer.MinimumFrequency ? Value.Null : Value.From(best);
    }

    private void Take(string text, long count)
    {
        ref var seen = ref CollectionsMarshal.GetValueRefOrAddDefault(_counts, text, out var known);
        seen += count;
        if (Counts || !known)
            Changed();
    }
}
