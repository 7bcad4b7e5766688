using IterableFunctions.Storage;

namespace IterableFunctions.Readiness;

/// <summary>Whether the tables answer.</summary>
public sealed class StorageCheck(StorageProbe storage) : IReadinessCheck
{
    public async Task<string?> ReasonAsync(CancellationToken cancellation)
        => await storage.AnswersAsync(cancellation) ? null : "Table storage does not answer.";
}
