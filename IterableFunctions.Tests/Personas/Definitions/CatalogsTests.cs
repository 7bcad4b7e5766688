using IterableFunctions.Benchmarks.InMemory;
using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Storage;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace IterableFunctions.Tests.Personas.Definitions;

public sealed class CatalogsTests
{
    [Fact]
    public async Task Change_is_known_to_another_process_half_a_minute_later_and_at_once_to_who_has_seen_its_version()
    {
        var clock = new FakeTimeProvider();
        var storage = new InMemoryStorage(clock);
        var table = new DefinitionTable(storage.TablesThrough(), Options.Create(new StorageOptions()));
        using var here = new Catalogs(table, clock);
        using var there = new Catalogs(table, clock);
        using var elsewhere = new Catalogs(table, clock);
        Assert.Empty((await there.CurrentAsync(0, default)).Records);
        await elsewhere.CurrentAsync(0, default);

        var stored = await here.ReloadAsync(default);
        var written = await table.ReplaceAsync(stored, stored.Catalog.With(new() { Key = "pros", Kind = DefinitionKind.Audience, Name = "Pros", Query = "trait('plan') = 'pro'" }), "pros", default);

        clock.Advance(TimeSpan.FromSeconds(29.9));
        Assert.Null((await there.CurrentAsync(0, default))["pros"]);
        Assert.NotNull((await elsewhere.CurrentAsync(written!.Catalog.Version, default))["pros"]);
        clock.Advance(TimeSpan.FromSeconds(0.1));
        Assert.NotNull((await there.CurrentAsync(0, default))["pros"]);
    }
}
