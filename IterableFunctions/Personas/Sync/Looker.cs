using IterableFunctions.Iterable.Limits;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Personas.Recording;
using IterableFunctions.Storage;

namespace IterableFunctions.Personas.Sync;

/// <summary>Looks at a profile: evaluates it, and tells Iterable what it does not know. Whoever does it again finds nothing left to do.</summary>
public sealed class Looker(ProfileTable profiles, Evaluator evaluator, SyncWriter writer, Teller teller, SyncQueue queue, ProfileCache cache)
{
    /// <summary>How often it is tried to write what others write at the same time: some ten seconds.</summary>
    private const int MostAttempts = 100;

    /// <summary>What one look may take.</summary>
    private static readonly TimeSpan Budget = TimeSpan.FromMinutes(2);

    /// <summary>Does what a message of the queue <c>sync</c> asks for. Throws when it cannot, so that the message comes back.</summary>
    public Task RunAsync(string message, CancellationToken cancellation) => LookAsync(SyncQueue.Read(message), cancellation);

    /// <summary>Asks for a look that the host has given up on once more, later: nothing else holds it.</summary>
    public Task ReviveAsync(string message, CancellationToken cancellation) => queue.AddAsync(SyncQueue.Read(message), LargeMessages.Rest, cancellation);

    /// <summary>Looks at a profile.</summary>
    public async Task<LookReport> LookAsync(Look look, CancellationToken cancellation)
    {
        var (build, scope) = (new Build(), look.IsFull ? EvaluationScope.All : EvaluationScope.RealTime);
        for (var attempt = 0; attempt < MostAttempts; attempt++)
        {
            if (attempt > 0)
                await Task.Delay(Random.Shared.Next(1, 10 * Math.Min(attempt, 20)), cancellation);
            if (await profiles.FindEndAsync(look.Profile, cancellation) is not { Document.Kind: ProfileKind.Live } stored)
                return LookReport.Nothing;
            // While a merge goes on nothing is evaluated; its end asks for a look.
            if (!stored.Document.Merging.IsEmpty)
                return LookReport.Later;
            var evaluated = await evaluator.LookAsync(stored, scope, build, cancellation);
            if (look.Resend is { } resend)
                evaluated = evaluated with { Document = Acknowledgement.Forget(evaluated.Document, resend) };
            var (result, untold) = await writer.LookAsync(stored, evaluated, look, cancellation);
            if (result == CommitResult.TooLarge)
                throw new InvalidOperationException("A document is larger than an entity.");
            if (result != CommitResult.Committed)
                continue;
            cache.Renew(untold!.Stored);
            var told = await teller.TellAsync(untold, Urgency.Background, Budget, cancellation);
            return new(evaluated.Joined, evaluated.Left, told, untold.IsPending || told.IsLeft);
        }

        throw new TimeoutException("Other writers were in the way all the time.");
    }
}
