using IterableFunctions.Personas.Profiles;
using Microsoft.Extensions.Caching.Memory;

namespace IterableFunctions.Storage;

/// <summary>
/// Documents that this process has just read or written, and the ids that led to them. It may be out of date: what is decided on it is written under the document's ETag, and
/// a refused write forgets it.
/// </summary>
public sealed class ProfileCache : IDisposable
{
    /// <summary>Bytes, roughly.</summary>
    private const long Largest = 64 * 1024 * 1024;

    /// <summary>What an entry takes beside what its size tells.</summary>
    private const int Overhead = 512;

    private static readonly TimeSpan Unused = TimeSpan.FromMinutes(10);

    private readonly MemoryCache _cache = new(new MemoryCacheOptions { SizeLimit = Largest });

    /// <summary>The document that an id led to.</summary>
    public StoredProfile? Find(ExternalId id) => _cache.TryGetValue(id, out string? profile) && _cache.TryGetValue(profile!, out StoredProfile? stored) ? stored : null;

    public StoredProfile? Get(string profile) => _cache.Get<StoredProfile>(profile);

    /// <summary>The profile that an id led to.</summary>
    public string? ProfileOf(ExternalId id) => _cache.TryGetValue(id, out string? profile) ? profile : null;

    public void Keep(ExternalId id, StoredProfile stored)
    {
        _cache.Set(id, stored.Profile, Entry(Overhead));
        _cache.Set(stored.Profile, stored, Entry(Overhead + SizeOf(stored.Document)));
    }

    /// <summary>Keeps a newer document of a profile that is known here.</summary>
    public void Renew(StoredProfile stored)
    {
        if (_cache.TryGetValue(stored.Profile, out _))
            _cache.Set(stored.Profile, stored, Entry(Overhead + SizeOf(stored.Document)));
    }

    public void Forget(string profile) => _cache.Remove(profile);

    public void Dispose() => _cache.Dispose();

    private static MemoryCacheEntryOptions Entry(int size) => new() { Size = size, SlidingExpiration = Unused };

    private static int SizeOf(ProfileDocument document)
        => (document.Ids.Length * 200) + document.Traits.Sum(trait => 150 + (2 * trait.Key.Length) + trait.Value.Json.Length)
            + document.Sent.Sum(sent => 200 + (sent.Value.Cart?.Json.Length ?? 0) + sent.Value.Fields.Sum(field => 150 + field.Value.Json.Length)) + document.States.All.Sum(state => 64 + state.Value.Size)
            + document.Values.Sum(value => 150 + value.Value.Json.Length) + document.Told.Sum(told => 300 + told.Value.Json.Length);
}
