using IterableFunctions.Benchmarks;
using IterableFunctions.Storage;

namespace IterableFunctions.Tests.Personas.Runs;

/// <summary>What an hour costs in storage transactions: what changes, and not how many profiles there are. The same world, larger, is the benchmark <c>recompute</c>.</summary>
public sealed class CostTests
{
    [Theory]
    [InlineData(100)]
    [InlineData(2000)]
    public async Task Hour_in_which_nothing_is_due_costs_a_transaction_for_each_shard_and_a_few_for_the_run(int profiles)
    {
        await using var world = new RecomputeWorld(profiles, leaving: 0);
        await world.BuildAsync();
        world.Storage.Forget();

        Assert.Equal(0, await world.RunHourAsync());

        Assert.Equal(Shard.Count, world.Storage.Transactions["Due query"]);
        // Of the queries one is for runs that are too old, and one the world's own, which reads what the run has done; the definitions were read a moment before.
        Assert.Equal((1, 1, 2), (world.Storage.Transactions["Runs read"], world.Storage.Transactions["Runs write"], world.Storage.Transactions["Runs query"]));
        Assert.Equal(Shard.Count + 4, world.Storage.TableTransactions);
        Assert.Equal((0, 0), (world.Storage.QueueTransactions, world.Calls));
    }

    [Fact]
    public async Task Flip_costs_four_transactions_and_its_part_of_a_batch()
    {
        const int Leaving = 300;
        await using var world = new RecomputeWorld(3000, Leaving, parts: 1);
        await world.BuildAsync();
        world.Storage.Forget();

        Assert.Equal(Leaving, await world.RunHourAsync());

        Assert.Equal(Leaving, world.Calls);
        Assert.Equal(2700, world.Members());
        var counted = world.Storage.Transactions;
        // The document: read, written with what is to be told, written with what was answered. The index of members: one row less.
        Assert.Equal((Leaving, 2 * Leaving, Leaving), (counted["Profiles read"], counted["Profiles batch"], counted["Members write"]));
        Assert.False(counted.ContainsKey("Due write"));
        // Rows of the calendar go together.
        Assert.InRange(counted["Due batch"], 1, Shard.Count);
        // What the run itself takes: to find out what is due, and nine for each shard in which something is.
        Assert.InRange(world.Storage.TableTransactions - (4 * Leaving), 0, (10 * Shard.Count) + 8);
        Assert.Equal((1 + (3 * counted["Due batch"]), 2 + (2 * counted["Due batch"])), (counted["Runs read"], counted["Runs write"]));
        Assert.InRange(world.Storage.QueueTransactions, 1, Shard.Count);
    }
}
