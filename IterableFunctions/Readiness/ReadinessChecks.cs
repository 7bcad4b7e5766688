namespace IterableFunctions.Readiness;

/// <summary>Asks all checks, side by side and in bounded time.</summary>
public sealed class ReadinessChecks(IEnumerable<IReadinessCheck> checks, TimeProvider time)
{
    /// <summary>Longer than any of them should need.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    /// <returns>Why the app is not ready, a sentence each; none when it is.</returns>
    public async Task<IReadOnlyList<string>> ReasonsAsync(CancellationToken cancellation)
        => [.. (await Task.WhenAll(checks.Select(check => ReasonAsync(check, cancellation)))).OfType<string>()];

    private async Task<string?> ReasonAsync(IReadinessCheck check, CancellationToken cancellation)
    {
        try
        {
            return await check.ReasonAsync(cancellation).WaitAsync(Patience, time, cancellation);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            // Its message could hold an address or worse.
            return $"{check.GetType().Name} could not be done: {e.GetType().Name}.";
        }
    }
}
