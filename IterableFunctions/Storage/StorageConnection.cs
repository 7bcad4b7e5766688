using Azure.Core;
using Azure.Data.Tables;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace IterableFunctions.Storage;

/// <summary>
/// The storage account that the host uses as well: <c>AzureWebJobsStorage</c> as a connection string, or <c>AzureWebJobsStorage__accountName</c> with the app's
/// managed identity.
/// </summary>
public static class StorageConnection
{
    private const string Setting = "AzureWebJobsStorage";

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
        => string.IsNullOrEmpty(configuration[Setting]) && string.IsNullOrEmpty(AccountName(configuration))
            ? $"{Setting} is not set; it is the connection string of a storage account (portal: Storage account, Access keys). Set {Setting}__accountName instead to use the app's managed identity."
            : null;

    private static TableServiceClient Tables(IConfiguration configuration)
        => configuration[Setting] is { Length: > 0 } connection
            ? new(connection, Counted(new TableClientOptions()))
            : new(Address(configuration, "table"), Identity(configuration), Counted(new TableClientOptions()));

    /// <summary>Messages are base64, as the host's <c>host.json</c> says.</summary>
    private static QueueServiceClient Queues(IConfiguration configuration)
    {
        var options = Patient(new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 });
        return configuration[Setting] is { Length: > 0 } connection ? new(connection, options) : new(Address(configuration, "queue"), Identity(configuration), options);
    }

    private static BlobServiceClient Blobs(IConfiguration configuration)
        => configuration[Setting] is { Length: > 0 } connection
            ? new(connection, Patient(new BlobClientOptions()))
            : new(Address(configuration, "blob"), Identity(configuration), Patient(new BlobClientOptions()));

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

    private static Uri Address(IConfiguration configuration, string service) => new($"https://{AccountName(configuration)}.{service}.core.windows.net");

    private static string? AccountName(IConfiguration configuration) => configuration[$"{Setting}:accountName"];

    /// <summary>The function app's own identity; a user-assigned one when its client id is given.</summary>
    private static ManagedIdentityCredential Identity(IConfiguration configuration)
        => new ManagedIdentityCredential(configuration[$"{Setting}:clientId"] is { Length: > 0 } clientId ? ManagedIdentityId.FromUserAssignedClientId(clientId) : ManagedIdentityId.SystemAssigned);
}
