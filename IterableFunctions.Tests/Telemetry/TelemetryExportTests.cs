using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text;
using IterableFunctions.LocalHost;
using IterableFunctions.Telemetry;
using IterableFunctions.Tests.Intake;
using IterableFunctions.Tests.LocalHost;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace IterableFunctions.Tests.Telemetry;

/// <summary>Where telemetry goes.</summary>
[Collection(nameof(Tracing))]
public sealed class TelemetryExportTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private const string ConnectionString = "InstrumentationKey=00000000-0000-0000-0000-000000000000;IngestionEndpoint=http://127.0.0.1:9/";

    [Fact]
    public void Nothing_of_it_is_there_where_nothing_is_configured()
    {
        var services = new ServiceCollection();
        Assert.Null(services.AddTelemetry(Configuration()));
        Assert.Empty(services);
    }

    [Theory]
    [InlineData("APPLICATIONINSIGHTS_CONNECTION_STRING", ConnectionString)]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")]
    public void Either_setting_switches_it_on(string setting, string value)
    {
        using var services = Services((setting, value));
        Assert.NotNull(services.GetService<TracerProvider>());
        Assert.NotNull(services.GetService<MeterProvider>());
    }

    [Theory]
    [InlineData("APPLICATIONINSIGHTS_CONNECTION_STRING", ConnectionString)]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")]
    public void With_either_exporter_what_is_not_sampled_is_recorded_all_the_same_so_that_errors_can_be_kept(string setting, string value)
    {
        using var services = Services((setting, value), ("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "0"));
        var provider = services.GetRequiredService<TracerProvider>();
        var sampler = Assert.IsType<KeepingSampler>(provider.GetType().GetProperty("Sampler", System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Public)!.GetValue(provider));
        Assert.Equal(SamplingDecision.RecordOnly, sampler.ShouldSample(new(default, ActivityTraceId.CreateRandom(), "step", ActivityKind.Internal)).Decision);
    }

    [Theory]
    [InlineData(ActivityTraceFlags.Recorded, 0, SamplingDecision.RecordAndSample)]
    [InlineData(ActivityTraceFlags.None, 0, SamplingDecision.RecordOnly)]
    [InlineData(ActivityTraceFlags.None, 1, SamplingDecision.RecordAndSample)]
    public void What_goes_on_with_a_kept_span_is_kept_and_of_the_rest_the_share(ActivityTraceFlags parent, double share, SamplingDecision decision)
    {
        var context = new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), parent, isRemote: true);
        Assert.Equal(decision, new KeepingSampler(share).ShouldSample(new(context, context.TraceId, "step", ActivityKind.Internal)).Decision);
    }

    [Fact]
    public async Task Traces_metrics_and_logs_arrive_where_OTLP_is_taken()
    {
        await using var receiver = await Receiver.StartAsync();
        await using (var app = await RunningApp.StartAsync(azurite.ConnectionString, settings: new Dictionary<string, string?>
        {
            ["Storage__TablePrefix"] = AzuriteFixture.Unique("otlp"),
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver.Address,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        }))
        {
            Assert.Equal(HttpStatusCode.OK, (await app.Client.PostAsync("""{"type":"track","messageId":"m-otlp","event":"E","userId":"u-otlp"}""")).Status);
        }

        // What had not been sent is sent when the app ends.
        Assert.True(receiver.Got("/v1/traces", "m-otlp"), receiver.Paths);
        Assert.True(receiver.Got("/v1/metrics", "iterable.calls.delivered"));
        Assert.False(receiver.Got("/v1/traces", "u-otlp"));
    }

    [Fact]
    public async Task Address_of_a_request_stays_out_of_what_the_worker_exports()
    {
        const string Address = "/api/profiles/email/ann@example.com?code=the-function-key";
        await using var receiver = await Receiver.StartAsync();
        var plain = new RecordedLogs();
        using (var unfiltered = new LoggerFactory([plain]))
            await RequestAsync(unfiltered, Address);
        Assert.Contains(plain.At(LogLevel.Information), line => line.Contains("ann@example.com", StringComparison.Ordinal) && line.Contains("the-function-key", StringComparison.Ordinal));

        using (var worker = IterableFunctions.App.CreateWorker(["--OTEL_EXPORTER_OTLP_ENDPOINT", receiver.Address, "--OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"]).Build())
        {
            var loggers = worker.Services.GetRequiredService<ILoggerFactory>();
            await RequestAsync(loggers, Address);
            loggers.CreateLogger("IterableFunctions.Functions.Profiles").Log(LogLevel.Information, default, "What the app says itself.", null, (line, _) => line);
        }

        // What had not been sent is sent when the worker ends.
        Assert.True(receiver.Got("/v1/logs", "What the app says itself."), receiver.Paths);
        Assert.False(receiver.Got("/v1/logs", "ann@example.com") || receiver.Got("/v1/logs", "the-function-key"));
    }

    /// <summary>Has ASP.NET Core serve a request, as in the worker, and log to what it is given.</summary>
    private static async Task RequestAsync(ILoggerFactory loggers, string address)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.Services.AddSingleton(loggers).AddRouting();
        builder.WebHost.UseKestrel().UseUrls("http://127.0.0.1:0");
        await using var app = builder.Build();
        app.MapGet("/api/profiles/{type}/{id}", () => "");
        await app.StartAsync();
        using var client = new HttpClient { BaseAddress = new(app.Urls.Single()) };
        Assert.Equal("", await client.GetStringAsync(new Uri(address, UriKind.Relative)));
        await app.StopAsync();
    }

    private static ServiceProvider Services(params (string Key, string Value)[] settings)
    {
        var configuration = Configuration(settings);
        var services = new ServiceCollection();
        services.AddSingleton(configuration).AddTelemetry(configuration);
        return services.BuildServiceProvider();
    }

    private static IConfiguration Configuration(params (string Key, string Value)[] settings)
        => new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))).Build();

    /// <summary>Takes OTLP by HTTP. Texts stand in protobuf as they are.</summary>
    private sealed class Receiver : IAsyncDisposable
    {
        private readonly ConcurrentQueue<(string Path, byte[] Body)> _taken = [];
        private readonly WebApplication _app;

        private Receiver(string address)
        {
            Address = address;
            var builder = WebApplication.CreateEmptyBuilder(new());
            builder.WebHost.UseKestrel().UseUrls(address);
            _app = builder.Build();
            _app.Run(async context =>
            {
                using var body = new MemoryStream();
                await context.Request.Body.CopyToAsync(body);
                _taken.Enqueue((context.Request.Path, body.ToArray()));
            });
        }

        public string Address { get; }

        public static async Task<Receiver> StartAsync()
        {
            var receiver = new Receiver($"http://127.0.0.1:{LoopbackPort.Free()}");
            await receiver._app.StartAsync();
            return receiver;
        }

        public string Paths => string.Join(" ", _taken.Select(taken => $"{taken.Path}:{taken.Body.Length}"));

        public bool Got(string path, string text) => _taken.Any(taken => taken.Path == path && taken.Body.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0);

        public ValueTask DisposeAsync() => _app.DisposeAsync();
    }
}
