namespace IterableFunctions.Sending;

/// <summary>How one attempt to send a call ended.</summary>
public abstract record Delivery
{
    private Delivery()
    {
    }

    /// <summary>It is there.</summary>
    public sealed record Delivered : Delivery
    {
        public static readonly Delivered Instance = new();
    }

    /// <summary>Some of what a bulk call held is there.</summary>
    /// <param name="FailCount">How many items failed.</param>
    /// <param name="Failed">The emails and userIds of theirs, as far as the answer names them.</param>
    public sealed record Partly(int FailCount, IReadOnlyList<string> Failed) : Delivery;

    /// <summary>It was not sent: this instance's rate is used up, the key is refused, or no time was left. No attempt.</summary>
    /// <param name="Code"><c>RateLimited</c>, <c>KeyRefused</c>, <c>NoTimeLeft</c>.</param>
    /// <param name="After">How long it should wait; zero when that is not known.</param>
    public sealed record NotSent(string Code, TimeSpan After) : Delivery;

    /// <summary>It may succeed later: no answer, 408, 429, 5xx.</summary>
    /// <param name="Status">HTTP status; 0 where there was no answer.</param>
    /// <param name="Code">What to call it: the answer's code, or <c>Timeout</c>, <c>ConnectionFailed</c>, <c>Http503</c>.</param>
    /// <param name="After">The wait that the answer asks for; null when it names none.</param>
    public sealed record RetryLater(int Status, string Code, TimeSpan? After = null) : Delivery;

    /// <summary>This call is refused, and would be again.</summary>
    /// <param name="Status">HTTP status.</param>
    /// <param name="Code">The answer's code, <c>InvalidEmailAddressError</c>; else <c>Http404</c>.</param>
    /// <param name="Message">The answer's words. They may quote the call, so they may hold personal data.</param>
    public sealed record Refused(int Status, string Code, string Message) : Delivery;

    /// <summary>The key is refused (401, 403): no fault of the call.</summary>
    public sealed record KeyRefused(int Status, string Code, string Message) : Delivery;
}
