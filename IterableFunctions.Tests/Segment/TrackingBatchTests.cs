using System.Text;
using System.Text.Json.Nodes;
using IterableFunctions.Segment;

namespace IterableFunctions.Tests.Segment;

public class TrackingBatchTests
{
    [Theory]
    [InlineData(0, 100, 0)]
    [InlineData(1, 100, 1)]
    [InlineData(2_500, 100, 1)]
    [InlineData(2_501, 100, 2)]
    [InlineData(15, 32_000, 1)]
    [InlineData(16, 32_000, 2)]
    [InlineData(100, 32_000, 7)]
    public void Batches_are_as_few_as_Segments_limits_allow(int events, int bytes, int batches)
    {
        var all = Enumerable.Range(0, events).Select(i => Event(i, bytes)).ToList();

        var split = TrackingBatch.Split(all);

        Assert.Equal(batches, split.Count);
        Assert.Equal(all, split.SelectMany(batch => batch));
        Assert.All(split, batch => Assert.InRange(batch.Count, 1, 2_500));
        Assert.All(split, batch => Assert.InRange(TrackingBatch.Write(batch, new string('k', 32)).Length, 1, 500_000));
    }

    [Fact]
    public void Body_is_a_batch_with_the_write_key()
    {
        var body = JsonNode.Parse(TrackingBatch.Write([Event(1, 20), Event(2, 20)], "key\"").Span)!;
        Assert.Equal("key\"", (string?)body["writeKey"]);
        Assert.Equal(2, body["batch"]!.AsArray().Count);
    }

    private static TrackingEvent Event(int i, int bytes) => new() { Body = Encoding.UTF8.GetBytes($"{{\"x\":\"{new string('x', bytes - 8)}\"}}"), MessageId = $"m-{i}", Timestamp = DateTime.UnixEpoch };
}
