using Azure.Data.Tables;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Runs;
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

    [Fact]
    public async Task Runs_come_newest_first_and_go_on_behind_the_one_that_is_named()
    {
        var noon = new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
        string[] newestFirst =
        [
            RunIds.OfHour(Hour.Containing(noon)),
            RunIds.OfBackfill("vips", resend: false, noon.AddMinutes(40)),
            RunIds.OfBackfill("pros", resend: true, noon.AddMinutes(5)),
            RunIds.OfHour(Hour.Containing(noon.AddHours(-1))),
            RunIds.OfBackfill("pros", resend: false, noon.AddMinutes(-1)),
            RunIds.OfHour(Hour.Containing(noon.AddHours(-14))),
            RunIds.OfHour(Hour.Containing(noon.AddDays(-40))),
        ];
        foreach (var index in (int[])[3, 0, 6, 4, 1, 5, 2])
        {
            await _runs.PutAsync(new() { Id = newestFirst[index], Shards = 1 }, default);
            // How far a run is stands in the same table.
            await _runs.AdvanceAsync(newestFirst[index], await _runs.FindProgressAsync(newestFirst[index], new(0), default), new() { IsDone = true }, default);
        }

        Assert.Equal(newestFirst, await ListAsync(null, 1000));
        Assert.Equal(newestFirst[..3], await ListAsync(null, 3));
        Assert.Equal(newestFirst[3..6], await ListAsync(newestFirst[2], 3));
        Assert.Equal(newestFirst[6..], await ListAsync(newestFirst[5], 3));
        Assert.Empty(await ListAsync(newestFirst[6], 3));
        Assert.Equal(newestFirst[3..], await ListAsync(RunIds.Before(Hour.Containing(noon)), 1000));

        async Task<string[]> ListAsync(string? after, int count) => [.. (await _runs.ListAsync(after, count, default)).Select(run => run.Id)];
    }
}
