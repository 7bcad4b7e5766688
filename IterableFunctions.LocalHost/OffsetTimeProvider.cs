namespace IterableFunctions.LocalHost;

/// <summary>The system's clock, shifted forward, so that what takes a month to expire can be seen expiring today.</summary>
public sealed class OffsetTimeProvider(TimeSpan offset) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + offset;
}
