using System.Text.Json;
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

/// <summary>What a message of the queue holds.</summary>
public sealed record QueuedCall(PendingCall? Call);
