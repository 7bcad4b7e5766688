using IterableFunctions.Personas.Profiles;
using IterableFunctions.Personas.Sync;

namespace IterableFunctions.Personas.Recording;

/// <summary>What became of a message that was to be recorded.</summary>
public abstract record Recording
{
    private Recording()
    {
    }

    /// <summary>It stands in a profile, now or since it came before.</summary>
    /// <param name="Profile">The profile's id.</param>
    /// <param name="Document">The profile with it.</param>
    /// <param name="Again">Whether it stood there before.</param>
    /// <param name="Untold">What Iterable is to be told because of it, and is not yet; null where that is nothing, or another message's.</param>
    public sealed record Recorded(string Profile, ProfileDocument Document, bool Again, Untold? Untold) : Recording
    {
        /// <summary>Of the message, as it was first folded: what comes again with another time is not newer for that. UTC.</summary>
        public required DateTime Timestamp { get; init; }

        /// <summary>The document that it was folded into; of one that comes again as it stands.</summary>
        public required ProfileDocument Before { get; init; }
    }

    /// <summary>In the queue <c>record</c>.</summary>
    public sealed record Queued : Recording;

    /// <summary>Storage took it neither here nor there.</summary>
    public sealed record NotStored : Recording;
}
