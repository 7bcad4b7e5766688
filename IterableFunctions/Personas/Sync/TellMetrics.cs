using System.Diagnostics.Metrics;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Telemetry;

namespace IterableFunctions.Personas.Sync;

/// <summary>What telling Iterable measures, under the app's meter. <c>docs/operations.md</c> says what to watch.</summary>
public sealed class TellMetrics(IMeterFactory meters)
{
    private readonly Counter<long> _told = meters.Create(Tracing.Source).CreateCounter<long>("personas.told", "{value}", "Values of audiences and computed traits that Iterable was told, by how that ended.");

    /// <param name="answer">How it ended.</param>
    public void Told(Answer answer) => _told.Add(1, new KeyValuePair<string, object?>("outcome", answer.State switch
    {
        ToldState.Acknowledged => "acknowledged",
        ToldState.Refused => "refused",
        _ => "unknown",
    }));
}
