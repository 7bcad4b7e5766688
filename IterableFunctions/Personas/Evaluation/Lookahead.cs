namespace IterableFunctions.Personas.Evaluation;

/// <summary>
/// Finds the hour at which a result changes by time alone, by trying the hours at which it can. Waking a profile for
/// nothing costs a read and a write of its document, so looking ahead is worth some work; when the work allowed is used up,
/// the hour reached is announced: too early, never too late.
/// </summary>
internal static class Lookahead
{
    /// <summary>Buckets and events that may be visited for one answer: some hundred microseconds.</summary>
    public const int Allowance = 20_000;

    /// <param name="scope">Where the present result was found.</param>
    /// <param name="nextEdge">A later hour before which nothing changes.</param>
    /// <param name="changed">Whether the result is another at a later hour.</param>
    /// <param name="knownUntil">Where foresight ends.</param>
    public static int FirstChange(Scope scope, Func<Scope, int> nextEdge, Func<Scope, bool> changed, int knownUntil)
    {
        scope.Run!.Allowance = Allowance;
        for (var at = scope; ;)
        {
            var edge = nextEdge(at);
            if (edge >= knownUntil)
                return knownUntil;
            at = scope with { Hour = edge };
            if (changed(at) || scope.Run.Allowance <= 0)
                return edge;
            scope.Run.Allowance--;
        }
    }

    /// <summary>The same for a count of events per hour, in one sweep over the hours at which events enter and leave.</summary>
    /// <param name="window">The window.</param>
    /// <param name="counts">Events per hour, newest first.</param>
    /// <param name="hour">The present hour.</param>
    /// <param name="changed">Whether the result is another for this count.</param>
    public static int FirstCountChange(AgeWindow window, List<(int Hour, long Count)> counts, int hour, Func<long, bool> changed)
    {
        if (window.IsEmpty)
            return Hour.Never;
        long inside = 0;
        var (entering, leaving) = (counts.Count - 1, counts.Count - 1);
        for (var next = hour; ;)
        {
            while (entering >= 0 && window.Enters(counts[entering].Hour) <= next)
                inside += counts[entering--].Count;
            while (leaving >= 0 && window.Leaves(counts[leaving].Hour) <= next)
                inside -= counts[leaving--].Count;
            if (next > hour && changed(inside))
                return next;
            if (leaving < 0)
                return Hour.Never;
            next = window.Leaves(counts[leaving].Hour);
            if (entering >= 0)
                next = Math.Min(next, window.Enters(counts[entering].Hour));
        }
    }
}
