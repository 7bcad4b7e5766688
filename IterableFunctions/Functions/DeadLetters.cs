using System.Globalization;
using IterableFunctions.Delivering;
using IterableFunctions.Intake;
using IterableFunctions.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace IterableFunctions.Functions;

/// <summary>Shows, resends and deletes dead letters. They hold personal data, so every call needs a function key.</summary>
public sealed class DeadLetters(DeadLetterTable table, Forwarder forwarder)
{
    private const int LargestPage = 100;

    [Function("DeadLetterList")]
    public async Task<IResult> ListAsync([HttpTrigger(AuthorizationLevel.Function, "get", Route = "deadletters")] HttpRequest request)
    {
        if (Filter(request.Query) is not { } filter)
            return Unreadable();
        var letters = new List<DeadLetter>();
        await foreach (var letter in table.QueryAsync(filter, request.Query["after"], request.HttpContext.RequestAborted))
        {
            if (letters.Count == LargestPage)
                return Results.Json(new DeadLetterPage(letters, letters[^1].Id), AppJson.Default.DeadLetterPage);
            letters.Add(letter);
        }

        return Results.Json(new DeadLetterPage(letters, Next: null), AppJson.Default.DeadLetterPage);
    }

    [Function("DeadLetterGet")]
    public async Task<IResult> GetAsync([HttpTrigger(AuthorizationLevel.Function, "get", Route = "deadletters/{id}")] HttpRequest request, string id)
        => await table.FindAsync(id, request.HttpContext.RequestAborted) is { } letter ? Results.Json(letter, AppJson.Default.DeadLetter) : NotFound();

    [Function("DeadLetterDelete")]
    public async Task<IResult> DeleteAsync([HttpTrigger(AuthorizationLevel.Function, "delete", Route = "deadletters/{id}")] HttpRequest request, string id)
    {
        await table.DeleteAsync(id, request.HttpContext.RequestAborted);
        return Results.NoContent();
    }

    [Function("DeadLetterReplay")]
    public async Task<IResult> ReplayAsync([HttpTrigger(AuthorizationLevel.Function, "post", Route = "deadletters/{id}/replay")] HttpRequest request, string id)
        => await forwarder.ReplayAsync(id, request.HttpContext.RequestAborted) switch
        {
            null => NotFound(),
            Outcome.Failed failed => Results.Json(failed.Letter, AppJson.Default.DeadLetter, statusCode: StatusCodes.Status409Conflict),
            _ => Results.NoContent(),
        };

    /// <summary>Resends all that a filter takes, as many as fit into one answer's time; <c>next</c> says where to go on.</summary>
    [Function("DeadLetterReplayMany")]
    public async Task<IResult> ReplayManyAsync([HttpTrigger(AuthorizationLevel.Function, "post", Route = "deadletters/replay")] HttpRequest request)
    {
        if (Filter(request.Query) is not { } filter)
            return Unreadable();
        var (delivered, failed, last) = (0, 0, (string?)null);
        await foreach (var letter in table.QueryAsync(filter, request.Query["after"], request.HttpContext.RequestAborted))
        {
            if (delivered + failed == LargestPage)
                return Results.Json(new ReplayReport(delivered, failed, last), AppJson.Default.ReplayReport);
            last = letter.Id;
            if (await forwarder.ReplayAsync(letter.Id, request.HttpContext.RequestAborted) is Outcome.Failed)
                failed++;
            else
                delivered++;
        }

        return Results.Json(new ReplayReport(delivered, failed, Next: null), AppJson.Default.ReplayReport);
    }

    private static DeadLetterFilter? Filter(IQueryCollection query)
    {
        DateOnly? day = null;
        DeadLetterReason? reason = null;
        if (query["day"].ToString() is { Length: > 0 } dayText)
        {
            if (!DateOnly.TryParseExact(dayText, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var parsed))
                return null;
            day = parsed;
        }

        if (query["reason"].ToString() is { Length: > 0 } reasonText)
        {
            if (!Enum.TryParse<DeadLetterReason>(reasonText, ignoreCase: true, out var parsed) || !Enum.IsDefined(parsed))
                return null;
            reason = parsed;
        }

        return new(day, reason, OrNull(query["user"]), OrNull(query["messageId"]));

        static string? OrNull(string? text) => string.IsNullOrEmpty(text) ? null : text;
    }

    private static WebhookAnswer Unreadable()
        => WebhookAnswer.Problem(StatusCodes.Status400BadRequest, "invalid_filter", "\"day\" is a date such as 2026-01-31; \"reason\" is Refused, Expired or Crashed.");

    private static WebhookAnswer NotFound() => WebhookAnswer.Problem(StatusCodes.Status404NotFound, "no_dead_letter", "There is no dead letter of this id.");
}

/// <param name="Delivered">Letters that are at Iterable now, and gone from here.</param>
/// <param name="Failed">Letters that failed again.</param>
/// <param name="Next">Give it as <c>after</c> to go on; null when all were tried.</param>
public sealed record ReplayReport(int Delivered, int Failed, string? Next);
