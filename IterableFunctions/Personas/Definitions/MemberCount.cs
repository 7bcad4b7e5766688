using IterableFunctions.Storage;

namespace IterableFunctions.Personas.Definitions;

/// <summary>How many are in a definition.</summary>
/// <param name="Members">How many were counted.</param>
/// <param name="NotAddressable">How many of those Iterable cannot be told of.</param>
/// <param name="IsComplete">Whether those are all.</param>
public sealed record MemberCount(int Members, int NotAddressable, bool IsComplete)
{
    /// <summary>Counting more takes longer than somebody waits.</summary>
    public const int Most = 20_000;

    private const int Concurrency = 16;

    /// <summary>Counts the rows of the index. A transaction for each shard, and for each thousand members.</summary>
    public static async Task<MemberCount> OfAsync(MemberTable table, string definition, CancellationToken cancellation)
    {
        var (members, notAddressable) = (0, 0);
        await Parallel.ForEachAsync(Shard.All, new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellation }, async (shard, cancelled) =>
        {
            if (Volatile.Read(ref members) >= Most)
                return;
            await foreach (var page in table.PagesAsync(definition, shard, after: null, ProfileTable.LargestPage, cancelled))
            {
                Interlocked.Add(ref notAddressable, page.Count(member => !member.IsAddressable));
                if (Interlocked.Add(ref members, page.Count) >= Most)
                    return;
            }
        });
        return new(members, notAddressable, members < Most);
    }
}
