using IterableFunctions.Iterable.Limits;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Personas.Recording;
using IterableFunctions.Storage;

namespace IterableFunctions.Personas.Sync;

/// <summary>Looks at a profile: evaluates it, and tells Iterable what it does not know. Whoever does it again finds nothing left to do.</summary>
public sealed class Looker(ProfileTable profiles, Evaluator evaluator, SyncWriter writer, Teller teller, SyncQueue queue, ProfileCache cache)
{
    /// <summary>What one look may take.</summary>
    private static readonly TimeSpan Budget = TimeSpan.FromMinutes(2);

    /// <summary>Does what a message of the queue <c>sync</c> asks for. Throws when it cannot, so that the message comes back.</summary>
    public Task RunAsync(string message, CancellationToken cancellation)
    {
        var look = SyncQueue.Read(message);
        return LookAsync(look, EvaluationScope.RealTime, cancellation);
    }

    /// <summary>Asks for a look that the host has given up on once more, later: nothing else holds it.</summary>
    public Task ReviveAsync(string message, CancellationToken cancellation) => queue.AddAsync(SyncQueue.Read(message), TimeSpan.FromMinutes(30), cancellation);

    /// <summary>Looks at a profile.</summary>
    /// <param name="look">Which.</param>
    /// <param name="scope">All at a full hour; else what does not depend on the clock.</param>
    /// <param name="cancellation">The host ends.</param>
    /// <returns>When Iterable could not take a call now: the wait before the next look, which is queued.</returns>
    public async Task<TimeSpan?> LookAsync(Look look, EvaluationScope scope, CancellationToken cancellation)
    {
        var build = new Build();
        for (var attempt = 0; ; attempt++)
        {
            if (attempt > 0)
                await Task.Delay(Random.Shared.Next(1, 10 * Math.Min(attempt, 20)), cancellation);
            if (await profiles.FindEndAsync(look.Profile, cancellation) is not { Document.Kind: ProfileKind.Live } stored)
                return null;
            // While a merge goes on nothing is evaluated; its end asks for a look.
            if (!stored.Document.Merging.IsEmpty)
                return null;
            var evaluated = await evaluator.LookAsync(stored, scope, build, cancellation);
            var (result, sending) = await writer.LookAsync(stored, evaluated, look.Attempts, cancellation);
            if (result != CommitResult.Committed)
                continue;
            cache.Renew(sending!.Stored);
            return await teller.TellAsync(sending, Urgency.Background, Budget, cancellation);
        }
    }
}
