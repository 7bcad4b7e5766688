using IterableFunctions.Storage;

namespace IterableFunctions.Personas.Definitions;

/// <summary>The catalog as this process knows it, never older than half a minute: whatever depends on every process knowing a change waits longer than that.</summary>
public sealed class Catalogs(DefinitionTable table, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _loading = new(1);
    private Known? _current;

    /// <summary>The catalog.</summary>
    /// <param name="atLeast">A version that somebody has seen already.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public async ValueTask<Catalog> CurrentAsync(int atLeast, CancellationToken cancellation)
    {
        if (Fresh(atLeast) is { } known)
            return known;
        await _loading.WaitAsync(cancellation);
        try
        {
            return Fresh(atLeast) ?? (await LoadAsync(cancellation)).Catalog;
        }
        finally
        {
            _loading.Release();
        }
    }

    /// <summary>The catalog as it stands in storage now.</summary>
    public async Task<StoredCatalog> ReloadAsync(CancellationToken cancellation)
    {
        await _loading.WaitAsync(cancellation);
        try
        {
            return await LoadAsync(cancellation);
        }
        finally
        {
            _loading.Release();
        }
    }

    public void Dispose() => _loading.Dispose();

    private Catalog? Fresh(int atLeast)
        => _current is { } current && current.Catalog.Version >= atLeast && time.GetElapsedTime(current.Loaded) < Lifetime ? current.Catalog : null;

    private async Task<StoredCatalog> LoadAsync(CancellationToken cancellation)
    {
        var loaded = time.GetTimestamp();
        var stored = await table.LoadAsync(cancellation);
        _current = new(stored.Catalog, loaded);
        return stored;
    }

    private sealed record Known(Catalog Catalog, long Loaded);
}
