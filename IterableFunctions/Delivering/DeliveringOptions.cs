namespace IterableFunctions.Delivering;

/// <summary>Settings <c>Delivering__…</c>.</summary>
public sealed class DeliveringOptions
{
    public const string Section = "Delivering";

    /// <summary>How long a call is tried, from its first attempt, before it becomes a dead letter. Default seven days.</summary>
    public TimeSpan GiveUpAfter { get; set; } = TimeSpan.FromDays(7);

    /// <summary>The wait after the first attempt; it doubles with each. Default five seconds.</summary>
    public TimeSpan FirstRetry { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest wait between two attempts. Default one hour.</summary>
    public TimeSpan LongestRetry { get; set; } = TimeSpan.FromHours(1);
}
