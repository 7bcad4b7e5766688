using IterableFunctions.Tests.LocalHost;

namespace IterableFunctions.Tests.Faults;

/// <summary>The system's clock with long deadlines, which can be put forward.</summary>
internal sealed class ForwardTimeProvider : PatientTimeProvider
{
    private long _ahead;

    public void Forward(TimeSpan by) => Interlocked.Add(ref _ahead, by.Ticks);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Interlocked.Read(ref _ahead));
}
