using IterableFunctions.Iterable;
using IterableFunctions.Readiness;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace IterableFunctions.Functions;

/// <summary>Says whether the app can do its work, and why not. Asks Iterable only for <c>?probe=true</c>, at most once a minute.</summary>
public sealed class HealthReady(ReadinessChecks checks, IterableProbe iterable)
{
    [Function(nameof(HealthReady))]
    public async Task<IResult> RunAsync([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health/ready")] HttpRequest request)
    {
        var probe = request.Query["probe"].ToString().Equals("true", StringComparison.OrdinalIgnoreCase) ? iterable.ReasonAsync() : Task.FromResult<string?>(null);
        var reasons = await checks.ReasonsAsync(request.HttpContext.RequestAborted);
        if (await probe is { } refused)
            reasons = [.. reasons, refused];
        return Results.Json(new ReadyReport(reasons.Count == 0, reasons), AppJson.Default.ReadyReport, statusCode: reasons.Count == 0 ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }
}

/// <param name="Ready">Whether the app can do its work.</param>
/// <param name="Reasons">Why not, a sentence each.</param>
public sealed record ReadyReport(bool Ready, IReadOnlyList<string> Reasons);
