namespace IterableFunctions.Personas.Runs;

/// <summary>A message of the queue <c>recompute</c>: a part of a run.</summary>
/// <param name="Run">The run's id.</param>
/// <param name="Definition">Of a backfill: the definition that all profiles are brought up to; null for an hour.</param>
/// <param name="Shard">The part; null for the beginning of a backfill, which puts all parts into the queue.</param>
/// <param name="Asked">When it was asked for, UTC.</param>
/// <param name="Resend">Of a backfill: whether members are told again of what they were told before.</param>
/// <param name="Refused">Of a backfill: how often in a row Iterable could not take what this part had to tell.</param>
public sealed record RunWork(string Run, string? Definition, DateTime Asked, int? Shard = null, bool Resend = false, int Refused = 0);
