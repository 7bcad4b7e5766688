using System.Buffers;
using System.Text.Json;

namespace IterableFunctions.Segment;

/// <summary>Bodies of <c>POST /v1/batch</c>. (Segment, HTTP API source: 500 KB and 2,500 events at most. Of a larger one all is refused, or dropped behind a 200.)</summary>
internal static class TrackingBatch
{
    /// <summary>The smaller reading of 500 KB.</summary>
    public const int MaxBytes = 500_000;

    public const int MaxEvents = 2_500;

    /// <summary>What is written around the events: the key, the names, the brackets.</summary>
    private const int Envelope = 1_000;

    /// <summary>Cuts events into as few batches as Segment takes, in their order.</summary>
    public static IReadOnlyList<IReadOnlyList<TrackingEvent>> Split(IReadOnlyList<TrackingEvent> events)
    {
        var batches = new List<IReadOnlyList<TrackingEvent>>();
        var batch = new List<TrackingEvent>();
        var bytes = Envelope;
        foreach (var one in events)
        {
            if (batch.Count == MaxEvents || (batch.Count > 0 && bytes + one.Body.Length + 1 > MaxBytes))
            {
                batches.Add(batch);
                batch = [];
                bytes = Envelope;
            }

            batch.Add(one);
            bytes += one.Body.Length + 1;
        }

        if (batch.Count > 0)
            batches.Add(batch);
        return batches;
    }

    /// <summary>The body. No <c>sentAt</c>: with it Segment would correct the events' own times by a clock that did not make them.</summary>
    public static ReadOnlyMemory<byte> Write(IReadOnlyList<TrackingEvent> events, string writeKey)
    {
        var body = new ArrayBufferWriter<byte>(Envelope + events.Sum(one => one.Body.Length + 1));
        body.Write("{\"writeKey\":\""u8);
        body.Write(JsonEncodedText.Encode(writeKey).EncodedUtf8Bytes);
        body.Write("\",\"batch\":["u8);
        for (var i = 0; i < events.Count; i++)
        {
            if (i > 0)
                body.Write(","u8);
            body.Write(events[i].Body.Span);
        }

        body.Write("]}"u8);
        return body.WrittenMemory;
    }
}
