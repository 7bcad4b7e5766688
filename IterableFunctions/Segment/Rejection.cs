namespace IterableFunctions.Segment;

/// <summary>Why something can never succeed as it was sent.</summary>
/// <param name="Code">Stable, for programs: <c>missing_identifier</c>.</param>
/// <param name="Detail">One or two sentences for people that say what to change. Holds no values of the message.</param>
public sealed record Rejection(string Code, string Detail);
