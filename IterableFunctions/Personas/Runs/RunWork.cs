namespace IterableFunctions.Personas.Runs;

/// <summary>A message of the queue <c>recompute</c>: a part of a run.</summary>
/// <param name="Run">The run's id.</param>
/// <param name="Definition">Of a backfill: the definition that all profiles are brought up to; null for an hour.</param>
/// <param name="Shard">The part; null for the beginning of a backfill, which puts all parts into the queue.</param>
/// <param name="Waits">Of a backfill: how often in a row this part had to wait, for Iterable say.</param>
public sealed record RunWork(string Run, string? Definition, int? Shard = null, int Waits = 0);
