using IterableFunctions.Iterable.Limits;
using IterableFunctions.Personas.Sync;
using IterableFunctions.Sending;
using IterableFunctions.Storage;
using IterableFunctions.Telemetry;

namespace IterableFunctions.Personas.Recording;

/// <summary>Does what waits in the queue <c>record</c>. Throws when it cannot, so that the message comes back; whatever was done before is not done twice.</summary>
public sealed class RecordWorker(RecordQueue queue, Recorder recorder, FollowUp followUp, Merger merger, Deletion deletion)
{
    /// <summary>How long Iterable may take to be told what a message changes, before that is left to the queue <c>sync</c>.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public async Task RunAsync(string queued, CancellationToken cancellation)
    {
        if (await queue.ReadAsync(queued, cancellation) is not { } work)
            return;
        using var step = Tracing.Resume("record", LogIds.Of(work.Message?.MessageId ?? ""), work.Trace);
        if (work.Message is { } message)
        {
            var recorded = await recorder.FoldAsync(message).WaitAsync(cancellation) ?? throw new TimeoutException("Other writers were in the way all the time.");
            await followUp.FinishAsync(recorded, Urgency.Background, Patience, cancellation);
        }

        if (work.Merge is { } same)
            await merger.MergeAsync(same, cancellation);
        if (work.Delete is { } profile)
            await deletion.FinishAsync(profile, cancellation);
        await queue.ForgetAsync(queued, cancellation);
    }

    /// <summary>Puts work that the host has given up on back into the queue, for later.</summary>
    public async Task ReviveAsync(string message, CancellationToken cancellation)
    {
        if (await queue.ReadAsync(message, cancellation) is not { } work)
            return;
        await queue.AddAsync(work, LargeMessages.Rest, cancellation);
        await queue.ForgetAsync(message, cancellation);
    }
}
