using System.Diagnostics;
using IterableFunctions.Iterable;
using IterableFunctions.Iterable.Limits;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Personas.Recording;
using IterableFunctions.Personas.Sync;
using IterableFunctions.Sending;
using IterableFunctions.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Intake;

/// <summary>Records what messages say about persons, before they are forwarded; deletes those whom a message asks to delete.</summary>
public sealed partial class DraftRecorder(Recorder recorder, FollowUp followUp, Deletion deletion, IOptions<IterableOptions> options, ILogger<DraftRecorder> logger)
{
    private readonly ProjectType _project = options.Value.ProjectType;

    /// <param name="draft">Learns which profile it stands in, or that it could not be kept and must be sent again.</param>
    /// <param name="within">The time that there is.</param>
    /// <param name="cancellation">The sender has gone.</param>
    internal async Task RecordAsync(Draft draft, TimeSpan within, CancellationToken cancellation)
    {
        using var step = Tracing.Start("record", LogIds.Of(draft.MessageId ?? ""));
        if (draft.Deletes is { } id)
        {
            await DeleteAsync(draft, id, cancellation);
            return;
        }

        switch (await recorder.RecordAsync(draft.Recordable!, within, cancellation))
        {
            case Recording.NotStored:
                draft.Request = null;
                step?.SetStatus(ActivityStatusCode.Error, "not_recorded");
                draft.Result = new(MessageStatus.NotDelivered, draft.MessageId) { Code = "not_recorded", Detail = "Storage could not keep it." };
                return;
            case Recording.Recorded recorded:
                draft.Recorded = recorded;
                Address(draft, recorded);
                break;
            case Recording.Queued when draft.Request is { } request:
                draft.Request = request with { Timestamp = draft.Recordable!.Timestamp };
                Precede(draft);
                break;
        }

        if (draft.Result is { Status: MessageStatus.Ignored or MessageStatus.Rejected } result)
            draft.Result = result with { Recorded = true };
    }

    /// <summary>Tells Iterable what a recorded message changes of audiences and computed traits.</summary>
    /// <param name="draft">Learns if that could neither be done nor queued, so that the message must be sent again.</param>
    /// <param name="within">The time that there is.</param>
    /// <param name="cancellation">The sender has gone.</param>
    internal async Task FinishAsync(Draft draft, TimeSpan within, CancellationToken cancellation)
    {
        try
        {
            if (draft.Recorded is { } recorded)
                await followUp.FinishAsync(recorded, Urgency.Live, within, cancellation);
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            Log.NotTold(logger, e.GetType().Name);
            draft.Result = new(MessageStatus.NotDelivered, draft.MessageId) { Code = "not_told", Detail = "Storage could not keep what it changes." };
        }
    }

    private void Address(Draft draft, Recording.Recorded recorded)
    {
        if (draft.Request is null)
            return;
        // The time of the profile's own books: what comes from the future is not newer for ever.
        draft.Request = draft.Request with { Profile = recorded.Profile, IsRepeat = recorded.Again, Timestamp = recorded.Timestamp };
        if (recorded.Again || !SentCall.AddressOf(draft.Request, _project).All(recorded.Before.Sent.ContainsKey))
            Precede(draft);
    }

    /// <summary>Where events create nobody, the user of one is made sure of: unless something was sent there before. Being known here is not enough, that may be from a replay.</summary>
    private void Precede(Draft draft)
    {
        if (_project == ProjectType.Email && draft.Request is { Email: not null } request && request.Endpoint == IterableEndpoint.TrackEvent)
            draft.First = UserCalls.Create(request);
    }

    private async Task DeleteAsync(Draft draft, ExternalId id, CancellationToken cancellation)
    {
        try
        {
            if (!await deletion.DeleteAsync(id, cancellation))
                draft.Result = new(MessageStatus.Ignored, draft.MessageId) { Reason = "Nobody here has this userId." };
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            Log.NotDeleted(logger, e.GetType().Name);
            draft.Result = new(MessageStatus.NotDelivered, draft.MessageId) { Code = "not_deleted", Detail = "Storage could not do it." };
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2, LogLevel.Error, "What a message changes could be neither told nor queued: {Failure}. The sender is told to ask again")]
        public static partial void NotTold(ILogger logger, string failure);

        [LoggerMessage(1, LogLevel.Error, "A person could not be deleted: {Failure}. The sender is told to ask again")]
        public static partial void NotDeleted(ILogger logger, string failure);
    }
}
