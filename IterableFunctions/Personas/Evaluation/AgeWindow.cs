namespace IterableFunctions.Personas.Evaluation;

/// <summary>
/// A band of ages in whole hours. At hour H an event is in iff H − <paramref name="To"/> ≤ timestamp &lt; H − <paramref name="From"/>,
/// so that all events of one clock hour come and go together, and one bucket per hour is exact.
/// </summary>
/// <param name="From">Hours; 0 for <c>within</c>.</param>
/// <param name="To">Hours; at most <paramref name="From"/> when filters exclude one another, and then nothing is ever in.</param>
internal readonly record struct AgeWindow(int From, int To)
{
    /// <summary>The first hour at which events of <paramref name="eventHour"/> are in.</summary>
    public int Enters(int eventHour) => eventHour + From + 1;

    /// <summary>The first hour at which they are no longer in.</summary>
    public int Leaves(int eventHour) => eventHour + To + 1;

    public bool Holds(int eventHour, int at) => Enters(eventHour) <= at && at < Leaves(eventHour);

    public bool IsEmpty => To <= From;

    /// <summary>The next hour after <paramref name="at"/> at which events of <paramref name="eventHour"/> enter or leave.</summary>
    public int NextEdge(int eventHour, int at) =>
        IsEmpty ? Hour.Never
        : Enters(eventHour) > at ? Enters(eventHour)
        : Leaves(eventHour) > at ? Leaves(eventHour)
        : Hour.Never;

    public AgeWindow And(AgeWindow other) => new(Math.Max(From, other.From), Math.Min(To, other.To));
}
