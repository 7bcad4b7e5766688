using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Iterable.Limits;

/// <summary>The limiters of all endpoints, one of each in a process.</summary>
public sealed class IterableLimits(IOptions<LimitsOptions> options, TimeProvider time) : IDisposable
{
    private readonly ConcurrentDictionary<IterableEndpoint, EndpointLimiter> _limiters = new();

    /// <summary>The endpoints that have been called, with the rate of each in calls a second.</summary>
    public IEnumerable<(IterableEndpoint Endpoint, double Rate)> Rates => _limiters.Select(limiter => (limiter.Key, limiter.Value.Rate.Current));

    public EndpointLimiter this[IterableEndpoint endpoint] => _limiters.GetOrAdd(endpoint, static (key, from) => new(from.options.Value.Of(key), from.time), (options, time));

    public void Dispose()
    {
        foreach (var limiter in _limiters.Values)
            limiter.Dispose();
    }
}
