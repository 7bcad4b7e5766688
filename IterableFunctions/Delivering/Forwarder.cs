using System.Text.Json;
using Azure;
using IterableFunctions.Iterable;
using IterableFunctions.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Delivering;

/// <summary>
/// Delivers calls and loses none: what Iterable cannot take now waits in the queue <c>forward</c>, what it refuses for good, and what is too old, is a dead letter. Nothing is
/// reported as done before it is at Iterable or in storage.
/// </summary>
public sealed partial class Forwarder(IterableClient iterable, ForwardQueue queue, DeadLetterTable deadLetters, IOptions<DeliveringOptions> options, TimeProvider time, ILogger<Forwarder> logger)
{
    /// <summary>Time kept back from an attempt, to queue the call when it fails.</summary>
    private static readonly TimeSpan StorageShare = TimeSpan.FromSeconds(1);

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <summary>The first attempt, within the time that the sender of the message waits.</summary>
    /// <param name="request">The call.</param>
    /// <param name="within">What is left of that time. Without any, the call is queued untried.</param>
    /// <param name="cancellation">The sender has gone; what is not stored by then it will send again.</param>
    public async Task<Outcome> DeliverAsync(IterableRequest request, TimeSpan within, CancellationToken cancellation)
    {
        var first = Now;
        var left = within - StorageShare;
        var delivery = left > TimeSpan.Zero ? await AttemptAsync(request, left, cancellation) : new Delivery.RetryLater("NoTimeLeft");
        try
        {
            return await SettleAsync(PendingCall.Of(request, first), delivery, cancellation);
        }
        catch (RequestFailedException e)
        {
            Log.NotStored(logger, request.LogId, e.Status, e.ErrorCode ?? "");
            return new Outcome.NotStored(CodeOf(delivery));
        }
        catch (Exception e) when (e is AggregateException or TaskCanceledException && !cancellation.IsCancellationRequested)
        {
            Log.NotStored(logger, request.LogId, 0, e.GetType().Name);
            return new Outcome.NotStored(CodeOf(delivery));
        }
    }

    /// <summary>Another attempt of what waited in the queue. Throws when storage fails, so that the message stays there.</summary>
    /// <param name="message">The queue message.</param>
    /// <param name="cancellation">The host ends; the message comes back.</param>
    public async Task RetryAsync(string message, CancellationToken cancellation)
    {
        if (await queue.ReadAsync(message, cancellation) is not { } call)
            return;
        var delivery = await AttemptAsync(call.ToRequest(), IterableClient.Timeout, cancellation);
        await SettleAsync(call with { Attempts = call.Attempts + 1 }, delivery, cancellation);
        await queue.ForgetAsync(message, cancellation);
    }

    /// <summary>Keeps what the host has given up on, because the process died with it time and again, or because it is no call.</summary>
    public async Task BuryAsync(string message, CancellationToken cancellation)
    {
        PendingCall? call;
        try
        {
            call = await queue.ReadAsync(message, cancellation);
        }
        catch (JsonException)
        {
            await BuryAsync(PendingCall.Unreadable(message, Now), DeadLetterReason.Crashed, "UnreadableMessage", "The queue held a message that is no call.", cancellation);
            return;
        }

        if (call is null)
            return;
        await BuryAsync(call, DeadLetterReason.Crashed, "GivenUpByHost", "The process ended with it, or storage failed, more often than the host tries.", cancellation);
        await queue.ForgetAsync(message, cancellation);
    }

