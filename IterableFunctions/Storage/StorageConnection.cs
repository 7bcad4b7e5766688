using Azure.Data.Tables;
using Azure.Identity;
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
        services.AddSingleton<StorageProbe>();
        return services;
    }

    /// <summary>What is wrong with the settings; null when nothing is.</summary>
    public static string? Check(IConfiguration configuration)
        => string.IsNullOrEmpty(configuration[Setting]) && string.IsNullOrEmpty(AccountName(configuration))
            ? $"{Setting} is not set; it is the connection string of a storage account (portal: Storage account, Access keys). Set {Setting}__accountName instead to use the app's managed identity."
            : null;

    private static TableServiceClient Tables(IConfiguration configuration)
    {
        var options = new TableClientOptions();
        options.Retry.MaxRetries = 2;
        options.Retry.Delay = TimeSpan.FromMilliseconds(200);
        options.Retry.NetworkTimeout = TimeSpan.FromSeconds(5);
        return configuration[Setting] is { Length: > 0 } connection
            ? new(connection, options)
            : new(new Uri($"https://{AccountName(configuration)}.table.core.windows.net"), Identity(configuration), options);
    }

    private static string? AccountName(IConfiguration configuration) => configuration[$"{Setting}:accountName"];

    /// <summary>The function app's own identity; a user-assigned one when its client id is given.</summary>
    private static ManagedIdentityCredential Identity(IConfiguration configuration)
        => new ManagedIdentityCredential(configuration[$"{Setting}:clientId"] is { Length: > 0 } clientId ? ManagedIdentityId.FromUserAssignedClientId(clientId) : ManagedIdentityId.SystemAssigned);
}
