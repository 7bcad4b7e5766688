using System.Security.Cryptography;
using System.Text;
using IterableFunctions.Delivering;
using IterableFunctions.Segment;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Intake;

/// <summary>
/// What happens to a body that Segment's webhook posts: signature, parse, read every message, record, deliver, answer. Nothing is answered as done before it is.
/// </summary>
public sealed class SegmentIntake(MessageReader reader, DraftRecorder recorder, Forwarder forwarder, IOptions<SegmentOptions> options, TimeProvider time)
{
    /// <summary>Most messages in one body. Segment's batches end at 4,000.</summary>
    public const int MaxMessages = 4_000;

    /// <summary>Segment waits 5 s for an answer; this is what we use of it.</summary>
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(4);

    /// <summary>What recording may take of it.</summary>
    private static readonly TimeSpan RecordingBudget = TimeSpan.FromSeconds(2.5);

    /// <summary>When Segment is asked to come back after what could be neither delivered nor kept.</summary>
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(30);

    /// <summary>Messages recorded, and calls to Iterable, at the same time, for one body.</summary>
    private const int Concurrency = 64;

    private readonly SegmentOptions _options = options.Value;

    /// <summary>Takes a body.</summary>
    /// <param name="body">The bytes as received. Not changed before the signature is checked.</param>
    /// <param name="signature">The header <c>X-Signature</c>.</param>
    /// <param name="headerSecret">The header <c>X-Segment-Secret</c>.</param>
    /// <param name="forward">Whether messages are forwarded, or recorded only.</param>
    /// <param name="cancellation">The sender has gone.</param>
    public async Task<WebhookAnswer> AcceptAsync(byte[] body, string? signature, string? headerSecret, bool forward, CancellationToken cancellation)
    {
        var started = time.GetTimestamp();
        if (CheckSignature(body, signature) is { } unauthorized)
            return unauthorized;

        var drafts = Read(body, headerSecret, forward, out var several, out var refusal);
        if (refusal is not null)
            return refusal;

        await RecordAsync(drafts, started, cancellation);
        await DeliverAsync(drafts, started, cancellation);
        return Answer(drafts, several);
    }

    private WebhookAnswer? CheckSignature(byte[] body, string? signature) => WebhookSignature.Check(body, signature, _options.SharedSecret) switch
    {
        SignatureCheck.Valid => null,
        SignatureCheck.Missing => Unauthorized("missing_signature", "The request has no X-Signature header. Set a shared secret in the Segment webhook."),
        SignatureCheck.Malformed => Unauthorized("malformed_signature", "The X-Signature header is not 40 hexadecimal digits."),
        _ => Unauthorized("wrong_signature", "The X-Signature header does not match the body. Check that Segment__SharedSecret is the webhook's shared secret."),
    };

    /// <summary>Reads and maps all that a body holds; afterwards the body is not needed any more.</summary>
    private List<Draft> Read(byte[] body, string? headerSecret, bool forward, out bool several, out WebhookAnswer? refusal)
    {
        several = false;
        using var tokens = JsonTokens.Read(body, out var rejection);
        if (tokens is null)
        {
            refusal = BadRequest(rejection!);
            return [];
        }

        var messages = tokens.Root;
        if (messages.IsArray)
            refusal = CheckArray(headerSecret);
        else
            refusal = null;
        if (refusal is not null)
            return [];

        if (messages.IsObject && messages["batch"u8] is { IsArray: true } batch && messages["type"u8].IsNothing)
            messages = batch;
        if (several = messages.IsArray)
        {
            var batches = 0;
            foreach (var member in tokens.Root.Members)
                batches += member.NameIs("batch"u8) ? 1 : 0;
            if (batches > 1)
            {
                refusal = BadRequest(new("repeated_field", "The body holds the field \"batch\" twice. Send it once."));
                return [];
            }
        }

        if (!several)
            return [reader.Read(messages, signed: true, forward)];

        var drafts = new List<Draft>();
        foreach (var message in messages.Elements)
        {
            if (drafts.Count == MaxMessages)
            {
                refusal = BadRequest(new("too_many_messages", $"The body holds more than {MaxMessages} messages."));
                return [];
            }

            drafts.Add(reader.Read(message, signed: !tokens.Root.IsArray || drafts.Count == 0, forward));
        }

        if (drafts.Count == 0)
            refusal = BadRequest(new("no_messages", "The body holds no message."));
        return drafts;
    }

