namespace IterableFunctions.LocalHost.Sandbox;

/// <summary>How much of an endpoint's rate is used.</summary>
/// <param name="Endpoint">Such as <c>users/update</c>.</param>
/// <param name="Limit">Null where Iterable publishes none.</param>
/// <param name="Remaining">Tokens left; equals the capacity when idle.</param>
/// <param name="LastSecond">Calls in the last full second, refused ones included.</param>
/// <param name="Calls">Calls since the start.</param>
/// <param name="Limited">Of these, those answered with 429.</param>
public sealed record EndpointRate(string Endpoint, RateLimit? Limit, double Remaining, int LastSecond, long Calls, long Limited);

/// <summary>What a 429 says about the bucket that was empty.</summary>
/// <param name="Limit">The bucket's capacity.</param>
/// <param name="Remaining">Whole tokens left: none.</param>
/// <param name="Reset">Whole seconds until a call would find a token, rounded up.</param>
internal sealed record RateLimitExceeded(int Limit, int Remaining, int Reset);

/// <summary>
/// A token bucket per endpoint, at the rates that Iterable's API docs publish; "per project" there, and there is one project here.
/// </summary>
internal sealed class RateBuckets
{
    private readonly Dictionary<string, Bucket> _buckets = new(StringComparer.Ordinal);
    private readonly Bucket? _forgetsPerDay;

    public RateBuckets(SandboxOptions options)
    {
        foreach (var name in Routes.All.Select(route => route.Name).Distinct())
            _buckets[name] = new Bucket(LimitOf(name, options), options.Time);
        if (options.RateLimits && !options.RateLimitOverrides.ContainsKey("users/forget"))
            _forgetsPerDay = new Bucket(new RateLimit(1_000 / 86_400.0, 1_000), options.Time);
    }

    /// <summary>
    /// Published: Iterable API docs, the "Rate limit" line of each endpoint. Endpoints that are absent have no published limit.
    /// <c>users/forget</c> also has a daily cap of 1,000.
    /// </summary>
    private static readonly Dictionary<string, double> _published = new(StringComparer.Ordinal)
    {
        ["users/update"] = 500,
        ["users/bulkUpdate"] = 5,
        ["users/merge"] = 50,
        ["users/forget"] = 3,
        ["users/{email}"] = 100,
        ["users/byUserId"] = 100,
        ["users/getFields"] = 3,
        ["events/track"] = 2_000,
        ["events/trackBulk"] = 10,
        ["events/{email}"] = 100,
        ["events/byUserId"] = 100,
    };

    /// <summary>Takes a token for one call, or says how long to wait. A refused call takes none.</summary>
    public RateLimitExceeded? Take(string endpoint)
    {
        if (!_buckets.TryGetValue(endpoint, out var bucket))
            return null;
        var exceeded = bucket.Take();
        return exceeded is null && endpoint == "users/forget" ? _forgetsPerDay?.Take() : exceeded;
    }

    /// <summary>Every endpoint's use, in the order of <see cref="Routes.All"/>.</summary>
    public IReadOnlyList<EndpointRate> Levels() => [.. _buckets.Select(pair => pair.Value.Level(pair.Key))];

    private static RateLimit? LimitOf(string endpoint, SandboxOptions options)
    {
        if (!options.RateLimits)
            return null;
        if (options.RateLimitOverrides.TryGetValue(endpoint, out var limit))
            return limit;
        return _published.TryGetValue(endpoint, out var calls) ? RateLimit.PerSecondOf(calls) : null;
    }

    private sealed class Bucket(RateLimit? limit, TimeProvider time)
    {
        private readonly Lock _lock = new();
        private double _tokens = limit?.Capacity ?? 0;
        private long _filledAt = time.GetTimestamp();
        private long _second = time.GetTimestamp() / time.TimestampFrequency;
        private int _thisSecond;
        private int _lastSecond;
        private long _calls;
        private long _limited;

        public RateLimitExceeded? Take()
        {
            lock (_lock)
            {
                Advance();
                _calls++;
                _thisSecond++;
                if (limit is null)
                    return null;
                // A hair's breadth below one is one: the sum of many small refills is not exact.
                if (_tokens >= 1 - 1e-9)
                {
                    _tokens = Math.Max(0, _tokens - 1);
                    return null;
                }
                _limited++;
                var wait = (1 - _tokens) / limit.PerSecond;
                return new((int)limit.Capacity, 0, Math.Max(1, (int)Math.Ceiling(wait - 1e-9)));
            }
        }

        public EndpointRate Level(string endpoint)
        {
            lock (_lock)
            {
                Advance();
                return new(endpoint, limit, limit is null ? 0 : _tokens, _lastSecond, _calls, _limited);
            }
        }

        private void Advance()
        {
            var now = time.GetTimestamp();
            if (limit is not null)
                _tokens = Math.Min(limit.Capacity, _tokens + time.GetElapsedTime(_filledAt, now).TotalSeconds * limit.PerSecond);
            _filledAt = now;
            var second = now / time.TimestampFrequency;
            if (second != _second)
            {
                _lastSecond = second == _second + 1 ? _thisSecond : 0;
                _thisSecond = 0;
                _second = second;
            }
        }
    }
}
