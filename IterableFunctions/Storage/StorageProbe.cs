using Azure;
using Azure.Data.Tables;

namespace IterableFunctions.Storage;

/// <summary>Whether storage answers.</summary>
public sealed class StorageProbe(TableServiceClient tables, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public async Task<bool> AnswersAsync(CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(Patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            await foreach (var _ in tables.QueryAsync(maxPerPage: 1, cancellationToken: both.Token))
                break;
            return true;
        }
        catch (Exception e) when (e is RequestFailedException or OperationCanceledException or AggregateException or Azure.Identity.AuthenticationFailedException)
        {
            return false;
        }
    }
}
