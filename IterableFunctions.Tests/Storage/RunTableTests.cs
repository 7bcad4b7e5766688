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

        Assert.True(await _runs.FinishAsync(stored, at, default));
        Assert.False(await _runs.FinishAsync(stored, at.AddSeconds(1), default));
        Assert.Equal(at, (await _runs.FindAsync("1", default))!.Finished);
    }

    [Fact]
    public async Task Run_that_was_opened_again_is_not_ended_by_who_has_seen_it_before()
    {
        await _runs.PutAsync(new() { Id = "1", Shards = 1 }, default);
        var stored = (await _runs.FindStoredAsync("1", default))!;
        await _runs.PutAsync(new() { Id = "1", Shards = 2 }, default);

        Assert.False(await _runs.FinishAsync(stored, DateTime.UtcNow, default));
        Assert.Equal((2, null), ((await _runs.FindAsync("1", default))!.Shards, (await _runs.FindAsync("1", default))!.Finished));
    }
}