    /// <summary>Sends a dead letter again: removed when it succeeds, updated when it does not.</summary>
    /// <returns>Null where there is no such letter.</returns>
    public async Task<Outcome?> ReplayAsync(string id, CancellationToken cancellation)
    {
        if (await deadLetters.FindAsync(id, cancellation) is not { } letter)
            return null;
        if (!letter.Call.CanBeSent)
            return new Outcome.Failed(letter);
        var delivery = await AttemptAsync(letter.Call.ToRequest(), IterableClient.Timeout, cancellation);
        if (delivery is Delivery.Delivered)
        {
            await deadLetters.DeleteAsync(id, cancellation);
            return new Outcome.Delivered();
        }

        var (code, message) = (CodeOf(delivery), MessageOf(delivery));
        letter = letter with
        {
            Reason = delivery is Delivery.Refused ? DeadLetterReason.Refused : letter.Reason,
            Code = code,
            Message = message,
            LastAttempt = Now,
            Call = letter.Call with { Attempts = letter.Call.Attempts + 1 },
        };
        await deadLetters.PutAsync(letter, cancellation);
        return new Outcome.Failed(letter);
    }

    /// <summary>One attempt; a conflict of the two identifiers (409) is tried once more by the userId alone.</summary>
    private async Task<Delivery> AttemptAsync(IterableRequest request, TimeSpan within, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        var delivery = await iterable.SendAsync(request, within, cancellation);
        if (delivery is not Delivery.Refused { Status: 409 } || UserIdAlone.Of(request) is not { } readdressed)
            return delivery;
        var left = within - time.GetElapsedTime(started);
        return left > TimeSpan.Zero ? await iterable.SendAsync(readdressed, left, cancellation) : new Delivery.RetryLater("NoTimeLeft");
    }

    private async Task<Outcome> SettleAsync(PendingCall call, Delivery delivery, CancellationToken cancellation)
    {
        switch (delivery)
        {
            case Delivery.Delivered:
                return new Outcome.Delivered();
            case Delivery.Refused refused:
                return await BuryAsync(call, DeadLetterReason.Refused, refused.Code, refused.Message, cancellation);
        }

        var code = CodeOf(delivery);
        var wait = RetrySchedule.After(options.Value, call.Attempts, (delivery as Delivery.RetryLater)?.After, Random.Shared.NextDouble());
        if (Now + wait - call.FirstAttempt > options.Value.GiveUpAfter)
            return await BuryAsync(call, DeadLetterReason.Expired, code, $"Not delivered in {call.Attempts} attempts.", cancellation);
        await queue.AddAsync(call, wait, cancellation);
        Log.Queued(logger, LogIds.Of(call.MessageId), call.Attempts, wait, code);
        return new Outcome.Queued(code);
    }

    private async Task<Outcome> BuryAsync(PendingCall call, DeadLetterReason reason, string code, string message, CancellationToken cancellation)
    {
        var letter = await deadLetters.AddAsync(call, reason, code, message, Now, cancellation);
        Log.DeadLetter(logger, LogIds.Of(call.MessageId), letter.Id, reason, code);
        return new Outcome.Failed(letter);
    }

    private static string CodeOf(Delivery delivery) => delivery switch
    {
        Delivery.Refused refused => refused.Code,
        Delivery.KeyRefused refused => refused.Code,
        Delivery.RetryLater later => later.Code,
        _ => "Success",
    };

    private static string MessageOf(Delivery delivery) => delivery switch
    {
        Delivery.Refused refused => refused.Message,
        Delivery.KeyRefused refused => refused.Message,
        _ => "",
    };

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "Message {MessageId} waits in the queue: attempt {Attempts} failed ({Code}), the next is in {Wait}")]
        public static partial void Queued(ILogger logger, string messageId, int attempts, TimeSpan wait, string code);

        [LoggerMessage(2, LogLevel.Warning, "Message {MessageId} is dead letter {Id}: {Reason} {Code}")]
        public static partial void DeadLetter(ILogger logger, string messageId, string id, DeadLetterReason reason, string code);

        [LoggerMessage(3, LogLevel.Error, "Message {MessageId} could not be stored: {Status} {Code}. Its sender is told to send it again")]
        public static partial void NotStored(ILogger logger, string messageId, int status, string code);
    }
}
