using System.Security.Cryptography;
using System.Text;
using IterableFunctions.Delivering;
using IterableFunctions.Segment;
using IterableFunctions.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Intake;

/// <summary>
/// What happens to a body that Segment's webhook posts: signature, parse, read every message, record, deliver, answer. Nothing is answered as done before it is.
/// </summary>
public sealed class SegmentIntake(MessageReader reader, DraftRecorder recorder, Forwarder forwarder, IOptions<SegmentOptions> options, TimeProvider time)
{
    /// <summary>Segment waits 5 s for an answer; this is what we use of it.</summary>
    private static readonly TimeSpan Budget = TimeSpan.FromSeconds(4);

    /// <summary>What recording may take of it.</summary>
    private static readonly TimeSpan RecordingBudget = TimeSpan.FromSeconds(2.5);

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
        using var step = Tracing.Start("segment webhook");
        if (CheckSignature(body, signature) is { } unauthorized)
            return unauthorized;

        var drafts = Read(body, headerSecret, forward, out var several, out var refusal);
        if (refusal is not null)
            return refusal;

        await RecordAsync(drafts, started, cancellation);
        await DeliverAsync(drafts, started, cancellation);
        return WebhookAnswer.Of(drafts.ConvertAll(draft => draft.Result!), several);
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
            refusal = WebhookAnswer.BadRequest(rejection!);
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
                refusal = WebhookAnswer.BadRequest(new("repeated_field", "The body holds the field \"batch\" twice. Send it once."));
                return [];
            }
        }

        if (!several)
            return [reader.Read(messages, signed: true, forward)];

        // Of a body that is an array only the first message is signed.
        var (all, index) = (!tokens.Root.IsArray, 0);
        return BodyMessages.Read(messages, message => reader.Read(message, signed: index++ == 0 || all, forward), out refusal);
    }

    private WebhookAnswer? CheckArray(string? headerSecret)
    {
        if (!_options.AcceptArrays)
        {
            return WebhookAnswer.BadRequest(new("arrays_not_accepted", "The body is an array, of which Segment signs only the first message. Switch batching off in the Segment webhook, or set Segment__AcceptArrays and Segment__HeaderSecret."));
        }

        // Hashes are of one length: how long the secret is, is nobody's business either.
        return CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(headerSecret ?? "")), SHA256.HashData(Encoding.UTF8.GetBytes(_options.HeaderSecret ?? "")))
            ? null
            : Unauthorized("wrong_header_secret", "A body that is an array needs the header X-Segment-Secret with the value of Segment__HeaderSecret. Add it as a custom header to the Segment webhook.");
    }

    private Task RecordAsync(List<Draft> drafts, long started, CancellationToken cancellation)
        => Parallel.ForEachAsync(
            drafts.Where(draft => draft.Recordable is not null || draft.Deletes is not null),
            new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellation },
            async (draft, cancelled) => await recorder.RecordAsync(draft, RecordingBudget - time.GetElapsedTime(started), cancelled));

    /// <summary>Sends what is to be sent: at the same time for different users, one after another for the same. Then what that changes.</summary>
    private async Task DeliverAsync(List<Draft> drafts, long started, CancellationToken cancellation)
    {
        if (drafts is [{ Request: not null } single])
        {
            await DeliverAsync(single, started, cancellation);
            await recorder.FinishAsync(single, Budget - time.GetElapsedTime(started), cancellation);
            return;
        }

        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellation };
        await Parallel.ForEachAsync(UserLanes.Of(drafts.Where(draft => draft.Request is not null), draft => draft.Request!), parallel, async (lane, cancelled) =>
        {
            foreach (var draft in lane)
                await DeliverAsync(draft, started, cancelled);
        });
        await Parallel.ForEachAsync(
            drafts.Where(draft => draft.Recorded is not null), parallel,
            async (draft, cancelled) => await recorder.FinishAsync(draft, Budget - time.GetElapsedTime(started), cancelled));
    }

    private async Task DeliverAsync(Draft draft, long started, CancellationToken cancellation)
    {
        var request = draft.Request!;
        var outcome = draft.First is { } first ? await forwarder.DeliverAsync(first, Budget - time.GetElapsedTime(started), cancellation) : null;
        if (outcome is not Outcome.NotStored)
            outcome = await forwarder.DeliverAsync(request, Budget - time.GetElapsedTime(started), cancellation);
        draft.Result = MessageResult.Of(outcome!, request.MessageId, "Iterable") with { Endpoint = request.Endpoint.Path, Warning = draft.Warning };
    }

    private static WebhookAnswer Unauthorized(string code, string detail) => WebhookAnswer.Problem(StatusCodes.Status401Unauthorized, code, detail);
}
