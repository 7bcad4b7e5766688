namespace IterableFunctions.Personas.Evaluation;

/// <summary>What an expression is looked at against.</summary>
/// <param name="Run">The evaluation; null only while a leaf's filter looks at an event, which needs nothing else.</param>
/// <param name="Hour">The hour of the look, which may lie ahead of the evaluation's own.</param>
/// <param name="Event">The event inside <c>where</c>; null outside.</param>
/// <param name="Parent">The scope of the event around a nested event.</param>
internal sealed record Scope(EvaluationRun? Run, int Hour, ProfileEvent? Event, Scope? Parent)
{
    public long Ticks => Hour * TimeSpan.TicksPerHour;
}
