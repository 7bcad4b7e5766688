using IterableFunctions.Segment;

namespace IterableFunctions.Iterable.Mapping;

/// <summary>What a message comes to.</summary>
public abstract record Mapping
{
    private Mapping()
    {
    }

    /// <summary>A call to send.</summary>
    /// <param name="Request">The call.</param>
    /// <param name="Warning">What of the message had to be left out, in a sentence; null when nothing was.</param>
    public sealed record Send(IterableRequest Request, string? Warning = null) : Mapping;

    /// <summary>Nothing to send, and nothing wrong.</summary>
    /// <param name="Reason">Why, in a sentence.</param>
    public sealed record Ignore(string Reason) : Mapping;

    /// <summary>Nothing that Iterable could ever take.</summary>
    public sealed record Reject(Rejection Rejection) : Mapping
    {
        public Reject(string code, string detail)
            : this(new Rejection(code, detail))
        {
        }

        /// <summary>Whether all that is wrong is that Iterable cannot be told whom it is about.</summary>
        public bool OnlyAddressMissing { get; init; }
    }
}
