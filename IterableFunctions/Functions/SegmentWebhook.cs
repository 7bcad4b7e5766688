using IterableFunctions.Intake;
using IterableFunctions.Personas;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Functions;

/// <summary>Segment's webhook. Open at the host: Segment cannot send a function key in a header of its own choosing for every product, but it signs.</summary>
public sealed class SegmentWebhook(SegmentIntake intake, IOptions<PersonasOptions> personas)
{
    [Function(nameof(SegmentWebhook))]
    public async Task<IResult> RunAsync([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "segment")] HttpRequest request)
    {
        var cancellation = request.HttpContext.RequestAborted;
        if (ReadForward(request.Query["forward"], out var forward) is { } refusal)
            return refusal;
        if (request.Headers.ContentEncoding.ToString() is { Length: > 0 } encoding && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
            return WebhookAnswer.Problem(StatusCodes.Status415UnsupportedMediaType, "content_encoding", "The body is compressed. Send it as it is.");
        byte[]? body;
        try
        {
            body = await RequestBody.ReadAsync(request, cancellation);
        }
        catch (Exception e) when (e is IOException || (e is OperationCanceledException && cancellation.IsCancellationRequested))
        {
            // Where the sender has gone nobody reads this, but nothing of it is our failure either.
            return WebhookAnswer.Problem((e as BadHttpRequestException)?.StatusCode ?? StatusCodes.Status400BadRequest, "unreadable_body", "The request broke off, came too slowly, or is not valid HTTP.");
        }

        return body is null
            ? WebhookAnswer.Problem(StatusCodes.Status413PayloadTooLarge, "body_too_large", $"The body is larger than {RequestBody.MaxBytes} bytes. Send fewer messages at a time.")
            : await intake.AcceptAsync(body, request.Headers["X-Signature"], request.Headers["X-Segment-Secret"], forward, cancellation);
    }

    private WebhookAnswer? ReadForward(string? text, out bool forward)
    {
        forward = true;
        if (string.IsNullOrEmpty(text) || text.Equals("true", StringComparison.OrdinalIgnoreCase))
            return null;
        if (!text.Equals("false", StringComparison.OrdinalIgnoreCase))
            return WebhookAnswer.Problem(StatusCodes.Status400BadRequest, "invalid_forward", "\"forward\" is true or false.");
        forward = false;
        return personas.Value.Enabled ? null
            : WebhookAnswer.Problem(StatusCodes.Status400BadRequest, "no_profiles", "?forward=false records without forwarding, but Personas__Enabled is false, so there are no profiles to record to.");
    }
}
