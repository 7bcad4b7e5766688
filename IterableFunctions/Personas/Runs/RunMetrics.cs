using System.Diagnostics.Metrics;
using IterableFunctions.Telemetry;

namespace IterableFunctions.Personas.Runs;

/// <summary>What runs measure, under the app's meter. <c>docs/operations.md</c> says what to watch.</summary>
public sealed class RunMetrics(IMeterFactory meters)
{
    private readonly Counter<long> _hours = meters.Create(Tracing.Source).CreateCounter<long>("personas.hours.finished", "{run}", "Hourly runs that have come to their end.");

    /// <summary>An hour's run has come to its end.</summary>
    public void HourFinished() => _hours.Add(1);
}
