using IterableFunctions.Personas.Previews;
using IterableFunctions.Storage;

namespace IterableFunctions.Tests.Personas.Previews;

public sealed class ProfileSampleTests
{
    private const int PageSize = 50;
    private const int Population = 100_000;

    [Fact]
    public void How_far_the_beginnings_of_eight_shards_reach_says_how_many_profiles_there_are()
    {
        var random = new Random(7);
        var members = Enumerable.Range(0, Population).Select(_ => Id(random)).Order(StringComparer.Ordinal).Select(id => new Member(id, IsAddressable: random.Next(4) > 0)).ToLookup(member => Shard.Of(member.Profile));
        ShardBeginning[] read = [.. Shard.All.Take(8).Select(shard => new ShardBeginning(shard, [.. members[shard].Take(PageSize)], IsWhole: false))];

        var addressable = ProfileSample.Of(read, 200, includeAnonymousUsers: false, random);
        var everybody = ProfileSample.Of(read, 200, includeAnonymousUsers: true, random);

        Assert.Equal((200, false), (addressable.Profiles.Distinct().Count(), addressable.IsWhole));
        // 400 rows tell within a few percent.
        Assert.InRange(addressable.Population, 0.8 * 0.75 * Population, 1.2 * 0.75 * Population);
        Assert.InRange(everybody.Population, 0.8 * Population, 1.2 * Population);
    }

    [Fact]
    public void Few_profiles_are_counted()
    {
        var random = new Random(7);
        Member[] members = [.. Enumerable.Range(0, 30).Select(number => new Member(Id(random), IsAddressable: number >= 10))];
        ShardBeginning[] read = [.. Shard.All.Select(shard => new ShardBeginning(shard, [.. members.Where(member => Shard.Of(member.Profile) == shard)], IsWhole: true))];

        var sample = ProfileSample.Of(read, 200, includeAnonymousUsers: false, random);

        Assert.Equal((20, 20.0, true), (sample.Profiles.Count, sample.Population, sample.IsWhole));
        Assert.False(ProfileSample.Of(read, 5, includeAnonymousUsers: false, random).IsWhole);
    }

    private static string Id(Random random)
    {
        var bytes = new byte[16];
        random.NextBytes(bytes);
        return new Guid(bytes).ToString("N");
    }
}
