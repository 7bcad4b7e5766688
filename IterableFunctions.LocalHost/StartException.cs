namespace IterableFunctions.LocalHost;

/// <summary>Why the local host cannot start, in one sentence for whoever started it.</summary>
public sealed class StartException(string message, int exitCode = 1) : Exception(message)
{
    /// <summary>2 for a command line that cannot be understood, as usual; 1 for everything else.</summary>
    public int ExitCode { get; } = exitCode;
}
