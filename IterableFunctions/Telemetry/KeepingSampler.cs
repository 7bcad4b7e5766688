using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace IterableFunctions.Telemetry;

/// <summary>
/// Keeps a share of the traces, and of the others what turns out to matter: their spans are recorded as well, and sent if they end with an error (<see cref="KeepErrors"/>) or their
/// message has to wait (<see cref="Tracing.Keep()"/>). The share is one of trace ids, so whoever takes the same share of them, as the Functions host does, keeps the same traces; what goes on
/// with a kept span is kept as well.
/// </summary>
/// <param name="share">From 0 to 1.</param>
internal sealed class KeepingSampler(double share) : Sampler
{
    private readonly TraceIdRatioBasedSampler _share = new(share);

    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters)
        => new(samplingParameters.ParentContext.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) || _share.ShouldSample(samplingParameters).Decision == SamplingDecision.RecordAndSample
            ? SamplingDecision.RecordAndSample
            : SamplingDecision.RecordOnly);
}

/// <summary>Sends a step that failed, and what it was part of, whatever the sampler chose. Stands before the exporters.</summary>
internal sealed class KeepErrors : BaseProcessor<Activity>
{
    public override void OnEnd(Activity data)
    {
        if (data.Status == ActivityStatusCode.Error)
            Tracing.Keep(data);
    }
}
