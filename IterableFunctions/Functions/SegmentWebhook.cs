using IterableFunctions.Intake;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace IterableFunctions.Functions;

/// <summary>Segment's webhook. Open at the host: Segment cannot send a function key in a header of its own choosing for every product, but it signs.</summary>
public sealed class SegmentWebhook(SegmentIntake intake)
{
    [Function(nameof(SegmentWebhook))]
    public async Task<IResult> RunAsync([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "segment")] HttpRequest request)
    {
        var cancellation = request.HttpContext.RequestAborted;
        if (request.Headers.ContentEncoding.Count > 0)
            return WebhookAnswer.Problem(StatusCodes.Status415UnsupportedMediaType, "content_encoding", "The body is compressed. Send it as it is.");
        var body = await RequestBody.ReadAsync(request, cancellation);
        return body is null
            ? WebhookAnswer.Problem(StatusCodes.Status413PayloadTooLarge, "body_too_large", $"The body is larger than {RequestBody.MaxBytes} bytes. Send fewer messages at a time.")
            : await intake.AcceptAsync(body, request.Headers["X-Signature"], request.Headers["X-Segment-Secret"], cancellation);
    }
}
