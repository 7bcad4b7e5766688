using System.Text.Json;
using System.Text.Json.Serialization;
using IterableFunctions.Iterable;

namespace IterableFunctions.Delivering;

/// <summary>Whom a call is for.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CallTarget>))]
public enum CallTarget
{
    Iterable,
}

/// <summary>A call that waits for another attempt, as it stands in the queue <c>forward</c> or in a dead letter.</summary>
/// <param name="Endpoint">Path of Iterable's endpoint.</param>
/// <param name="Body">The request's JSON.</param>
/// <param name="MessageId">Of the Segment message.</param>
/// <param name="UserId">That it is addressed to.</param>
/// <param name="Email">That it is addressed to.</param>
/// <param name="Timestamp">When it happened, UTC.</param>
/// <param name="FirstAttempt">UTC.</param>
/// <param name="Attempts">So far; calls that were not sent, because their rate was used up or the key refused, do not count.</param>
public sealed record PendingCall(string Endpoint, JsonElement Body, string MessageId, string? UserId, string? Email, DateTime Timestamp, DateTime FirstAttempt, int Attempts)
{
    /// <summary>Whom it is for.</summary>
    public CallTarget Target { get; init; } = CallTarget.Iterable;

    /// <param name="request">The call.</param>
    /// <param name="firstAttempt">When it was tried or put aside first, UTC.</param>
    public static PendingCall Of(IterableRequest request, DateTime firstAttempt) => new(
        request.Endpoint.Path,
        JsonSerializer.Deserialize(request.Body.Span, AppJson.Default.JsonElement),
        request.MessageId,
        request.UserId,
        request.Email,
        request.Timestamp,
        firstAttempt,
        Attempts: 0);

    /// <summary>What the queue held that is no call of this app's, as text, for a person to look at.</summary>
    public static PendingCall Unreadable(string message, DateTime found)
        => new("", JsonSerializer.SerializeToElement(message, AppJson.Default.String), MessageId: "", UserId: null, Email: null, found, found, Attempts: 0);

    [JsonIgnore]
    public bool IsUnreadable => Endpoint.Length == 0;

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

    [JsonIgnore]
    public bool IsEmpty => Call is null && Blob is null;
}
