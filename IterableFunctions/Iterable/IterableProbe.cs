namespace IterableFunctions.Iterable;

/// <summary>Asks Iterable whether it takes the key, when somebody wants to know, at most once a minute: a call that changes nothing, and that Segment tests keys with as well.</summary>
public sealed class IterableProbe(IHttpClientFactory clients, TimeProvider time)
{
    /// <summary>Relative to the base address.</summary>
    private const string Path = "api/webhooks";

    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private Task<string?>? _last;
    private long _askedAt;

    /// <returns>What is wrong, as a sentence; null when nothing is. Of the last minute.</returns>
    public Task<string?> ReasonAsync()
    {
        lock (_lock)
        {
            if (_last is null || time.GetElapsedTime(_askedAt) >= Fresh)
                (_askedAt, _last) = (time.GetTimestamp(), AskAsync());
            return _last;
        }
    }

    private async Task<string?> AskAsync()
    {
        using var limit = new CancellationTokenSource(Patience, time);
        using var http = clients.CreateClient(nameof(IterableClient));
        try
        {
            using var response = await http.GetAsync(new Uri(Path, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, limit.Token);
            return (int)response.StatusCode switch
            {
                // Too many calls is an answer to a key that is taken.
                (>= 200 and < 300) or 429 => null,
                401 or 403 => $"Iterable refuses the API key ({(int)response.StatusCode}). Check Iterable__ApiKey, its permissions, and Iterable__DataCenter.",
                var status => $"Iterable answers {status}.",
            };
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return "Iterable does not answer.";
        }
    }
}
