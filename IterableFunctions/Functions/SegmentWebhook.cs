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
        if (request.Query["forward"].ToString() is { Length: > 0 } forward && !forward.Equals("true", StringComparison.OrdinalIgnoreCase))
            return WebhookAnswer.Problem(StatusCodes.Status400BadRequest, "no_profiles", "?forward=false records without forwarding, but there are no profiles to record to yet.");
        return await RequestBody.AcceptAsync(request, (body, cancelled) => intake.AcceptAsync(body, request.Headers["X-Signature"], request.Headers["X-Segment-Secret"], cancelled));
    }
}
