namespace IterableFunctions.Personas;

/// <summary>
/// Where Iterable is told of several users in one call. It keeps no order between bulk and single calls of one user, so bulk is for profiles that have had no message for a while.
/// </summary>
public enum BulkUse
{
    /// <summary>When all profiles are brought up to a definition.</summary>
    FirstSync,

    /// <summary>Every hour as well.</summary>
    Always,

    Never,
}
