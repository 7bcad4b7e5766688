using System.Collections.Concurrent;
using IterableFunctions.LocalHost;
using IterableFunctions.LocalHost.Sandbox;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace IterableFunctions.Tests.LocalHost;

/// <summary>
/// The local host in this process, on a free port, with the settings and functions of one test. Its deadlines are ten times as long as they are elsewhere; a test that is about them brings another
/// clock.
/// </summary>
public sealed class RunningApp : IAsyncDisposable
{
    private RunningApp(WebApplication app, HostSettings settings, RecordedLogs logs)
        => (App, Logs, Settings, Client) = (app, logs, settings, new HttpClient { BaseAddress = settings.Address });

    public WebApplication App { get; }

    public HttpClient Client { get; }

    public HostSettings Settings { get; }

    /// <summary>What plays Iterable.</summary>
    public SandboxIterable Sandbox => App.Services.GetRequiredService<SandboxIterable>();

    /// <summary>What plays the Segment source.</summary>
    public SandboxSegment Segment => App.Services.GetRequiredService<SandboxSegment>();

    public RecordedLogs Logs { get; }

    /// <param name="storage">A connection string.</param>
    /// <param name="functions">The types with the functions to run; null for the app's own.</param>
    /// <param name="settings">Named as environment variables are.</param>
    /// <param name="configure">Replaces services.</param>
    /// <param name="clock">Null for a <see cref="PatientTimeProvider"/>, or for the local host's own where it is told to be ahead.</param>
    /// <param name="args">More command line.</param>
    public static async Task<RunningApp> StartAsync(
        string storage,
        IEnumerable<Type>? functions = null,
        IReadOnlyDictionary<string, string?>? settings = null,
        Action<IServiceCollection>? configure = null,
        TimeProvider? clock = null,
        params string[] args)
    {
        var read = HostSettings.Read(
            ["--urls", "http://127.0.0.1:0", .. args],
            [
                KeyValuePair.Create("AzureWebJobsStorage", (string?)storage),
                KeyValuePair.Create("LocalHost__DataFolder", (string?)Directory.CreateTempSubdirectory("localhost-").FullName),
                // Tests of one class share an Azurite, and what stands in tables of one is no business of another.
                KeyValuePair.Create("Storage__TablePrefix", (string?)AzuriteFixture.Unique("r")),
                .. settings ?? new Dictionary<string, string?>(),
            ]);
        var logs = new RecordedLogs();
        var app = LocalHostApp.Create(read, services =>
        {
            services.RemoveAll<ILoggerProvider>().AddSingleton<ILoggerProvider>(logs);
            if (clock is not null || read.TimeOffset == TimeSpan.Zero)
                services.Replace(ServiceDescriptor.Singleton(clock ?? new PatientTimeProvider()));
            // What is left behind here takes messages away from the next test.
            services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(30));
            configure?.Invoke(services);
        }, functions);
        await app.StartAsync();
        return new(app, read, logs);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
        Directory.Delete(Settings.DataFolder, recursive: true);
    }
}

/// <summary>What was logged, line by line.</summary>
public sealed class RecordedLogs : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<(LogLevel Level, string Line)> _lines = [];

    public IEnumerable<string> At(LogLevel level) => _lines.Where(line => line.Level == level).Select(line => line.Line);

    public ILogger CreateLogger(string categoryName) => this;

    public bool IsEnabled(LogLevel logLevel) => true;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        => _lines.Enqueue((logLevel, formatter(state, exception)));

    public void Dispose()
    {
    }
}
