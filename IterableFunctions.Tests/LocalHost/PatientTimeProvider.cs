namespace IterableFunctions.Tests.LocalHost;

/// <summary>
/// The system's clock, for an app that has too little of the machine: whatever it measures or waits for takes ten times as long, so that its deadlines do. What it answers in time anywhere else it
/// then answers in time here as well, though everything be slow, or stand still for seconds. For tests of what happens, and not of what becomes of it when the time is up.
/// </summary>
/// <param name="times">How many times as long.</param>
internal class PatientTimeProvider(int times = 10) : TimeProvider
{
    public override long GetTimestamp() => base.GetTimestamp() / times;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        => base.CreateTimer(callback, state, Stretched(dueTime), Stretched(period));

    /// <summary>Infinite is less than nothing.</summary>
    private TimeSpan Stretched(TimeSpan time) => time > TimeSpan.Zero ? time * times : time;
}
