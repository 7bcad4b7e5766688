using IterableFunctions.Storage;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Personas.Runs;

/// <summary>Begins runs that bring every profile up to a definition.</summary>
public sealed class Backfills(RecomputeQueue queue, IOptions<PersonasOptions> options, TimeProvider time)
{
    /// <summary>
    /// Puts a run into the queue, to begin after <see cref="PersonasOptions.BackfillDelay"/>. Called before the definition is saved with the id that it returns, so that no definition waits for a run
    /// that never comes; one that no definition names ends at once.
    /// </summary>
    /// <param name="definition">The definition's key.</param>
    /// <param name="resend">Whether members are told again of what they were told before.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    public async Task<string> StartAsync(string definition, bool resend, CancellationToken cancellation)
    {
        var run = RunIds.OfBackfill(definition, resend, time.GetUtcNow());
        await queue.AddAsync(new(run, definition), options.Value.BackfillDelay, cancellation);
        return run;
    }
}
