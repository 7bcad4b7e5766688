using Azure.Data.Tables;
using Azure.Storage.Queues;
using IterableFunctions.LocalHost;

namespace IterableFunctions.Tests;

/// <summary>
/// Storage for tests: <c>IClassFixture&lt;AzuriteFixture&gt;</c>. All of them share one Azurite, which the first starts on free
/// ports and an empty folder, and which ends with the test run; so names of tables and queues have to be unique. It is no
/// collection's fixture, for the classes of a collection never run side by side.
/// </summary>
public sealed class AzuriteFixture : IAsyncLifetime
{
    private static readonly Lazy<Task<Azurite>> _shared = new(StartAsync);
    private static readonly string _folder = Path.Combine(Path.GetTempPath(), $"iterable-functions-tests-{Environment.ProcessId}");

    public string ConnectionString { get; private set; } = "";

    public async Task InitializeAsync() => ConnectionString = (await _shared.Value).ConnectionString;

    public Task DisposeAsync() => Task.CompletedTask;

    /// <summary>A name for a table, a queue or a container that no other test uses.</summary>
    public static string Unique(string name) => $"{name}{Guid.NewGuid():N}"[..(name.Length + 12)];

    /// <summary>An Azurite of the test's own, not yet started, to stop and to kill. Its data goes when the test run ends.</summary>
    public static Azurite Own() => new(HostSettings.AzuriteFolder, Path.Combine(_folder, $"{Guid.NewGuid():N}"), AzuritePorts.Free())
    {
        // As long as it takes on a machine with too much to do: what it has confirmed has to be there when it is started again.
        ClosesWithin = TimeSpan.FromSeconds(30),
    };

    private static async Task<Azurite> StartAsync()
    {
        var azurite = Own();
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            azurite.Kill();
            Directory.Delete(_folder, recursive: true);
        };
        await azurite.StartAsync();
        return azurite;
    }
}

/// <summary>
/// An Azurite that one test class has for itself: the app's queues have fixed names, and what one app leaves in them another would take.
/// </summary>
public sealed class OwnAzuriteFixture : IAsyncLifetime
{
    public Azurite Azurite { get; } = AzuriteFixture.Own();

    public string ConnectionString => Azurite.ConnectionString;

    public Task InitializeAsync() => Azurite.StartAsync();

    /// <summary>Forgets what earlier tests have left in the queues, and which keys they have had refused.</summary>
    public async Task ClearAsync()
    {
        foreach (var queue in (string[])["forward", "forward-poison", "record", "record-poison", "sync", "sync-poison", "recompute", "recompute-poison"])
        {
            var client = new QueueClient(ConnectionString, queue);
            await client.CreateIfNotExistsAsync();
            await client.ClearMessagesAsync();
        }

        var refused = new TableClient(ConnectionString, "RefusedKeys");
        await refused.CreateIfNotExistsAsync();
        foreach (var row in refused.Query<TableEntity>())
            await refused.DeleteEntityAsync(row.PartitionKey, row.RowKey);
    }

    public async Task DisposeAsync()
    {
        await Azurite.StopAsync();
        Directory.Delete(Azurite.DataFolder, recursive: true);
    }
}
