namespace IterableFunctions.Delivering;

/// <summary>Settings <c>Delivering__…</c>.</summary>
public sealed class DeliveringOptions
{
    public const string Section = "Delivering";

    /// <summary>How long a call is tried, from its first attempt, before it becomes a dead letter. Default seven days.</summary>
    public TimeSpan GiveUpAfter { get; set; } = TimeSpan.FromDays(7);
}
