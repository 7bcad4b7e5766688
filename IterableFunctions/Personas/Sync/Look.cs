namespace IterableFunctions.Personas.Sync;

/// <summary>A message of the queue <c>sync</c>: look at this profile, and tell Iterable what it does not know.</summary>
/// <param name="Profile">The profile's id.</param>
/// <param name="Attempts">How often in a row Iterable could not take what it was told.</param>
public sealed record Look(string Profile, int Attempts = 0);
