namespace IterableFunctions.Delivering;

/// <summary>What became of a call: it is where it should be, or it is safe here, or the sender must keep it.</summary>
public abstract record Outcome
{
    private Outcome()
    {
    }

    public sealed record Delivered : Outcome;

    /// <summary>In the queue <c>forward</c>.</summary>
    /// <param name="Code">Why it could not be delivered at once.</param>
    public sealed record Queued(string Code) : Outcome;

    /// <summary>A dead letter.</summary>
    public sealed record Failed(DeadLetter Letter) : Outcome;

    /// <summary>Neither delivered nor stored.</summary>
    /// <param name="Code">Why it could not be delivered.</param>
    public sealed record NotStored(string Code) : Outcome;
}