    private WebhookAnswer? CheckArray(string? headerSecret)
    {
        if (!_options.AcceptArrays)
        {
            return BadRequest(new("arrays_not_accepted", "The body is an array, of which Segment signs only the first message. Switch batching off in the Segment webhook, or set Segment__AcceptArrays and Segment__HeaderSecret."));
        }

        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(headerSecret ?? ""), Encoding.UTF8.GetBytes(_options.HeaderSecret ?? ""))
            ? null
            : Unauthorized("wrong_header_secret", "A body that is an array needs the header X-Segment-Secret with the value of Segment__HeaderSecret. Add it as a custom header to the Segment webhook.");
    }

    private Task RecordAsync(List<Draft> drafts, long started, CancellationToken cancellation)
        => Parallel.ForEachAsync(
            drafts.Where(draft => draft.Recordable is not null || draft.Deletes is not null),
            new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellation },
            async (draft, cancelled) => await recorder.RecordAsync(draft, RecordingBudget - time.GetElapsedTime(started), cancelled));

    /// <summary>Sends what is to be sent: at the same time for different users, one after another for the same.</summary>
    private async Task DeliverAsync(List<Draft> drafts, long started, CancellationToken cancellation)
    {
        if (drafts is [{ Request: not null } single])
        {
            await DeliverAsync(single, started, cancellation);
            return;
        }

        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellation };
        await Parallel.ForEachAsync(UserLanes.Of(drafts.Where(draft => draft.Request is not null), draft => draft.Request!), parallel, async (lane, cancelled) =>
        {
            foreach (var draft in lane)
                await DeliverAsync(draft, started, cancelled);
        });
    }

    private async Task DeliverAsync(Draft draft, long started, CancellationToken cancellation)
    {
        var request = draft.Request!;
        var outcome = draft.First is { } first ? await forwarder.DeliverAsync(first, Budget - time.GetElapsedTime(started), cancellation) : null;
        if (outcome is not Outcome.NotStored)
            outcome = await forwarder.DeliverAsync(request, Budget - time.GetElapsedTime(started), cancellation);
        var result = new MessageResult(StatusOf(outcome), request.MessageId) { Endpoint = request.Endpoint.Path, Warning = draft.Warning };
        draft.Result = outcome switch
        {
            Outcome.Queued queued => result with { Code = queued.Code, Detail = "Iterable could not take it now; it is tried again." },
            Outcome.Failed failed => result with { Code = failed.Letter.Code, Detail = failed.Letter.Message, DeadLetterId = failed.Letter.Id },
            Outcome.NotStored lost => result with { Code = lost.Code, Detail = "Iterable could not take it now, and storage could not keep it." },
            _ => result,
        };
    }

    private static MessageStatus StatusOf(Outcome outcome) => outcome switch
    {
        Outcome.Delivered => MessageStatus.Delivered,
        Outcome.Queued => MessageStatus.Queued,
        Outcome.Failed => MessageStatus.Failed,
        _ => MessageStatus.NotDelivered,
    };

    private static WebhookAnswer Answer(List<Draft> drafts, bool several)
    {
        var results = drafts.ConvertAll(draft => draft.Result!);
        if (results.Find(result => result.Status == MessageStatus.NotDelivered) is { } lost)
        {
            return WebhookAnswer.Problem(StatusCodes.Status503ServiceUnavailable, lost.Code!, $"{lost.Detail} Send it again.", several ? results : null, several ? null : lost.MessageId, RetryAfter);
        }

        if (several)
        {
            return results.TrueForAll(result => result.Status == MessageStatus.Rejected)
                ? WebhookAnswer.Problem(StatusCodes.Status400BadRequest, "all_rejected", "None of the messages can be taken as it is.", results)
                : WebhookAnswer.Of(results);
        }

        return results[0] is { Status: MessageStatus.Rejected } rejected
            ? WebhookAnswer.Problem(StatusCodes.Status400BadRequest, rejected.Code!, rejected.Detail!, messageId: rejected.MessageId, recorded: rejected.Recorded)
            : WebhookAnswer.Of(results[0]);
    }

    private static WebhookAnswer BadRequest(Rejection rejection) => WebhookAnswer.Problem(StatusCodes.Status400BadRequest, rejection.Code, rejection.Detail);

    private static WebhookAnswer Unauthorized(string code, string detail) => WebhookAnswer.Problem(StatusCodes.Status401Unauthorized, code, detail);
}
