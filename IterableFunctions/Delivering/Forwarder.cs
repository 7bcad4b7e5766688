using System.Diagnostics;
using System.Text.Json;
using Azure;
using IterableFunctions.Iterable;
using IterableFunctions.Iterable.Limits;
using IterableFunctions.Segment;
using IterableFunctions.Sending;
using IterableFunctions.Storage;
using IterableFunctions.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Delivering;

/// <summary>
/// Delivers calls to Iterable and to Segment, and loses none: what cannot be taken now waits in the queue <c>forward</c>, what is refused for good, and what is too old, is a dead letter.
/// Nothing is reported as done before it is there or in storage.
/// </summary>
public sealed partial class Forwarder(
    IterableClient iterable,
    TrackingClient tracking,
    LastLook lastLook,
    LookBack lookBack,
    ForwardQueue queue,
    DeadLetterTable deadLetters,
    DeliveryMetrics metrics,
    IOptions<DeliveringOptions> options,
    TimeProvider time,
    ILogger<Forwarder> logger)
{
    /// <summary>Time kept back from an attempt, to queue the call when it fails.</summary>
    public static readonly TimeSpan StorageShare = TimeSpan.FromSeconds(1);

    /// <summary>Calls to storage at the same time, for one batch.</summary>
    private const int Concurrency = 64;

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <summary>The first attempt, within the time that the sender of the message waits.</summary>
    /// <param name="request">The call.</param>
    /// <param name="within">What is left of that time. Without any, the call is queued untried.</param>
    /// <param name="cancellation">The sender has gone; what is not stored by then it will send again.</param>
    public async Task<Outcome> DeliverAsync(IterableRequest request, TimeSpan within, CancellationToken cancellation)
    {
        var logId = request.LogId;
        using var step = Tracing.Start("deliver", logId);
        var started = time.GetTimestamp();
        var call = PendingCall.Of(request, Now);
        var current = await lastLook(request, cancellation);
        var delivery = await SendAsync(current, Urgency.Live, within - StorageShare, cancellation);
        var outcome = Traced(step, call, await SettleOrSayAsync(call, delivery, cancellation));
        if (outcome is not Outcome.Delivered || (request.IsRepeat ? request : current) is not { } arrived)
            return outcome;
        // What it has undone and cannot be said once more now, nor kept, the message brings up again when its sender repeats it.
        return await MendAsync(arrived, call, Urgency.Live, within - StorageShare - time.GetElapsedTime(started), cancellation) is Outcome.NotStored lost ? lost : outcome;
    }

    /// <summary>The first attempt of events for Segment, all in one call if they fit; the outcomes have their order.</summary>
    /// <inheritdoc cref="DeliverAsync(IterableRequest, TimeSpan, CancellationToken)"/>
    public async Task<IReadOnlyList<Outcome>> DeliverAsync(IReadOnlyList<TrackingEvent> events, TimeSpan within, CancellationToken cancellation)
    {
        var (started, first) = (time.GetTimestamp(), Now);
        var outcomes = new Outcome[events.Count];
        var done = 0;
        foreach (var batch in TrackingBatch.Split(events))
        {
            var delivery = await AttemptAsync(batch, Left(), cancellation);
            // One event of it may be the reason, so each is tried for itself.
            var alone = delivery is Delivery.Refused && batch.Count > 1;
            var from = done;
            await Parallel.ForEachAsync(Enumerable.Range(0, batch.Count), new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellation }, async (i, cancelled) =>
            {
                var logId = LogIds.Of(batch[i].MessageId);
                using var step = Tracing.Start("deliver", logId);
                var call = PendingCall.Of(batch[i], first);
                outcomes[from + i] = Traced(step, call, await SettleOrSayAsync(call, alone ? await AttemptAsync([batch[i]], Left(), cancelled) : delivery, cancelled));
            });
            done += batch.Count;
        }

        return outcomes;

        TimeSpan Left() => within - StorageShare - time.GetElapsedTime(started);
    }

    /// <summary>Another attempt of what waited in the queue. Throws when storage fails, so that the message stays there.</summary>
    /// <param name="message">The queue message.</param>
    /// <param name="cancellation">The host ends; the message comes back.</param>
    public async Task RetryAsync(string message, CancellationToken cancellation)
    {
        if (await queue.ReadAsync(message, cancellation) is not { } call)
            return;
        var logId = LogIds.Of(call.MessageId);
        using var step = Tracing.Resume("retry", logId, call.Trace);
        var delivery = await AttemptAsync(call, cancellation);
        // Where it waits on it will be looked back on then.
        if (Traced(step, call, await SettleAsync(call, delivery, cancellation)) is not Outcome.Queued)
            await MendAsync(call, cancellation);
        await queue.ForgetAsync(message, cancellation);
    }

    /// <summary>Keeps what the host has given up on: the process died with it time and again, storage failed as often, or it cannot be read.</summary>
    public async Task BuryAsync(string message, CancellationToken cancellation)
    {
        PendingCall? call;
        try
        {
            call = await queue.ReadAsync(message, cancellation);
        }
        catch (JsonException)
        {
            await BuryAsync(PendingCall.Unreadable(message, Now), DeadLetterReason.Crashed, "UnreadableMessage", "The queue held a message that is none of this app's.", cancellation);
            return;
        }

        if (call is null)
            return;
        await BuryAsync(call, DeadLetterReason.Crashed, "GivenUpByHost", "The process ended with it, or storage failed, more often than the host tries.", cancellation);
        await MendAsync(call, cancellation);
        await queue.ForgetAsync(message, cancellation);
    }

    /// <summary>Sends a dead letter again: removed when it succeeds, updated when it does not.</summary>
    /// <returns>Null where there is no such letter.</returns>
    public async Task<Outcome?> ReplayAsync(string id, CancellationToken cancellation)
    {
        if (await deadLetters.FindAsync(id, cancellation) is not { } letter)
            return null;
        if (letter.Call.IsUnreadable)
            return new Outcome.Failed(letter);
        var logId = LogIds.Of(letter.Call.MessageId);
        using var step = Tracing.Resume("replay", logId, letter.Call.Trace);
        var delivery = await AttemptAsync(letter.Call, cancellation);
        // Even what was not answered may have arrived.
        if (delivery is Delivery.Delivered or Delivery.RetryLater)
            await MendAsync(letter.Call with { FirstAttempt = Now, Attempts = 0 }, cancellation);
        if (delivery is Delivery.Delivered)
        {
            await deadLetters.DeleteAsync(id, cancellation);
            return Traced(step, letter.Call, new Outcome.Delivered());
        }

        letter = letter with
        {
            Reason = delivery is Delivery.Refused ? DeadLetterReason.Refused : letter.Reason,
            Code = CodeOf(delivery),
            Message = MessageOf(delivery),
            LastAttempt = Now,
            Call = Counted(letter.Call, delivery),
        };
        // What was not sent has taught nothing new about the letter.
        if (delivery is not Delivery.NotSent)
            await deadLetters.PutAsync(letter, cancellation);
        return Traced(step, letter.Call, new Outcome.Failed(letter));
    }

    /// <summary>Another attempt, of what nobody waits for.</summary>
    private async Task<Delivery> AttemptAsync(PendingCall call, CancellationToken cancellation) => call.Target switch
    {
        CallTarget.Segment => await AttemptAsync([call.ToTrackingEvent()], JsonPost.Timeout, cancellation),
        _ => await SendAsync(await lastLook(call.ToRequest(), cancellation), Urgency.Background, JsonPost.Timeout, cancellation),
    };

    private async Task<Delivery> AttemptAsync(IReadOnlyList<TrackingEvent> events, TimeSpan within, CancellationToken cancellation)
    {
        var delivery = await tracking.SendAsync(events, within, cancellation);
        if (delivery is Delivery.Delivered)
        {
            foreach (var one in events)
                metrics.Delivered(TrackingClient.Path, one.Timestamp);
        }

        return delivery;
    }

    /// <summary>One attempt, of what is left to say; a conflict of the two identifiers (409) is tried once more by the userId alone.</summary>
    private async Task<Delivery> SendAsync(IterableRequest? request, Urgency urgency, TimeSpan within, CancellationToken cancellation)
    {
        if (request is null)
            return Delivery.Delivered.Instance;
        var started = time.GetTimestamp();
        var delivery = await iterable.SendAsync(request, urgency, within, cancellation);
        if (delivery is Delivery.Refused { Status: 409 } && Readdressed.ByUserId(request) is { } readdressed)
            delivery = await iterable.SendAsync(readdressed, urgency, within - time.GetElapsedTime(started), cancellation);
        if (delivery is Delivery.Delivered)
            metrics.Delivered(request.Endpoint.Path, request.Timestamp);
        return delivery;
    }

    /// <summary>Of a call that has waited and was tried for the last time, whatever of it was left out by then: an earlier attempt may have brought it.</summary>
    private async Task MendAsync(PendingCall call, CancellationToken cancellation)
    {
        if (call.Target == CallTarget.Iterable && await MendAsync(call.ToRequest(), call, Urgency.Background, JsonPost.Timeout, cancellation) is Outcome.NotStored)
            throw new InvalidOperationException("Storage does not take what is newer.");
    }

    /// <summary>Says what is newer than a call that has arrived, or may have, once more, until nothing newer comes to be known meanwhile.</summary>
    /// <param name="arrived">The call.</param>
    /// <param name="call">The same, as it was tried; what cannot be said now waits in its place.</param>
    /// <param name="urgency">Whose turn comes first.</param>
    /// <param name="within">The time that there is.</param>
    /// <param name="cancellation">Ends the attempt.</param>
    /// <returns>Null where nothing is left to say.</returns>
    private async Task<Outcome?> MendAsync(IterableRequest arrived, PendingCall call, Urgency urgency, TimeSpan within, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        ReadOnlyMemory<byte> said = default;
        while (await lookBack(arrived, cancellation) is { } newer && !newer.Body.Span.SequenceEqual(said.Span))
        {
            Log.Mended(logger, arrived.LogId);
            var delivery = await SendAsync(newer, urgency, within - time.GetElapsedTime(started), cancellation);
            // What is refused here was when it was new, and is a dead letter since.
            if (delivery is Delivery.Refused)
                return null;
            if (delivery is not Delivery.Delivered)
                return await SettleOrSayAsync(PendingCall.Of(newer, call.FirstAttempt) with { Attempts = call.Attempts }, delivery, cancellation);
            said = newer.Body;
        }

        return null;
    }

    /// <summary>Settles a first attempt; where storage does not take the call, its sender is told to keep it.</summary>
    private async Task<Outcome> SettleOrSayAsync(PendingCall call, Delivery delivery, CancellationToken cancellation)
    {
        try
        {
            return await SettleAsync(call, delivery, cancellation);
        }
        catch (RequestFailedException e)
        {
            Log.NotStored(logger, LogIds.Of(call.MessageId), e.Status, e.ErrorCode ?? "");
            return new Outcome.NotStored(CodeOf(delivery));
        }
        catch (Exception e) when (e is AggregateException or TaskCanceledException && !cancellation.IsCancellationRequested)
        {
            Log.NotStored(logger, LogIds.Of(call.MessageId), 0, e.GetType().Name);
            return new Outcome.NotStored(CodeOf(delivery));
        }
    }

    private async Task<Outcome> SettleAsync(PendingCall call, Delivery delivery, CancellationToken cancellation)
    {
        call = Counted(call, delivery);
        TimeSpan? named = null;
        switch (delivery)
        {
            case Delivery.Delivered:
                return new Outcome.Delivered();
            case Delivery.Refused refused:
                return await BuryAsync(call, DeadLetterReason.Refused, refused.Code, refused.Message, cancellation);
            case Delivery.RetryLater later:
                named = later.After;
                break;
            case Delivery.KeyRefused:
                named = KeyGuard.Probing;
                break;
            case Delivery.NotSent notSent:
                named = notSent.After;
                break;
        }

        var code = CodeOf(delivery);
        var wait = RetrySchedule.After(options.Value, call.Attempts, named, Random.Shared.NextDouble());
        if (Now + wait - call.FirstAttempt > options.Value.GiveUpAfter)
            return await BuryAsync(call, DeadLetterReason.Expired, code, $"Not delivered in {call.Attempts} attempts.", cancellation);
        await queue.AddAsync(call with { Trace = Tracing.Keep() ?? call.Trace }, wait, cancellation);
        metrics.Queued(call.Endpoint, code);
        Log.Queued(logger, LogIds.Of(call.MessageId), call.Attempts, wait, code);
        return new Outcome.Queued(code);
    }

    private async Task<Outcome> BuryAsync(PendingCall call, DeadLetterReason reason, string code, string message, CancellationToken cancellation)
    {
        var letter = await deadLetters.AddAsync(call with { Trace = Tracing.Keep() ?? call.Trace }, reason, code, message, Now, cancellation);
        metrics.DeadLettered(call.Endpoint, reason, code);
        Log.DeadLetter(logger, LogIds.Of(call.MessageId), letter.Id, reason, code);
        return new Outcome.Failed(letter);
    }

    /// <summary>Says in the trace what became of a call.</summary>
    private static Outcome Traced(Activity? step, PendingCall call, Outcome outcome)
    {
        if (step is null)
            return outcome;
        var (word, code) = outcome switch
        {
            Outcome.Delivered => ("delivered", null),
            Outcome.Queued queued => ("queued", queued.Code),
            Outcome.Failed failed => ("dead letter", failed.Letter.Code),
            Outcome.NotStored notStored => ("not stored", notStored.Code),
            _ => throw new InvalidOperationException("An outcome is one of four."),
        };
        step.SetTag("endpoint", call.Endpoint).SetTag("outcome", word).SetTag("attempts", call.Attempts);
        if (code is not null)
            step.SetTag("code", code).SetStatus(ActivityStatusCode.Error, code);
        return outcome;
    }

    /// <summary>An attempt counts when the call could have been taken: a refused key, or a rate that is used up, is not the call's fault.</summary>
    private static PendingCall Counted(PendingCall call, Delivery delivery)
        => delivery is Delivery.NotSent or Delivery.KeyRefused ? call : call with { Attempts = call.Attempts + 1 };

    private static string CodeOf(Delivery delivery) => delivery switch
    {
        Delivery.Refused refused => refused.Code,
        Delivery.KeyRefused refused => refused.Code,
        Delivery.RetryLater later => later.Code,
        Delivery.NotSent notSent => notSent.Code,
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
        [LoggerMessage(1, LogLevel.Warning, "Message {MessageId} waits in the queue after {Attempts} attempts ({Code}); the next is in {Wait}")]
        public static partial void Queued(ILogger logger, string messageId, int attempts, TimeSpan wait, string code);

        [LoggerMessage(2, LogLevel.Warning, "Message {MessageId} is dead letter {Id}: {Reason} {Code}")]
        public static partial void DeadLetter(ILogger logger, string messageId, string id, DeadLetterReason reason, string code);

        [LoggerMessage(4, LogLevel.Information, "Message {MessageId} may have undone what newer ones have set, which is said once more")]
        public static partial void Mended(ILogger logger, string messageId);

        [LoggerMessage(3, LogLevel.Error, "Message {MessageId} could not be stored: {Status} {Code}. Its sender is told to send it again")]
        public static partial void NotStored(ILogger logger, string messageId, int status, string code);
    }
}
