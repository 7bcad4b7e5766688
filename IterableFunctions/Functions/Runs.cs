using IterableFunctions.Intake;
using IterableFunctions.Personas.Runs;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace IterableFunctions.Functions;

/// <summary>Shows what hours and backfills have done. Both need a function key.</summary>
public sealed class Runs(RunDirectory directory)
{
    [Function("RunList")]
    public async Task<IResult> ListAsync([HttpTrigger(AuthorizationLevel.Function, "get", Route = "runs")] HttpRequest request)
        => Results.Json(await directory.ListAsync(request.Query["after"], request.HttpContext.RequestAborted), AppJson.Default.RunPage);

    [Function("RunGet")]
    public async Task<IResult> GetAsync([HttpTrigger(AuthorizationLevel.Function, "get", Route = "runs/{id}")] HttpRequest request, string id)
        => await directory.FindAsync(id, request.HttpContext.RequestAborted) is { } run
            ? Results.Json(run, AppJson.Default.RunReport)
            : WebhookAnswer.Problem(StatusCodes.Status404NotFound, "no_run", "There is no run of this id.");
}
