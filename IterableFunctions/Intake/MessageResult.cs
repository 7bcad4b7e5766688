using System.Text.Json.Serialization;
using IterableFunctions.Delivering;
using IterableFunctions.Segment;

namespace IterableFunctions.Intake;

/// <summary>What became of one message.</summary>
/// <param name="Status">In one word.</param>
/// <param name="MessageId">The message's id, or the SHA-256 of its bytes where it has none; null where there is no message to speak of.</param>
public sealed record MessageResult(MessageStatus Status, string? MessageId)
{
    /// <summary>The Iterable endpoint that it became a call of.</summary>
    public string? Endpoint { get; init; }

    /// <summary>The Segment event that it became.</summary>
    public string? Event { get; init; }

    /// <summary>Why it is ignored, or recorded and nothing else.</summary>
    public string? Reason { get; init; }

    /// <summary>Why it was rejected or failed, for programs: ours, or the receiver's.</summary>
    public string? Code { get; init; }

    /// <summary>Why it was rejected or failed, for people: ours, or the receiver's words.</summary>
    public string? Detail { get; init; }

    /// <summary>Where it stands when it failed: <c>GET /api/deadletters/{id}</c>.</summary>
    public string? DeadLetterId { get; init; }

    /// <summary>Whether it stands in a profile all the same; said of messages that are not forwarded.</summary>
    public bool? Recorded { get; init; }

    /// <summary>What had to be left out of it, or is odd about it.</summary>
    public string? Warning { get; init; }

    /// <summary>What became of a message that was to be sent.</summary>
    /// <param name="outcome">What became of its call.</param>
    /// <param name="messageId">Its id.</param>
    /// <param name="target">To whom: <c>Iterable</c>.</param>
    public static MessageResult Of(Outcome outcome, string messageId, string target) => outcome switch
    {
        Outcome.Queued queued => new(MessageStatus.Queued, messageId) { Code = queued.Code, Detail = $"{target} could not take it now; it is tried again." },
        Outcome.Failed failed => new(MessageStatus.Failed, messageId) { Code = failed.Letter.Code, Detail = failed.Letter.Message, DeadLetterId = failed.Letter.Id },
        Outcome.NotStored lost => new(MessageStatus.NotDelivered, messageId) { Code = lost.Code, Detail = $"{target} could not take it now, and storage could not keep it." },
        _ => new(MessageStatus.Delivered, messageId),
    };

    public static MessageResult Of(Rejection rejection, string? messageId)
        => new(MessageStatus.Rejected, messageId) { Code = rejection.Code, Detail = rejection.Detail };
}

/// <summary>What became of a message, in one word.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MessageStatus>))]
public enum MessageStatus
{
    /// <summary>It is where it should be: at Iterable, or, if it came from there, at Segment.</summary>
    [JsonStringEnumMemberName("delivered")]
    Delivered,

    /// <summary>It cannot be taken there now; it is safe here and is tried again.</summary>
    [JsonStringEnumMemberName("queued")]
    Queued,

    /// <summary>It stands in a profile, and nothing of it is for Iterable.</summary>
    [JsonStringEnumMemberName("recorded")]
    Recorded,

    /// <summary>The person that it names was deleted.</summary>
    [JsonStringEnumMemberName("deleted")]
    Deleted,

    /// <summary>Nothing was to be sent.</summary>
    [JsonStringEnumMemberName("ignored")]
    Ignored,

    /// <summary>It was refused for good; the same message again would not help.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,

    /// <summary>It can never succeed as it was sent.</summary>
    [JsonStringEnumMemberName("rejected")]
    Rejected,

    /// <summary>It is neither delivered nor kept: send it again.</summary>
    [JsonStringEnumMemberName("not_delivered")]
    NotDelivered,
}
