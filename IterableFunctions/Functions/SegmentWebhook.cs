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
        if (ReadForward(request.Query["forward"], out var forward) is { } refusal)
            return refusal;
        return await RequestBody.AcceptAsync(request, async (body, cancelled) => await intake.AcceptAsync(body, request.Headers["X-Signature"], request.Headers["X-Segment-Secret"], forward, cancelled));
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
