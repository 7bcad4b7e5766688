using IterableFunctions.Delivering;
using IterableFunctions.Intake;
using IterableFunctions.Iterable;
using IterableFunctions.Iterable.Limits;
using IterableFunctions.Iterable.Mapping;
using IterableFunctions.Segment;
using IterableFunctions.Sending;
using IterableFunctions.Storage;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IterableFunctions;

/// <summary>What the app consists of, for whichever process hosts it: the Functions worker or the local host.</summary>
public static class App
{
    /// <summary>The Functions worker, to be built: what <c>Program</c> runs, and what a test looks into.</summary>
    public static FunctionsApplicationBuilder CreateWorker(string[] args)
    {
        var builder = FunctionsApplication.CreateBuilder(args);
        builder.ConfigureFunctionsWebApplication();
        builder.Services.AddIterableFunctions();
        return builder;
    }

    /// <summary>Registers every service that the functions need. Configuration comes from the host's <c>IConfiguration</c>.</summary>
    public static IServiceCollection AddIterableFunctions(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSettings<SegmentOptions>(SegmentOptions.Section, Check);
        services.AddSettings<IterableOptions>(IterableOptions.Section, Check);
        services.AddSettings<PagesOptions>(PagesOptions.Section);
        services.AddSettings<LimitsOptions>(LimitsOptions.Section, Check);
        services.AddSettings<DeliveringOptions>(DeliveringOptions.Section, Check);
        services.AddStorage();
        services.AddSingleton<Mapper>();
        services.AddIterableClient();
        services.AddMetrics();
        services.AddSingleton<DeliveryMetrics>();
        services.AddSingleton<LastLook>((request, _) => new(request));
        services.AddTransient<Forwarder>();
        services.AddTransient<SegmentIntake>();
        return services;
    }

    /// <summary>Why the app cannot start with its settings, a sentence each; none when it can.</summary>
    public static IReadOnlyList<string> CheckSettings(IServiceProvider services)
    {
        try
        {
            services.GetRequiredService<IStartupValidator>().Validate();
            return [];
        }
        catch (OptionsValidationException e)
        {
            return [.. e.Failures];
        }
        catch (AggregateException e)
        {
            return [.. e.InnerExceptions.OfType<OptionsValidationException>().SelectMany(inner => inner.Failures)];
        }
    }

    private static void AddIterableClient(this IServiceCollection services)
    {
        services.AddSingleton<IterableLimits>();
        services.AddSingleton(provider => new KeyGuard(
            provider.GetRequiredService<IOptions<IterableOptions>>().Value.ApiKey,
            "API key",
            "Iterable__ApiKey, its permissions, and Iterable__DataCenter",
            provider.GetRequiredService<RefusedKeyTable>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<KeyGuard>>()));
        services.AddHttpClient<IterableClient>((provider, http) =>
            {
                var options = provider.GetRequiredService<IOptions<IterableOptions>>().Value;
                http.BaseAddress = options.Address;
                http.Timeout = Timeout.InfiniteTimeSpan;
                http.DefaultRequestHeaders.Add("Api-Key", options.ApiKey);
                http.DefaultRequestHeaders.UserAgent.ParseAdd("IterableFunctions");
            })
            .UseSocketsHttpHandler((handler, _) =>
            {
                handler.AllowAutoRedirect = false;
                handler.UseCookies = false;
                handler.ConnectTimeout = TimeSpan.FromSeconds(2);
                // Iterable's addresses change; a connection that lives for ever would not notice.
                handler.PooledConnectionLifetime = TimeSpan.FromMinutes(5);
            })
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            // They name each request at information level, and the key at trace level.
            .RemoveAllLoggers();
    }

    private static IEnumerable<string> Check(SegmentOptions options, IConfiguration configuration)
    {
        if (string.IsNullOrWhiteSpace(options.SharedSecret))
            yield return "Segment__SharedSecret is not set; it is the shared secret of your Segment webhook (Segment: Connections, Destinations, your webhook, Settings).";
        if (options.AcceptArrays && string.IsNullOrWhiteSpace(options.HeaderSecret))
            yield return "Segment__AcceptArrays is true, so Segment__HeaderSecret must be set; it is a secret of your choice, which the Segment webhook sends as the custom header X-Segment-Secret.";
    }

    private static IEnumerable<string> Check(DeliveringOptions options, IConfiguration configuration)
    {
        if (options.GiveUpAfter <= TimeSpan.Zero)
            yield return $"Delivering__GiveUpAfter is {options.GiveUpAfter}; it must be a time such as 7.00:00:00.";
    }

    private static IEnumerable<string> Check(LimitsOptions options, IConfiguration configuration)
        => from limit in new (string Name, int Value)[]
               { (nameof(options.UpdateUser), options.UpdateUser), (nameof(options.TrackEvent), options.TrackEvent), (nameof(options.TrackPurchase), options.TrackPurchase), (nameof(options.UpdateCart), options.UpdateCart) }
           where limit.Value is < 1 or > LimitsOptions.Highest
           select $"Limits__{limit.Name} is {limit.Value}; it must be from 1 to {LimitsOptions.Highest} calls a second.";

    private static IEnumerable<string> Check(IterableOptions options, IConfiguration configuration)
    {
        if (string.IsNullOrWhiteSpace(options.ApiKey))
            yield return "Iterable__ApiKey is not set; it is a server-side API key of your Iterable project (Iterable: Integrations, API Keys).";
        else if (options.ApiKey.Any(c => c is <= ' ' or > '~'))
            yield return "Iterable__ApiKey holds blanks or characters that no API key has; copy it again (Iterable: Integrations, API Keys).";
        if (Settings.CheckAddress("Iterable__BaseUrl", options.BaseUrl) is { } problem)
            yield return problem;
        if (options is { ProjectType: ProjectType.Email, DataCenter: DataCenter.EU, BaseUrl: null or "" })
            yield return "Iterable__ProjectType is Email, which Iterable's EU data centre does not have; it must be Hybrid or UserId there.";
        if (options.PreferUserId && options.ProjectType != ProjectType.Email)
            yield return $"Iterable__PreferUserId is true, which means something only where Iterable__ProjectType is Email; here it is {options.ProjectType}.";
        if (StorageConnection.Check(configuration) is { } storage)
            yield return storage;
    }
}
