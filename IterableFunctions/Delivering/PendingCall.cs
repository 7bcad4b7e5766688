using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using IterableFunctions.Iterable;
using IterableFunctions.Segment;

namespace IterableFunctions.Delivering;

/// <summary>Whom a call is for.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CallTarget>))]
public enum CallTarget
{
    Iterable,

    /// <summary>A track call for the Segment source.</summary>
    Segment,
}

/// <summary>A call that waits for another attempt, as it stands in the queue <c>forward</c> or in a dead letter.</summary>
/// <param name="Endpoint">Path of the target's endpoint.</param>
/// <param name="Body">The request's JSON, kept byte for byte: written anew, its text could get longer than its target takes.</param>
/// <param name="MessageId">Of the Segment message that it comes from, or that it is.</param>
/// <param name="UserId">That it is addressed to.</param>
/// <param name="Email">That it is addressed to.</param>
/// <param name="Timestamp">When it happened, UTC.</param>
/// <param name="FirstAttempt">UTC.</param>
/// <param name="Attempts">So far; calls that were not sent, because their rate was used up or the key refused, do not count.</param>
public sealed record PendingCall(string Endpoint, [property: JsonConverter(typeof(VerbatimJson))] JsonElement Body, string MessageId, string? UserId, string? Email, DateTime Timestamp, DateTime FirstAttempt, int Attempts)
{
    /// <summary>Whom it is for.</summary>
    public CallTarget Target { get; init; } = CallTarget.Iterable;

    /// <summary>The id of the profile that its message was recorded in, if it was.</summary>
    public string? Profile { get; init; }

    /// <summary>Place in the trace of its message (<c>traceparent</c>), where traces are kept: from there the next attempt goes on.</summary>
    public string? Trace { get; init; }

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
        Attempts: 0)
    {
        Profile = request.Profile,
    };

    /// <param name="tracked">The call.</param>
    /// <param name="firstAttempt">When it was tried or put aside first, UTC.</param>
    public static PendingCall Of(TrackingEvent tracked, DateTime firstAttempt) => new(
        TrackingClient.Path,
        JsonSerializer.Deserialize(tracked.Body.Span, AppJson.Default.JsonElement),
        tracked.MessageId,
        tracked.UserId,
        tracked.Email,
        tracked.Timestamp,
        firstAttempt,
        Attempts: 0)
    {
        Target = CallTarget.Segment,
    };

    /// <summary>What the queue held that is no call of this app's, as text, for a person to look at.</summary>
    /// <param name="message">The message.</param>
    /// <param name="found">UTC. Only its day is kept, so that a letter that is written again after a crash replaces itself.</param>
    public static PendingCall Unreadable(string message, DateTime found)
        => new("", JsonSerializer.SerializeToElement(message, AppJson.Default.String), MessageId: "", UserId: null, Email: null, found.Date, found.Date, Attempts: 0);

    [JsonIgnore]
    public bool IsUnreadable => Endpoint.Length == 0;

    /// <summary>The call to send to Iterable.</summary>
    public IterableRequest ToRequest() => new()
    {
        Endpoint = new(Endpoint),
        Body = JsonMarshal.GetRawUtf8Value(Body).ToArray(),
        MessageId = MessageId,
        UserId = UserId,
        Email = Email,
        Timestamp = Timestamp,
        Profile = Profile,
        HasWaited = true,
    };

    /// <summary>The call to send to Segment.</summary>
    public TrackingEvent ToTrackingEvent() => new()
    {
        Body = JsonMarshal.GetRawUtf8Value(Body).ToArray(),
        MessageId = MessageId,
        UserId = UserId,
        Email = Email,
        Timestamp = Timestamp,
    };
}

/// <summary>JSON inside JSON, as it stands.</summary>
internal sealed class VerbatimJson : JsonConverter<JsonElement>
{
    public override JsonElement Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => JsonElement.ParseValue(ref reader);

    public override void Write(Utf8JsonWriter writer, JsonElement value, JsonSerializerOptions options) => writer.WriteRawValue(JsonMarshal.GetRawUtf8Value(value), skipInputValidation: true);
}

/// <summary>What a message of the queue holds.</summary>
public sealed record QueuedCall(PendingCall? Call)
{
    /// <summary>Whether there is no call to send in it: nobody but us writes to the queue, but nothing prevents it.</summary>
    [JsonIgnore]
    public bool IsEmpty => Call is not { Endpoint.Length: > 0, MessageId: not null, Body.ValueKind: JsonValueKind.Object };
}
