namespace IterableFunctions.Readiness;

/// <summary>Asks all checks, side by side and in bounded time; whoever asks within the next seconds gets the same answer, since anybody may ask and each check costs storage transactions.</summary>
public sealed class ReadinessChecks(IEnumerable<IReadinessCheck> checks, TimeProvider time)
{
    /// <summary>Longer than any of them should need.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private Task<IReadOnlyList<string>>? _last;
    private long _askedAt;

    /// <returns>Why the app is not ready, a sentence each; none when it is. Of the last five seconds.</returns>
    public Task<IReadOnlyList<string>> ReasonsAsync(CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (_last is null || (_last.IsCompleted && time.GetElapsedTime(_askedAt) >= Fresh))
                (_askedAt, _last) = (time.GetTimestamp(), AskAsync());
            return _last.WaitAsync(cancellation);
        }
    }

    private async Task<IReadOnlyList<string>> AskAsync() => [.. (await Task.WhenAll(checks.Select(ReasonAsync))).OfType<string>()];

    private async Task<string?> ReasonAsync(IReadinessCheck check)
    {
        try
        {
            return await check.ReasonAsync(CancellationToken.None).WaitAsync(Patience, time);
        }
        catch (Exception e)
        {
            // Its message could hold an address or worse.
            return $"{check.GetType().Name} could not be done: {e.GetType().Name}.";
        }
    }
}
