using IterableFunctions.Storage;

namespace IterableFunctions.Personas.Runs;

/// <summary>Does what waits in the queue <c>recompute</c>. Throws when it cannot, so that the message comes back.</summary>
public sealed class RunWorker(BackfillWorker backfills, HourWorker hours, RecomputeQueue queue)
{
    public Task RunAsync(string message, CancellationToken cancellation) => RecomputeQueue.Read(message) switch
    {
        { Definition: null } work => hours.ContinueAsync(work, cancellation),
        { Shard: null } work => backfills.BeginAsync(work, cancellation),
        var work => backfills.ContinueAsync(work, cancellation),
    };

    /// <summary>Puts work that the host has given up on back into the queue, for later: nothing else holds it.</summary>
    public Task ReviveAsync(string message, CancellationToken cancellation) => queue.AddAsync(RecomputeQueue.Read(message), LargeMessages.Rest, cancellation);
}
