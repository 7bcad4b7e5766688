using IterableFunctions.LocalHost.Sandbox;
using IterableFunctions.Telemetry;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging.Console;

namespace IterableFunctions.LocalHost;

/// <summary>Puts the local host together.</summary>
public static class LocalHostApp
{
    /// <summary>
    /// The app, ready to start. It takes nothing from the process it runs in: settings come from <paramref name="settings"/>
    /// alone, so that several can run in one process.
    /// </summary>
    /// <param name="configure">Registers services after all others, so that a test can replace them.</param>
    /// <param name="functions">The types among which functions are looked for; by default the app's.</param>
    public static WebApplication Create(HostSettings settings, Action<IServiceCollection>? configure = null, IEnumerable<Type>? functions = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Configuration.AddInMemoryCollection(settings.Values);
        builder.WebHost.UseKestrel().UseUrls(settings.Address.ToString());
        AddLogging(builder);

        var services = builder.Services;
        // Together with what ends after it, this has to fit into the ten seconds that a supervisor gives before it kills.
        services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(5));
        services.AddSingleton(settings);
        services.AddRouting();
        services.AddMvcCore();
        if (settings.Azurite is { } ports)
            services.AddSingleton(ports).AddSingleton<DevelopmentStorage>().AddHostedService(provider => provider.GetRequiredService<DevelopmentStorage>());
        services.AddIterableFunctions();
        services.AddTelemetry(builder.Configuration);
        services.Replace(ServiceDescriptor.Singleton<TimeProvider>(new OffsetTimeProvider(settings.TimeOffset)));
        services.AddSingleton(FunctionCatalog.Find(functions ?? typeof(App).Assembly.GetTypes(), builder.Configuration));
        services.AddSingleton<TimerTriggers>().AddHostedService(provider => provider.GetRequiredService<TimerTriggers>());
        services.AddHostedService<QueueTriggers>();
        if (settings.Sandbox)
            services.AddSingleton(provider => OpenSandbox(settings, provider));
        if (settings.SandboxSegment)
            services.AddSingleton(provider => OpenSandboxSegment(settings, provider));
        configure?.Invoke(services);

        var app = builder.Build();
        app.MapFunctions();
        app.MapAdmin();
        if (settings.Sandbox)
            app.MapSandbox(app.Services.GetRequiredService<SandboxIterable>());
        if (settings.SandboxSegment)
            app.MapSandbox(app.Services.GetRequiredService<SandboxSegment>());
        return app;
    }

    /// <summary>The project that plays Iterable's, of the type that the app is told it has; kept beside Azurite's data.</summary>
    private static SandboxIterable OpenSandbox(HostSettings settings, IServiceProvider services)
    {
        Directory.CreateDirectory(settings.DataFolder);
        return new(new()
        {
            ApiKey = settings.Values["Iterable:ApiKey"]!,
            ProjectType = Enum.TryParse<SandboxProjectType>(settings.Values.GetValueOrDefault("Iterable:ProjectType"), ignoreCase: true, out var type) ? type : SandboxProjectType.Hybrid,
            DataFile = Path.Combine(settings.DataFolder, "sandbox.ndjson"),
            Time = services.GetRequiredService<TimeProvider>(),
        });
    }

    /// <summary>The source that plays Segment's; kept beside Azurite's data too.</summary>
    private static SandboxSegment OpenSandboxSegment(HostSettings settings, IServiceProvider services)
    {
        Directory.CreateDirectory(settings.DataFolder);
        return new(new()
        {
            WriteKey = settings.Values["Segment:WriteKey"]!,
            DataFile = Path.Combine(settings.DataFolder, "sandbox-segment.ndjson"),
            Time = services.GetRequiredService<TimeProvider>(),
        });
    }

    private static void AddLogging(WebApplicationBuilder builder)
    {
        builder.Logging
            .AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.TimestampFormat = "HH:mm:ss ";
                console.ColorBehavior = LoggerColorBehavior.Default;
            })
            .AddFilter("Microsoft", LogLevel.Warning)
            .AddFilter("System.Net.Http", LogLevel.Warning)
            .AddFilter("Azure", LogLevel.Warning)
            // Why it could not start is said once, by Program.
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical)
            .AddFilter("Microsoft.AspNetCore.Server.Kestrel", level => level is LogLevel.Warning or LogLevel.Error)
            .AddConfiguration(builder.Configuration.GetSection("Logging"));
    }
}
