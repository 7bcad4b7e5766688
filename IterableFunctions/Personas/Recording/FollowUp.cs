using Azure;
using IterableFunctions.Iterable.Limits;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Personas.Sync;
using IterableFunctions.Storage;
using Microsoft.Extensions.Logging;

namespace IterableFunctions.Personas.Recording;

/// <summary>What follows when a message has been recorded: Iterable is told what it changes.</summary>
public sealed partial class FollowUp(Teller teller, SyncQueue queue, TimeProvider time, ILogger<FollowUp> logger)
{
    /// <summary>Tells now what there is time for; when it returns, the rest stands in the queue <c>sync</c>.</summary>
    /// <param name="recorded">What was recorded.</param>
    /// <param name="urgency">Whose turn comes first.</param>
    /// <param name="within">The time that there is.</param>
    /// <param name="cancellation">The sender has gone.</param>
    /// <exception cref="RequestFailedException">Storage took neither what was answered nor a look: the message must come again.</exception>
    public async Task FinishAsync(Recording.Recorded recorded, Urgency urgency, TimeSpan within, CancellationToken cancellation)
    {
        if (recorded.Untold is { } untold)
        {
            try
            {
                await teller.TellAsync(untold, urgency, within, cancellation);
                return;
            }
            catch (Exception e) when (!cancellation.IsCancellationRequested)
            {
                Log.NotWritten(logger, recorded.Profile, (e as RequestFailedException)?.Status ?? 0, e.GetType().Name);
            }
        }
        else if (!recorded.Again || recorded.Document.Told.Values.All(told => told.State != ToldState.Unknown))
        {
            return;
        }

        // Whoever began with it, now or when the message came first, may have died on the way.
        var held = recorded.Document.Lease.Until - time.GetUtcNow().UtcTicks;
        await queue.AddAsync(new(recorded.Profile), held > 0 ? TimeSpan.FromTicks(held) + SyncWriter.Skew : TimeSpan.Zero, cancellation);
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "What Iterable was told of profile {Profile} could not be written down: {Status} {Failure}. It is looked at again")]
        public static partial void NotWritten(ILogger logger, string profile, int status, string failure);
    }
}
