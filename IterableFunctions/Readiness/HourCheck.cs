using IterableFunctions.Personas;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Runs;
using IterableFunctions.Storage;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Readiness;

/// <summary>Whether the hourly run has begun that should have, and the one before it has ended.</summary>
public sealed class HourCheck(RunTable runs, IOptions<PersonasOptions> options, TimeProvider time) : IReadinessCheck
{
    /// <summary>After the full hour; the timer fires at two minutes past.</summary>
    private static readonly TimeSpan BeginsWithin = TimeSpan.FromMinutes(12);

    /// <summary>Since when this process has been asked: where the timer has never fired nothing else says that the app was there.</summary>
    private readonly DateTimeOffset _since = time.GetUtcNow();

    public async Task<string?> ReasonAsync(CancellationToken cancellation)
    {
        if (!options.Value.Enabled)
            return null;
        var now = time.GetUtcNow();
        // The newest that should have begun by now.
        var last = Hour.Containing(now - BeginsWithin);
        if (await runs.FindAsync(RunIds.OfHour(last), cancellation) is null)
        {
            // An app that was deployed within the hour has none yet, and of backfills none that is older.
            var wasThere = _since < last.Start || (await runs.ListAsync(RunIds.Before(last), 1, cancellation)).Count > 0;
            return !wasThere || await runs.FindAsync(RunIds.OfHour(last + 1), cancellation) is not null ? null : $"The hourly run of {last.Start:u} has not begun.";
        }

        return await runs.FindAsync(RunIds.OfHour(last + -1), cancellation) is { Finished: null, Started: var started }
            ? $"The hourly run of {(last + -1).Start:u}, which began at {started:u}, has not ended."
            : null;
    }
}
