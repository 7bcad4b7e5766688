using System.Text.Json.Serialization;

namespace IterableFunctions.Delivering;

/// <summary>Why a call is a dead letter.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DeadLetterReason>))]
public enum DeadLetterReason
{
    /// <summary>Iterable refused it for good, or Segment.</summary>
    Refused,

    /// <summary>It could not be delivered for as long as it is tried.</summary>
    Expired,

    /// <summary>The process died with it too often, or it could not be read.</summary>
    Crashed,
}

/// <summary>A call that was given up, with all that it takes to send it again.</summary>
/// <param name="Id">By which it is looked up.</param>
/// <param name="Reason">Why it was given up.</param>
/// <param name="Code">Iterable's code, or ours.</param>
/// <param name="Message">The words of Iterable, or of Segment.</param>
/// <param name="LastAttempt">UTC.</param>
/// <param name="Call">What was to be sent.</param>
public sealed record DeadLetter(string Id, DeadLetterReason Reason, string Code, string Message, DateTime LastAttempt, PendingCall Call);

/// <summary>A page of dead letters, newest first.</summary>
/// <param name="DeadLetters">The letters.</param>
/// <param name="Next">Give it as <c>after</c> to get the next page; null at the end.</param>
public sealed record DeadLetterPage(IReadOnlyList<DeadLetter> DeadLetters, string? Next);

/// <summary>Which dead letters are meant; what is null does not restrict.</summary>
/// <param name="Day">UTC day of the first attempt.</param>
/// <param name="Reason">Why given up.</param>
/// <param name="User">userId or email.</param>
/// <param name="MessageId">Of the Segment message.</param>
public sealed record DeadLetterFilter(DateOnly? Day = null, DeadLetterReason? Reason = null, string? User = null, string? MessageId = null)
{
    public bool Takes(DeadLetter letter)
        => (Day is not { } day || DateOnly.FromDateTime(letter.Call.FirstAttempt) == day)
            && (Reason is not { } reason || letter.Reason == reason)
            && (MessageId is null || letter.Call.MessageId == MessageId)
            && (User is null || letter.Call.UserId == User || string.Equals(letter.Call.Email, User, StringComparison.OrdinalIgnoreCase));
}
