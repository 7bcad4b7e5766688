using System.Text.Json;
using IterableFunctions.Sending;

namespace IterableFunctions.Iterable;

/// <summary>The user fields that the Iterable project has. Published limit: 3 requests/s per project, so it is asked where a person waits and nowhere else.</summary>
public sealed class UserFields(HttpClient http, KeyGuard key, TimeProvider time)
{
    /// <summary>Path below the base URL.</summary>
    private const string Path = "api/users/getFields";

    /// <summary>The type of each field, as <c>string</c> or <c>long</c>, by its name; one attempt.</summary>
    /// <param name="within">The time that there is.</param>
    /// <param name="cancellation">Ends the attempt with <see cref="OperationCanceledException"/>.</param>
    /// <returns>Null where Iterable does not say in time.</returns>
    public async Task<IReadOnlyDictionary<string, string>?> FindAsync(TimeSpan within, CancellationToken cancellation)
    {
        if (key.RefusedSince is not null)
            return null;
        using var limit = new CancellationTokenSource(within, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            await using var answer = await http.GetStreamAsync(Path, both.Token);
            using var json = await JsonDocument.ParseAsync(answer, cancellationToken: both.Token);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("fields"u8, out var fields) && fields.ValueKind == JsonValueKind.Object
                ? fields.EnumerateObject().Where(field => field.Value.ValueKind == JsonValueKind.String).DistinctBy(field => field.Name).ToDictionary(field => field.Name, field => field.Value.GetString()!, StringComparer.Ordinal)
                : null;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
    }
}
