using IterableFunctions.Intake;
using IterableFunctions.Personas.Sync;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace IterableFunctions.Functions;

/// <summary>Shows who is in an audience. Needs a function key.</summary>
public sealed class Members(MemberDirectory directory)
{
    [Function("AudienceMembers")]
    public async Task<IResult> ListAsync([HttpTrigger(AuthorizationLevel.Function, "get", Route = "audiences/{key}/members")] HttpRequest request, string key)
    {
        var after = request.Query["after"].ToString();
        if (after.Length > 0 && !MemberDirectory.IsPlace(after))
            return WebhookAnswer.Problem(StatusCodes.Status400BadRequest, "invalid_after", "\"after\" is what an answer gave as \"next\".");
        return await directory.ListAsync(key, after.Length > 0 ? after : null, request.HttpContext.RequestAborted) is { } page
            ? Results.Json(page, AppJson.Default.MemberPage)
            : WebhookAnswer.Problem(StatusCodes.Status404NotFound, "no_audience", "There is no audience of this key.");
    }
}
