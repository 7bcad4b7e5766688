using Azure.Core;
using Azure.Data.Tables;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace IterableFunctions.Storage;

/// <summary>
/// Two storage accounts, which may be one. The host's, <c>AzureWebJobsStorage</c>, has the queues, because the host drains and scales by them, and the blobs of messages that are too large
/// for a queue. <c>DataStorage</c> has the tables; where it is not set they stand in the host's. Each is a connection string, or <c>…__accountName</c> with the app's managed identity.
/// </summary>
public static class StorageConnection
{
    private const string Host = "AzureWebJobsStorage";
    private const string Data = "DataStorage";

    public static IServiceCollection AddStorage(this IServiceCollection services)
    {
        services.AddSingleton(provider => Tables(provider.GetRequiredService<IConfiguration>()));
        services.AddSingleton(provider => Queues(provider.GetRequiredService<IConfiguration>()));
        services.AddSingleton(provider => Blobs(provider.GetRequiredService<IConfiguration>()));
        services.AddSingleton<StorageProbe>();
        services.AddSingleton<ForwardQueue>();
        services.AddSingleton<RecordQueue>();
        services.AddSingleton<DeadLetterTable>();
        services.AddSingleton<IdentityTable>();
        services.AddSingleton<ProfileTable>();
        services.AddSingleton<DefinitionTable>();
        services.AddSingleton<MemberTable>();
        services.AddSingleton<DueTable>();
        services.AddSingleton<SyncQueue>();
        services.AddSingleton<RecomputeQueue>();
        services.AddSingleton<RunTable>();
        services.AddSingleton<RefusedKeyTable>();
        return services;
    }

    /// <summary>What is wrong with the settings; null when nothing is.</summary>
    public static string? Check(IConfiguration configuration)
        => IsSet(configuration, Host) ? null
            : $"{Host} is not set; it is the connection string of a storage account (portal: Storage account, Access keys). Set {Host}__accountName instead to use the app's managed identity.";

    private static TableServiceClient Tables(IConfiguration configuration)
    {
        var account = IsSet(configuration, Data) ? Data : Host;
        var options = Counted(new TableClientOptions());
        return configuration[account] is { Length: > 0 } connection ? new(connection, options) : new(Address(configuration, account, "table"), Identity(configuration, account), options);
    }

    /// <summary>Messages are base64, as the host's <c>host.json</c> says.</summary>
    private static QueueServiceClient Queues(IConfiguration configuration)
    {
        var options = Patient(new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
        return configuration[Host] is { Length: > 0 } connection ? new(connection, options) : new(Address(configuration, Host, "queue"), Identity(configuration, Host), options);
    }

    private static BlobServiceClient Blobs(IConfiguration configuration)
    {
        var options = Patient(new BlobClientOptions());
        return configuration[Host] is { Length: > 0 } connection ? new(connection, options) : new(Address(configuration, Host, "blob"), Identity(configuration, Host), options);
    }

    /// <summary>One quick retry: whoever waits for an answer waits four seconds in all.</summary>
    private static TOptions Patient<TOptions>(TOptions options)
        where TOptions : ClientOptions
    {
        options.Retry.MaxRetries = 1;
        options.Retry.Delay = TimeSpan.FromMilliseconds(100);
        options.Retry.NetworkTimeout = TimeSpan.FromSeconds(2);
        return options;
    }

    private static TableClientOptions Counted(TableClientOptions options)
    {
        options.AddPolicy(StorageMeter.Policy, HttpPipelinePosition.PerRetry);
        return Patient(options);
    }

    private static bool IsSet(IConfiguration configuration, string account) => !string.IsNullOrEmpty(configuration[account]) || !string.IsNullOrEmpty(AccountName(configuration, account));

    private static Uri Address(IConfiguration configuration, string account, string service) => new($"https://{AccountName(configuration, account)}.{service}.core.windows.net");

    private static string? AccountName(IConfiguration configuration, string account) => configuration[$"{account}:accountName"];

    /// <summary>The function app's own identity; a user-assigned one when its client id is given.</summary>
    private static ManagedIdentityCredential Identity(IConfiguration configuration, string account)
        => new ManagedIdentityCredential(configuration[$"{account}:clientId"] is { Length: > 0 } clientId ? ManagedIdentityId.FromUserAssignedClientId(clientId) : ManagedIdentityId.SystemAssigned);
}
