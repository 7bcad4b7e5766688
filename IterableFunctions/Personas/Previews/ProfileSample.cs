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
        var read = new List<ShardBeginning>();
        foreach (var some in shards.Chunk(Concurrency))
        {
            read.AddRange(await Task.WhenAll(some.Select(shard => BeginningAsync(table, shard, cancellation))));
            if (read.Sum(one => one.Count(includeAnonymousUsers)) >= size)
                break;
        }

        return Of(read, size, includeAnonymousUsers, Random.Shared);
    }

    /// <summary>A sample from the beginnings of shards. Pure but for what is drawn.</summary>
    internal static ProfileSample Of(IReadOnlyList<ShardBeginning> read, int size, bool includeAnonymousUsers, Random random)
    {
        string[] profiles = [.. read.SelectMany(one => one.Members).Where(member => member.IsAddressable || includeAnonymousUsers).Select(member => member.Profile)];
        random.Shuffle(profiles);
        var covered = read.Sum(one => one.Part);
        return new(profiles.Length <= size ? profiles : profiles[..size], profiles.Length * Shard.Count / covered, IsWhole: covered == Shard.Count && profiles.Length <= size);
    }

    private static async Task<ShardBeginning> BeginningAsync(MemberTable table, Shard shard, CancellationToken cancellation)
    {
        await foreach (var page in table.PagesAsync(MemberTable.Everybody, shard, after: null, PageSize, cancellation))
            return new(shard, page, IsWhole: page.Count < PageSize);
        return new(shard, [], IsWhole: true);
    }
}

/// <summary>The first rows of a shard.</summary>
/// <param name="Shard">The shard.</param>
/// <param name="Members">In the order of their ids.</param>
/// <param name="IsWhole">Whether there are no more.</param>
internal sealed record ShardBeginning(Shard Shard, IReadOnlyList<Member> Members, bool IsWhole)
{
    /// <summary>How much of the shard they reach over, from 0 to 1.</summary>
    public double Part => IsWhole ? 1 : Shard.PartThrough(Members[^1].Profile);

    public int Count(bool includeAnonymousUsers) => Members.Count(member => member.IsAddressable || includeAnonymousUsers);
}
