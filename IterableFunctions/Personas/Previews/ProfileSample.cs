using IterableFunctions.Storage;

namespace IterableFunctions.Personas.Previews;

/// <summary>Some profiles, drawn at random.</summary>
/// <param name="Profiles">Their ids.</param>
/// <param name="Population">How many there are of their kind, estimated.</param>
/// <param name="IsWhole">Whether these are all.</param>
public sealed record ProfileSample(IReadOnlyList<string> Profiles, double Population, bool IsWhole)
{
    /// <summary>Rows of a shard that are read. The ids are random, so the first of a shard are as good as any.</summary>
    private const int PageSize = 50;

    private const int Concurrency = 8;

    /// <summary>
    /// Reads the beginnings of shards, in random order, until there are enough. How far they reach into their shards says how many profiles there are, for ids are evenly spread.
    /// </summary>
    /// <param name="table">The index of members.</param>
    /// <param name="size">How many are enough.</param>
    /// <param name="includeAnonymousUsers">Whether those count whom Iterable cannot be told of.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public static async Task<ProfileSample> DrawAsync(MemberTable table, int size, bool includeAnonymousUsers, CancellationToken cancellation)
    {
        Shard[] shards = [.. Shard.All];
        Random.Shared.Shuffle(shards);
        var (profiles, covered) = (new List<string>(), 0.0);
        foreach (var some in shards.Chunk(Concurrency))
        {
            foreach (var (part, members) in await Task.WhenAll(some.Select(shard => BeginningAsync(table, shard, cancellation))))
            {
                profiles.AddRange(members.Where(member => member.IsAddressable || includeAnonymousUsers).Select(member => member.Profile));
                covered += part;
            }

            if (profiles.Count >= size)
                break;
        }

        string[] drawn = [.. profiles];
        Random.Shared.Shuffle(drawn);
        return new(drawn.Length <= size ? drawn : drawn[..size], profiles.Count * Shard.Count / covered, IsWhole: covered == Shard.Count && drawn.Length <= size);
    }

    private static async Task<(double Part, IReadOnlyList<Member> Members)> BeginningAsync(MemberTable table, Shard shard, CancellationToken cancellation)
    {
        await foreach (var page in table.PagesAsync(MemberTable.Everybody, shard, after: null, PageSize, cancellation))
            return (page.Count < PageSize ? 1 : shard.PartThrough(page[^1].Profile), page);
        return (1, []);
    }
}
