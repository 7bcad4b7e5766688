using System.Text;
using Azure.Core;
using Azure.Data.Tables;
using IterableFunctions.Benchmarks.InMemory;
using IterableFunctions.Intake;
using IterableFunctions.Iterable;
using IterableFunctions.Personas;
using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Recording;
using IterableFunctions.Personas.Runs;
using IterableFunctions.Personas.Sync;
using IterableFunctions.Segment;
using IterableFunctions.Storage;
using IterableFunctions.Tests.Personas.Recording;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace IterableFunctions.Tests.Personas.Worlds;

/// <summary>A world's storage: all of it in memory, or tables in Azurite. Queues go by the world's clock, which Azurite does not know, so they are always in memory.</summary>
/// <param name="Memory">The storage in memory.</param>
/// <param name="Connection">Of Azurite; null for none.</param>
/// <param name="Prefix">Of the tables' names.</param>
internal sealed record WorldStorage(InMemoryStorage Memory, string? Connection, string Prefix)
{
    public TableServiceClient TablesOf(Wire wire)
    {
        if (Connection is null)
            return Memory.TablesThrough(wire.PassAsync);
        var options = new TableClientOptions();
        options.AddPolicy(wire.ForTables, HttpPipelinePosition.PerCall);
        return new(Connection, options);
    }
}

/// <summary>The app in one process: what is not in storage it does not know. When its wire is dead it does nothing any more.</summary>
internal sealed class Instance : IAsyncDisposable
{
    private const string Secret = "the-secret";

    private readonly ServiceProvider _app;

    public Instance(WorldStorage storage, WorldIterable iterable, TimeProvider time, BulkUse bulk, ProjectType project)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton(time);
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(
        [
            new("AzureWebJobsStorage", "UseDevelopmentStorage=true"),
            new("Storage:TablePrefix", storage.Prefix),
            new("Iterable:ApiKey", WorldIterable.Key),
            new("Iterable:BaseUrl", "http://127.0.0.1:1"),
            new("Iterable:ProjectType", $"{project}"),
            new("Segment:SharedSecret", Secret),
            // The limiter counts by the system's clock.
            new("Limits:UpdateUser", "100000"),
            new("Limits:TrackEvent", "100000"),
            new("Limits:UpdateUsers", "100000"),
            new("Limits:TrackEvents", "100000"),
            new("Personas:Bulk", $"{bulk}"),
            new("Delivering:LongestRetry", "00:10:00"),
        ]).Build());
        services.AddIterableFunctions();
        services.AddSingleton(storage.TablesOf(Wire));
        services.AddSingleton(storage.Memory.QueuesThrough(Wire.PassAsync));
        services.AddHttpClient("IterableClient").ConfigurePrimaryHttpMessageHandler(() => iterable.LineOf(Wire));
        _app = services.BuildServiceProvider();
    }

    public Wire Wire { get; } = new();

    public T Get<T>()
        where T : notnull => _app.GetRequiredService<T>();

    /// <summary>The webhook's answer: an HTTP status.</summary>
    public async Task<int> PostAsync(string body)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        return (await Get<SegmentIntake>().AcceptAsync(bytes, WebhookSignature.Sign(bytes, Secret), null, forward: true, default)).Status;
    }

    /// <summary>What a queue's function does with a message.</summary>
    public Task RunAsync(string queue, string message) => queue switch
    {
        RecordQueue.Name => Get<RecordWorker>().RunAsync(message, default),
        RecordQueue.PoisonName => Get<RecordWorker>().ReviveAsync(message, default),
        SyncQueue.Name => Get<Looker>().RunAsync(message, default),
        SyncQueue.PoisonName => Get<Looker>().ReviveAsync(message, default),
        RecomputeQueue.Name => Get<RunWorker>().RunAsync(message, default),
        RecomputeQueue.PoisonName => Get<RunWorker>().ReviveAsync(message, default),
        _ => throw new InvalidOperationException($"Nothing works on {queue}."),
    };

    public Task OpenHourAsync() => Get<HourWorker>().OpenAsync(default);

    /// <summary>Changes the catalog as the definitions' API would.</summary>
    /// <param name="key">The definition's key.</param>
    /// <param name="run">Whether all profiles are brought up to it.</param>
    /// <param name="resend">Whether members are told again.</param>
    /// <param name="change">The next catalog, from the present one and the id of the run.</param>
    public async Task SaveAsync(string key, bool run, bool resend, Func<Catalog, string?, Catalog> change)
    {
        var id = run ? await Get<Backfills>().StartAsync(key, resend, default) : null;
        StoredCatalog? written = null;
        while (written is null)
        {
            var stored = await Get<Catalogs>().ReloadAsync(default);
            written = await Get<DefinitionTable>().ReplaceAsync(stored, change(stored.Catalog, id), key, default);
        }

        await Get<Catalogs>().ReloadAsync(default);
    }

    public async Task<Catalog> CatalogAsync() => (await Get<Catalogs>().ReloadAsync(default)).Catalog;

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
