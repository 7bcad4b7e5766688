using System.Diagnostics;
using System.Diagnostics.Metrics;
using IterableFunctions.Iterable.Limits;
using IterableFunctions.Segment;
using IterableFunctions.Sending;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Delivering;

/// <summary>What delivery measures, under the meter <c>IterableFunctions</c>. <c>docs/operations.md</c> says what to watch.</summary>
public sealed class DeliveryMetrics
{
    /// <summary>The meter's name.</summary>
    public const string Meter = "IterableFunctions";

    private readonly TimeProvider _time;
    private readonly Counter<long> _delivered;
    private readonly Counter<long> _queued;
    private readonly Counter<long> _deadLettered;
    private readonly Histogram<double> _latency;

    public DeliveryMetrics(IMeterFactory meters, IterableLimits limits, KeyGuard key, [FromKeyedServices(SegmentOptions.Section)] KeyGuard writeKey, IOptions<SegmentOptions> segment, TimeProvider time)
    {
        _time = time;
        var meter = meters.Create(Meter);
        _delivered = meter.CreateCounter<long>("iterable.calls.delivered", "{call}", "Calls that Iterable, or Segment (endpoint /v1/batch), has taken.");
        _queued = meter.CreateCounter<long>("iterable.calls.queued", "{call}", "Calls that were put into the queue for another attempt.");
        _deadLettered = meter.CreateCounter<long>("iterable.calls.dead_lettered", "{call}", "Calls that were given up.");
        _latency = meter.CreateHistogram<double>("iterable.delivery.latency", "s", "From a message's timestamp until Iterable, or Segment, has it.", advice: new()
        {
            HistogramBucketBoundaries = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14_400, 86_400, 604_800],
        });
        meter.CreateObservableGauge("iterable.rate", () => limits.Rates.Select(rate => new Measurement<double>(rate.Rate, Endpoint(rate.Endpoint.Path))), "{call}/s", "Calls that this instance may make.");
        meter.CreateObservableGauge("iterable.key.refused", () => Keys(), "{key}", "1 while the key is refused, else 0.");

        IEnumerable<Measurement<int>> Keys()
        {
            yield return Refused(key, CallTarget.Iterable);
            if (!string.IsNullOrEmpty(segment.Value.WriteKey))
                yield return Refused(writeKey, CallTarget.Segment);
        }

        static Measurement<int> Refused(KeyGuard guard, CallTarget target) => new(guard.RefusedSince is null ? 0 : 1, new KeyValuePair<string, object?>("target", target.ToString()));
    }

    /// <param name="endpoint">Of the call.</param>
    /// <param name="timestamp">When what it tells of happened, UTC.</param>
    public void Delivered(string endpoint, DateTime timestamp)
    {
        _delivered.Add(1, Endpoint(endpoint));
        _latency.Record(Math.Max(0, (_time.GetUtcNow().UtcDateTime - timestamp).TotalSeconds), Endpoint(endpoint));
    }

    /// <param name="endpoint">Of the call.</param>
    /// <param name="code">Why, as the answer to the webhook has it: <c>Timeout</c>, <c>RateLimited</c>.</param>
    public void Queued(string endpoint, string code) => _queued.Add(1, new("endpoint", endpoint), new("reason", code));

    /// <param name="endpoint">Of the call.</param>
    /// <param name="reason">The class of reasons.</param>
    /// <param name="code">The reason.</param>
    public void DeadLettered(string endpoint, DeadLetterReason reason, string code)
        => _deadLettered.Add(1, new TagList { { "endpoint", endpoint }, { "reason", reason.ToString() }, { "code", code } });

    private static KeyValuePair<string, object?> Endpoint(string endpoint) => new("endpoint", endpoint);
}
