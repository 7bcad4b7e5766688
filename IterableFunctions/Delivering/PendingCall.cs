using System.Text.Json;
using System.Text.Json.Serialization;
using IterableFunctions.Iterable;

namespace IterableFunctions.Delivering;

/// <summary>A call that waits for another attempt, as it stands in the queue <c>forward</c> or in a dead letter.</summary>
/// <param name="Endpoint">Path of Iterable's endpoint.</param>
/// <param name="Body">The request's JSON.</param>
/// <param name="MessageId">Of the Segment message.</param>
/// <param name="UserId">That it is addressed to.</param>
/// <param name="Email">That it is addressed to.</param>
/// <param name="Timestamp">When it happened, UTC.</param>
/// <param name="FirstAttempt">UTC.</param>
/// <param name="Attempts">So far.</param>
public sealed record PendingCall(string Endpoint, JsonElement Body, string MessageId, string? UserId, string? Email, DateTime Timestamp, DateTime FirstAttempt, int Attempts)
{
    public static PendingCall Of(IterableRequest request, DateTime firstAttempt) => new(
        request.Endpoint.Path,
        JsonSerializer.Deserialize(request.Body.Span, AppJson.Default.JsonElement),
        request.MessageId,
        request.UserId,
        request.Email,
        request.Timestamp,
        firstAttempt,
        Attempts: 1);

    /// <summary>What stands in a dead letter for a message of the queue that is no call, so that a person can see it. There is nothing to send.</summary>
    /// <param name="message">The message.</param>
    /// <param name="now">UTC. Only its day is kept, so that a letter that is written again replaces itself.</param>
    public static PendingCall Unreadable(string message, DateTime now)
        => new("", JsonSerializer.SerializeToElement(message, AppJson.Default.String), "", UserId: null, Email: null, now.Date, now.Date, Attempts: 0);

    [JsonIgnore]
    public bool CanBeSent => Endpoint.Length > 0;

    /// <summary>The call to send.</summary>
    public IterableRequest ToRequest() => new()
    {
        Endpoint = new(Endpoint),
        Body = JsonSerializer.SerializeToUtf8Bytes(Body, AppJson.Default.JsonElement),
        MessageId = MessageId,
        UserId = UserId,
        Email = Email,
        Timestamp = Timestamp,
    };
}

/// <summary>What a message of the queue holds: the call, or the name of the blob that holds it because it is too large for a queue.</summary>
public sealed record QueuedCall
{
    public PendingCall? Call { get; init; }

    public string? Blob { get; init; }

    /// <summary>Whether it holds neither: nobody but us writes to the queue, but nothing prevents it.</summary>
    [JsonIgnore]
    public bool IsEmpty => Blob is null && Call is not { Endpoint.Length: > 0, MessageId: not null, Body.ValueKind: JsonValueKind.Object };
}
