using IterableFunctions.Iterable;
using IterableFunctions.Segment;
using IterableFunctions.Sending;
using IterableFunctions.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Functions;

/// <summary>Says that the process lives, what is configured, whether storage answers, and whether Iterable refuses the key. Asks nothing of Iterable.</summary>
public sealed class Health(IOptions<IterableOptions> iterable, IOptions<SegmentOptions> segment, StorageProbe storage, KeyGuard key, [FromKeyedServices(SegmentOptions.Section)] KeyGuard writeKey)
{
    [Function(nameof(Health))]
    public async Task<IResult> RunAsync([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health")] HttpRequest request)
    {
        var answers = await storage.AnswersAsync(request.HttpContext.RequestAborted);
        var report = new HealthReport(
            "alive",
            answers ? "answers" : "does not answer",
            iterable.Value.Address.Host,
            Describe(key),
            iterable.Value.ProjectType.ToString(),
            segment.Value.AcceptArrays,
            segment.Value.Address.Host,
            string.IsNullOrEmpty(segment.Value.WriteKey) ? "not set" : Describe(writeKey));
        return Results.Json(report, AppJson.Default.HealthReport);
    }

    private static string Describe(KeyGuard key) => key.RefusedSince is { } since ? $"refused since {since:u}" : "not refused";
}

/// <param name="Status">Always <c>alive</c>: a dead process says nothing.</param>
/// <param name="Storage"><c>answers</c> or <c>does not answer</c>.</param>
/// <param name="IterableHost">Where calls go.</param>
/// <param name="IterableKey"><c>not refused</c>, or <c>refused since</c> a time; as this instance knows, at most 10 s late.</param>
/// <param name="ProjectType">Of the Iterable project.</param>
/// <param name="AcceptsArrays">Whether bodies that are arrays are taken.</param>
/// <param name="SegmentHost">Where Iterable's messaging events go.</param>
/// <param name="SegmentWriteKey"><c>not set</c>, <c>not refused</c>, or <c>refused since</c> a time.</param>
public sealed record HealthReport(string Status, string Storage, string IterableHost, string IterableKey, string ProjectType, bool AcceptsArrays, string SegmentHost, string SegmentWriteKey);
