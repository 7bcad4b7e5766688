using IterableFunctions.Personas.Runs;
using Microsoft.Azure.Functions.Worker;

namespace IterableFunctions.Functions;

/// <summary>Every hour, two minutes past, so that the hour's last events have arrived: begins to look at whoever is due.</summary>
public sealed class HourlyRecompute(HourWorker worker)
{
    [Function(nameof(HourlyRecompute))]
    public Task RunAsync([TimerTrigger("0 2 * * * *")] TimerInfo timer, CancellationToken cancellation) => worker.OpenAsync(cancellation);
}
