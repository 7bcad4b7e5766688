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
}
