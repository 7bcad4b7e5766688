using IterableFunctions.Sending;

namespace IterableFunctions.Readiness;

/// <summary>Whether a key is refused, as this instance knows, at most 10 s late.</summary>
/// <param name="key">Of the key.</param>
/// <param name="owner">Whose API it is for.</param>
/// <param name="name">What the key is called.</param>
public sealed class KeyCheck(KeyGuard key, string owner, string name) : IReadinessCheck
{
    public Task<string?> ReasonAsync(CancellationToken cancellation)
        => Task.FromResult(key.RefusedSince is { } since ? $"{owner} has refused the {name} since {since:u}; calls wait in the queue." : null);
}
