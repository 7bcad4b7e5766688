using Azure.Data.Tables;
using IterableFunctions.Storage;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Tests.Storage;

public sealed class RunTableTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private readonly RunTable _runs = new(new TableServiceClient(azurite.ConnectionString), Options.Create(new StorageOptions { TablePrefix = AzuriteFixture.Unique("runs") }));

    [Fact]
    public async Task Run_is_ended_by_one_of_those_that_end_it_at_the_same_time()
    {
        await _runs.PutAsync(new() { Id = "1" }, default);
        var stored = (await _runs.FindStoredAsync("1", default))!;
        var at = new DateTime(2026, 1, 31, 11, 3, 0, DateTimeKind.Utc);

        Assert.True(await _runs.ReplaceAsync(stored, stored.Run with { Finished = at }, default));
        Assert.False(await _runs.ReplaceAsync(stored, stored.Run with { Finished = at.AddSeconds(1) }, default));
        Assert.Equal(at, (await _runs.FindAsync("1", default))!.Finished);
    }

    [Fact]
    public async Task Run_that_was_opened_again_is_not_ended_by_who_has_seen_it_before()
    {
        await _runs.PutAsync(new() { Id = "1", Shards = 1 }, default);
        var stored = (await _runs.FindStoredAsync("1", default))!;
        await _runs.PutAsync(new() { Id = "1", Shards = 2 }, default);

        Assert.False(await _runs.ReplaceAsync(stored, stored.Run with { Finished = DateTime.UtcNow }, default));
        Assert.Equal((2, null), ((await _runs.FindAsync("1", default))!.Shards, (await _runs.FindAsync("1", default))!.Finished));
    }

    [Fact]
    public async Task Progress_whose_answer_was_lost_is_known_again_and_that_of_another_is_not()
    {
        var none = await _runs.FindProgressAsync("1", new(3), default);
        var first = (await _runs.AdvanceAsync("1", none, none.Progress with { After = "aa" }, default))!;

        Assert.Equal(first.ETag, (await _runs.AdvanceAsync("1", none, none.Progress with { After = "aa" }, default))!.ETag);
        var second = (await _runs.AdvanceAsync("1", first, first.Progress with { After = "bb" }, default))!;
        Assert.Equal(second.ETag, (await _runs.AdvanceAsync("1", first, first.Progress with { After = "bb" }, default))!.ETag);
        Assert.Null(await _runs.AdvanceAsync("1", first, first.Progress with { After = "cc" }, default));
    }
}
