using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using IterableFunctions.LocalHost;
using IterableFunctions.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace IterableFunctions.Tests.Storage;

/// <summary>In which account tables, queues and blobs stand.</summary>
public sealed class StorageConnectionTests
{
    private static readonly (string, string) Host = ("AzureWebJobsStorage:accountName", "hostaccount");
    private static readonly (string, string) Data = ("DataStorage:accountName", "dataaccount");

    [Fact]
    public void One_account_holds_everything_where_no_other_is_set()
        => Assert.Equal(["hostaccount", "hostaccount", "hostaccount"], AccountsOf(Host));

    [Fact]
    public void Tables_stand_in_an_account_of_their_own_where_one_is_set_and_queues_stay_with_the_host()
        => Assert.Equal(["dataaccount", "hostaccount", "hostaccount"], AccountsOf(Host, Data));

    [Fact]
    public void A_connection_string_names_the_account_of_the_tables_as_well()
        => Assert.Equal(["devstoreaccount1", "hostaccount", "hostaccount"], AccountsOf(Host, ("DataStorage", AzuritePorts.Default.ConnectionString)));

    [Fact]
    public void The_account_of_the_tables_does_not_stand_in_for_the_one_of_the_host()
        => Assert.StartsWith("AzureWebJobsStorage is not set", StorageConnection.Check(Configuration(Data)), StringComparison.Ordinal);

    private static IEnumerable<string> AccountsOf(params (string Key, string Value)[] settings)
    {
        using var services = new ServiceCollection().AddStorage().AddSingleton(Configuration(settings)).BuildServiceProvider();
        return [services.GetRequiredService<TableServiceClient>().AccountName, services.GetRequiredService<QueueServiceClient>().AccountName, services.GetRequiredService<BlobServiceClient>().AccountName];
    }

    private static IConfiguration Configuration(params (string Key, string Value)[] settings)
        => new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))).Build();
}
