using Azure;
using IterableFunctions.Iterable;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Sending;
using IterableFunctions.Storage;
using Microsoft.Extensions.Logging;

namespace IterableFunctions.Personas.Recording;

/// <summary>
/// Records messages, each in one person's profile and once, however often it comes. What cannot be recorded in time waits in the queue <c>record</c>; nothing is
/// reported as done before it is in storage.
/// </summary>
public sealed partial class Recorder(ProfileWriter writer, ProfileCache cache, RecordQueue queue, TimeProvider time, ILogger<Recorder> logger)
{
    /// <summary>Messages in one transaction: each takes two of its 100 operations, and a batch must not make the first wait for long.</summary>
    private const int LargestBatch = 30;

    /// <summary>Time kept back to queue what could not be recorded.</summary>
    private static readonly TimeSpan QueueShare = TimeSpan.FromSeconds(1);

    private readonly Lanes<Waiting> _lanes = new(LargestBatch, writer.FoldAsync);

    /// <summary>Records a message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="within">The time that there is.</param>
    /// <param name="cancellation">The sender has gone; what is not stored by then it will send again.</param>
    public async Task<Recording> RecordAsync(ProfileMessage message, TimeSpan within, CancellationToken cancellation)
    {
        try
        {
            var patience = within - QueueShare;
            if (patience > TimeSpan.Zero && await FoldAsync(message).WaitAsync(patience, time, cancellation) is { } recorded)
                return recorded;
        }
        catch (TimeoutException)
        {
            // It may be folded yet. Then the copy in the queue is recognised.
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            Log.NotFolded(logger, LogIds.Of(message.MessageId), (e as RequestFailedException)?.Status ?? 0, e.GetType().Name);
        }

        try
        {
            await queue.AddAsync(new() { Message = message }, TimeSpan.Zero, cancellation).WaitAsync(QueueShare, time, cancellation);
            Log.Queued(logger, LogIds.Of(message.MessageId));
            return new Recording.Queued();
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            Log.NotStored(logger, LogIds.Of(message.MessageId), (e as RequestFailedException)?.Status ?? 0, e.GetType().Name);
            return new Recording.NotStored();
        }
    }

    /// <summary>Folds a message, for as long as it takes. Null where other writers were in the way all the time.</summary>
    internal Task<Recording.Recorded?> FoldAsync(ProfileMessage message)
    {
        var waiting = new Waiting(message);
        // Messages of a person whom nobody knows yet share a lane by the id that they will be recognised by.
        var first = message.Ids[0];
        _lanes.Add(cache.ProfileOf(first) ?? $"{first.Type}:{first.Value}", waiting);
        return waiting.Done.Task;
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Message {MessageId} waits in the queue record")]
        public static partial void Queued(ILogger logger, string messageId);

        [LoggerMessage(2, LogLevel.Warning, "Message {MessageId} could not be recorded at once: {Status} {Failure}")]
        public static partial void NotFolded(ILogger logger, string messageId, int status, string failure);

        [LoggerMessage(3, LogLevel.Error, "Message {MessageId} could not be stored: {Status} {Failure}. Its sender is told to send it again")]
        public static partial void NotStored(ILogger logger, string messageId, int status, string failure);
    }
}

/// <summary>A message on its way into a profile.</summary>
public sealed class Waiting(ProfileMessage message)
{
    public ProfileMessage Message => message;

    /// <summary>Of a message that has been folded before: its time then.</summary>
    public DateTime? Seen { get; set; }

    /// <summary>Null where other writers were in the way all the time.</summary>
    public TaskCompletionSource<Recording.Recorded?> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
}
