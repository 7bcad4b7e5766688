using IterableFunctions.Intake;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace IterableFunctions.Functions;

/// <summary>Iterable's system webhooks. Open at the host: the token that Iterable sends is checked here.</summary>
public sealed class IterableWebhook(IterableIntake intake)
{
    [Function(nameof(IterableWebhook))]
    public async Task<IResult> RunAsync([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "iterable")] HttpRequest request)
        => intake.Authorize(request.Headers.Authorization, request.Headers["X-Webhook-Key"]) ?? await RequestBody.AcceptAsync(request, async (body, _) => await intake.AcceptAsync(body));
}
