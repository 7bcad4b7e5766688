using Azure.Storage.Queues;
using IterableFunctions.Delivering;
using IterableFunctions.Functions;
using IterableFunctions.Intake;
using IterableFunctions.Iterable;
using IterableFunctions.Iterable.Limits;
using IterableFunctions.Iterable.Mapping;
using IterableFunctions.Iterable.Webhooks;
using IterableFunctions.Personas;
using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Previews;
using IterableFunctions.Personas.Recording;
using IterableFunctions.Personas.Runs;
using IterableFunctions.Personas.Sync;
using IterableFunctions.Readiness;
using IterableFunctions.Segment;
using IterableFunctions.Sending;
using IterableFunctions.Storage;
using IterableFunctions.Telemetry;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
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
        // It names the address of each request, which may name a person or hold a function key.
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.Services.AddTelemetry(builder.Configuration)?.UseFunctionsWorkerDefaults();
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
        services.AddSettings<PersonasOptions>(PersonasOptions.Section, Check);
        services.AddSettings<StorageOptions>(StorageOptions.Section, Check);
        services.AddStorage();
        services.AddSingleton<Mapper>();
        services.AddSingleton<WebhookMapper>();
        services.AddIterableClient();
        services.AddTrackingClient();
        services.AddMetrics();
        services.AddSingleton<DeliveryMetrics>();
        services.AddTransient<Forwarder>();
        services.AddRecording();
        services.AddTransient<MessageReader>();
        services.AddTransient<DraftRecorder>();
        services.AddTransient<SegmentIntake>();
        services.AddTransient<IterableIntake>();
        services.AddTransient<DefinitionEditor>();
        services.AddTransient<Previewer>();
        services.AddTransient<DefinitionRequests>();
        services.AddReadiness();
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

    private static void AddRecording(this IServiceCollection services)
    {
        services.AddSingleton<ProfileCache>();
        services.AddSingleton<ProfileWriter>();
        // One for the process: its lanes are what keeps messages of one person from getting in each other's way.
        services.AddSingleton<Recorder>();
        services.AddTransient<ProfileDirectory>();
        services.AddSingleton<ProfileLook>();
        services.AddSingleton<LastLook>(provider => provider.GetRequiredService<IOptions<PersonasOptions>>().Value.Enabled
            ? provider.GetRequiredService<ProfileLook>().LookAsync
            : (request, _) => new(request));
        services.AddSingleton<LookBack>(provider => provider.GetRequiredService<IOptions<PersonasOptions>>().Value.Enabled
            ? provider.GetRequiredService<ProfileLook>().LookBackAsync
            : (_, _) => new((IterableRequest?)null));
        services.AddSingleton<Catalogs>();
        services.AddSingleton<Evaluator>();
        services.AddSingleton<Calendar>();
        services.AddSingleton<SyncWriter>();
        services.AddSingleton<TellMetrics>();
        services.AddTransient<Teller>();
        services.AddTransient<FollowUp>();
        services.AddTransient<Looker>();
        services.AddSingleton<Backfills>();
        services.AddTransient<RunLooks>();
        services.AddSingleton<RunLog>();
        services.AddTransient<BackfillWorker>();
        services.AddTransient<HourWorker>();
        services.AddSingleton<RunMetrics>();
        services.AddTransient<RunDirectory>();
        services.AddTransient<MemberDirectory>();
        services.AddTransient<RunWorker>();
        services.AddSingleton<ProfileIndex>();
        services.AddTransient<Merger>();
        services.AddTransient<Deletion>();
        services.AddTransient<RecordWorker>();
    }

    private static void AddReadiness(this IServiceCollection services)
    {
        services.AddSingleton<IReadinessCheck, StorageCheck>();
        services.AddSingleton<IReadinessCheck>(provider => Drained(provider, ForwardQueue.Name, provider.GetRequiredService<IOptions<DeliveringOptions>>().Value.LongestRetry));
        services.AddSingleton<IReadinessCheck>(provider => Drained(provider, RecordQueue.Name, LargeMessages.Rest));
        services.AddSingleton<IReadinessCheck>(provider => Drained(provider, SyncQueue.Name, provider.GetRequiredService<IOptions<DeliveringOptions>>().Value.LongestRetry + LargeMessages.Rest));
        services.AddSingleton<IReadinessCheck>(provider => Drained(provider, RecomputeQueue.Name, LargeMessages.Rest));
        services.AddSingleton<IReadinessCheck, HourCheck>();
        services.AddSingleton<IReadinessCheck>(provider => new KeyCheck(provider.GetRequiredService<KeyGuard>(), "Iterable", "API key"));
        services.AddSingleton<IReadinessCheck>(provider => new KeyCheck(provider.GetRequiredKeyedService<KeyGuard>(SegmentOptions.Section), "Segment", "write key"));
        services.AddSingleton<ReadinessChecks>();
        services.AddSingleton<IterableProbe>();

        // What waits for its turn is no sign of trouble, nor what is a little late.
        static QueueCheck Drained(IServiceProvider provider, string queue, TimeSpan longestWait)
            => new(provider.GetRequiredService<QueueServiceClient>(), queue, (longestWait > KeyGuard.LongestWait ? longestWait : KeyGuard.LongestWait) + TimeSpan.FromMinutes(15));
    }

    private static void AddIterableClient(this IServiceCollection services)
    {
        services.AddSingleton<IterableLimits>();
        services.AddSingleton<BulkSender>();
        services.AddSingleton(provider => Guard(provider, provider.GetRequiredService<IOptions<IterableOptions>>().Value.ApiKey, "API key", "Iterable__ApiKey, its permissions, and Iterable__DataCenter"));
        services.AddHttpClient<IterableClient>(AddressIterable).Direct();
        services.AddHttpClient<UserFields>(AddressIterable).Direct();
    }

    private static void AddressIterable(IServiceProvider provider, HttpClient http)
    {
        var options = provider.GetRequiredService<IOptions<IterableOptions>>().Value;
        http.BaseAddress = options.Address;
        http.Timeout = Timeout.InfiniteTimeSpan;
        http.DefaultRequestHeaders.Add("Api-Key", options.ApiKey);
        http.DefaultRequestHeaders.UserAgent.ParseAdd("IterableFunctions");
    }

    private static void AddTrackingClient(this IServiceCollection services)
    {
        services.AddKeyedSingleton(SegmentOptions.Section, (provider, _) => Guard(provider, provider.GetRequiredService<IOptions<SegmentOptions>>().Value.WriteKey ?? "", "write key", "Segment__WriteKey and Segment__BaseUrl"));
        services.AddHttpClient<TrackingClient>((provider, http) =>
            {
                http.BaseAddress = provider.GetRequiredService<IOptions<SegmentOptions>>().Value.Address;
                http.Timeout = Timeout.InfiniteTimeSpan;
                http.DefaultRequestHeaders.UserAgent.ParseAdd("IterableFunctions");
            })
            .Direct();
    }

    private static KeyGuard Guard(IServiceProvider provider, string key, string name, string settings)
        => new(key, name, settings, provider.GetRequiredService<RefusedKeyTable>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<KeyGuard>>());

    /// <summary>Straight to the API: no redirects, no cookies, and nothing of a request in the log.</summary>
    private static void Direct(this IHttpClientBuilder client)
        => client.UseSocketsHttpHandler((handler, _) =>
            {
                handler.AllowAutoRedirect = false;
                handler.UseCookies = false;
                // Our traces are not theirs.
                handler.ActivityHeadersPropagator = null;
                handler.ConnectTimeout = TimeSpan.FromSeconds(2);
                // The APIs' addresses change; a connection that lives for ever would not notice.
                handler.PooledConnectionLifetime = TimeSpan.FromMinutes(5);
            })
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            // They name each request at information level, and the key at trace level.
            .RemoveAllLoggers();

    private static IEnumerable<string> Check(SegmentOptions options, IConfiguration configuration)
    {
        if (string.IsNullOrWhiteSpace(options.SharedSecret))
            yield return "Segment__SharedSecret is not set; it is the shared secret of your Segment webhook (Segment: Connections, Destinations, your webhook, Settings).";
        if (options.AcceptArrays && string.IsNullOrWhiteSpace(options.HeaderSecret))
            yield return "Segment__AcceptArrays is true, so Segment__HeaderSecret must be set; it is a secret of your choice, which the Segment webhook sends as the custom header X-Segment-Secret.";
        if (string.IsNullOrWhiteSpace(options.WriteKey))
        {
            if (!string.IsNullOrWhiteSpace(configuration[$"{IterableOptions.Section}:{nameof(IterableOptions.WebhookSecret)}"]))
                yield return "Iterable__WebhookSecret is set, so Segment__WriteKey must be set too; it is the write key of the Segment source that gets Iterable's messaging events (Segment: Connections, Sources, your HTTP API source, Overview).";
        }
        else if (options.WriteKey.Any(c => c is <= ' ' or > '~'))
        {
            yield return "Segment__WriteKey holds blanks or characters that no write key has; copy it again (Segment: Connections, Sources, your source, Overview).";
        }

        if (options.Patience < TimeSpan.FromMilliseconds(50) || options.Patience > JsonPost.Timeout)
            yield return $"Segment__Patience is {options.Patience}; it must be from 00:00:00.05 to {JsonPost.Timeout}.";
        if (Settings.CheckAddress("Segment__BaseUrl", options.BaseUrl, "https://api.segment.io") is { } problem)
            yield return problem;
    }

    private static IEnumerable<string> Check(PersonasOptions options, IConfiguration configuration)
    {
        if (options.BackfillDelay < TimeSpan.Zero || options.BackfillDelay > TimeSpan.FromHours(1))
            yield return $"Personas__BackfillDelay is {options.BackfillDelay}; it must be from 00:00:00 to 01:00:00.";
    }

    private static IEnumerable<string> Check(StorageOptions options, IConfiguration configuration)
    {
        if (options.TablePrefix.Length > StorageOptions.LongestPrefix || !options.TablePrefix.All(char.IsAsciiLetterOrDigit) || (options.TablePrefix.Length > 0 && char.IsAsciiDigit(options.TablePrefix[0])))
            yield return $"Storage__TablePrefix is \"{options.TablePrefix}\"; it must be letters and digits, a letter first, {StorageOptions.LongestPrefix} at most.";
    }

    private static IEnumerable<string> Check(DeliveringOptions options, IConfiguration configuration)
    {
        if (options.GiveUpAfter <= TimeSpan.Zero)
            yield return $"Delivering__GiveUpAfter is {options.GiveUpAfter}; it must be a time such as 7.00:00:00.";
        if (options.LongestRetry <= TimeSpan.Zero || options.LongestRetry > TimeSpan.FromDays(1))
            yield return $"Delivering__LongestRetry is {options.LongestRetry}; it must be a time such as 01:00:00, at most a day.";
        else if (options.FirstRetry <= TimeSpan.Zero || options.FirstRetry > options.LongestRetry)
            yield return $"Delivering__FirstRetry is {options.FirstRetry}; it must be a time such as 00:00:05, at most Delivering__LongestRetry ({options.LongestRetry}).";
    }

    private static IEnumerable<string> Check(LimitsOptions options, IConfiguration configuration)
        => from limit in new (string Name, int Value)[]
               { (nameof(options.UpdateUser), options.UpdateUser), (nameof(options.TrackEvent), options.TrackEvent), (nameof(options.TrackPurchase), options.TrackPurchase), (nameof(options.UpdateCart), options.UpdateCart), (nameof(options.UpdateUsers), options.UpdateUsers), (nameof(options.TrackEvents), options.TrackEvents) }
           where limit.Value is < 1 or > LimitsOptions.Highest
           select $"Limits__{limit.Name} is {limit.Value}; it must be from 1 to {LimitsOptions.Highest} calls a second.";

    private static IEnumerable<string> Check(IterableOptions options, IConfiguration configuration)
    {
        if (string.IsNullOrWhiteSpace(options.ApiKey))
            yield return "Iterable__ApiKey is not set; it is a server-side API key of your Iterable project (Iterable: Integrations, API Keys).";
        else if (options.ApiKey.Any(c => c is <= ' ' or > '~'))
            yield return "Iterable__ApiKey holds blanks or characters that no API key has; copy it again (Iterable: Integrations, API Keys).";
        if (Settings.CheckAddress("Iterable__BaseUrl", options.BaseUrl, "https://api.iterable.com") is { } problem)
            yield return problem;
        if (options is { ProjectType: ProjectType.Email, DataCenter: DataCenter.EU, BaseUrl: null or "" })
            yield return "Iterable__ProjectType is Email, which Iterable's EU data centre does not have; it must be Hybrid or UserId there.";
        if (options.PreferUserId && options.ProjectType != ProjectType.Email)
            yield return $"Iterable__PreferUserId is true, which means something only where Iterable__ProjectType is Email; here it is {options.ProjectType}.";
        if (StorageConnection.Check(configuration) is { } storage)
            yield return storage;
    }
}
