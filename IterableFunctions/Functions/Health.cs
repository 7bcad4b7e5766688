using IterableFunctions.Iterable;
using IterableFunctions.Segment;
using IterableFunctions.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Functions;

/// <summary>Says that the process lives, what is configured, and whether storage answers. Asks nothing of Iterable.</summary>
public sealed class Health(IOptions<IterableOptions> iterable, IOptions<SegmentOptions> segment, StorageProbe storage)
{
    [Function(nameof(Health))]
    public async Task<IResult> RunAsync([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health")] HttpRequest request)
    {
        var report = new HealthReport(
            "alive",
            await storage.AnswersAsync(request.HttpContext.RequestAborted) ? "answers" : "does not answer",
            iterable.Value.Address.Host,
            iterable.Value.ProjectType.ToString(),
            segment.Value.AcceptArrays);
        return Results.Json(report, AppJson.Default.HealthReport);
    }
}

/// <param name="Status">Always <c>alive</c>: a dead process says nothing.</param>
/// <param name="Storage"><c>answers</c> or <c>does not answer</c>.</param>
/// <param name="IterableHost">Where calls go.</param>
/// <param name="ProjectType">Of the Iterable project.</param>
/// <param name="AcceptsArrays">Whether bodies that are arrays are taken.</param>
public sealed record HealthReport(string Status, string Storage, string IterableHost, string ProjectType, bool AcceptsArrays);
