using Azure.Data.Tables;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Storage;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Tests.Storage;

/// <summary>Rows of the calendar, which are armed and disarmed at the same time.</summary>
public sealed class DueTableTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    [Fact]
    public async Task Hour_that_is_armed_anew_while_somebody_looks_stays_armed()
    {
        var table = new DueTable(new TableServiceClient(azurite.ConnectionString), Options.Create(new StorageOptions { TablePrefix = AzuriteFixture.Unique("d") }));
        var (one, other) = ($"00{new string('1', 30)}", $"00{new string('2', 30)}");
        var hour = Hour.Containing(new DateTime(2026, 3, 1, 12, 0, 0, DateTimeKind.Utc).Ticks);
        await table.AddAsync(one, hour, 0, default);
        await table.AddAsync(other, hour, 0, default);
        var page = await table.FirstAsync(Shard.Of(one), hour, 100, default);
        Assert.Equal(2, page.Count);
        await table.AddAsync(other, hour, 0, default);

        await table.DeleteAsync(page, default);

        Assert.Equal(other, Assert.Single(await table.FirstAsync(Shard.Of(one), hour, 100, default)).Profile);
    }
}
