namespace IterableFunctions.Personas.Queries;

public enum TimeUnit
{
    /// <summary>Only in <c>expires_after</c>.</summary>
    Second,
    /// <summary>Only in <c>expires_after</c>.</summary>
    Minute,
    Hour,
    Day,
}

/// <summary>A length of time as written: <c>7 days</c> and <c>168 hours</c> are two spellings of one length.</summary>
public sealed record Duration(int Amount, TimeUnit Unit)
{
    public long Ticks => Amount * Unit switch
    {
        TimeUnit.Second => TimeSpan.TicksPerSecond,
        TimeUnit.Minute => TimeSpan.TicksPerMinute,
        TimeUnit.Hour => TimeSpan.TicksPerHour,
        _ => TimeSpan.TicksPerDay,
    };

    /// <summary>Whole hours; windows are given in hours and days only.</summary>
    public int Hours => (int)(Ticks / TimeSpan.TicksPerHour);

    public override string ToString()
    {
        var unit = Unit switch
        {
            TimeUnit.Second => "second",
            TimeUnit.Minute => "minute",
            TimeUnit.Hour => "hour",
            _ => "day",
        };
        return Amount == 1 ? $"1 {unit}" : $"{Amount} {unit}s";
    }
}
