namespace IterableFunctions.Readiness;

/// <summary>One thing without which the app cannot do its work. Whatever is registered as one is asked by <see cref="ReadinessChecks"/>.</summary>
public interface IReadinessCheck
{
    /// <returns>Why the app is not ready, as a sentence for a person; null where this is in order.</returns>
    Task<string?> ReasonAsync(CancellationToken cancellation);
}
