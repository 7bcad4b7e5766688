using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using IterableFunctions.Delivering;
using IterableFunctions.LocalHost.Sandbox;
using IterableFunctions.Personas.Runs;
using IterableFunctions.Personas.Sync;
using IterableFunctions.Tests.Intake;
using IterableFunctions.Tests.LocalHost;
using Microsoft.Extensions.DependencyInjection;

namespace IterableFunctions.Tests.Telemetry;

/// <summary>What each instrument of the meter <c>IterableFunctions</c> says about an app that does something.</summary>
public sealed class MetricsTests(OwnAzuriteFixture azurite) : IClassFixture<OwnAzuriteFixture>, IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<Instrument> _instruments = [];
    private readonly ConcurrentQueue<(string Name, double Value, string Tags)> _measured = [];

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task Delivered_calls_are_counted_and_their_latency_is_measured()
    {
        await using var app = await StartAsync();

        var hourAgo = DateTime.UtcNow.AddHours(-1);
        await app.Client.PostAsync($$"""{"type":"track","messageId":"m-metric-1","event":"E","userId":"u","timestamp":"{{hourAgo:O}}"}""");

        Assert.Equal((1, "endpoint=/api/events/track"), Assert.Single(Of("iterable.calls.delivered")));
        var (seconds, tags) = Assert.Single(Of("iterable.delivery.latency"));
        Assert.InRange(seconds, 3600, 3700);
        Assert.Equal("endpoint=/api/events/track", tags);
    }

    [Fact]
    public async Task Queued_calls_are_counted_with_the_reason()
    {
        await using var app = await StartAsync();
        app.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 503, Calls = 1 });

        await app.Client.PostAsync(Track("m-metric-2"));

        Assert.Equal((1, "endpoint=/api/events/track reason=Http503"), Assert.Single(Of("iterable.calls.queued")));
    }

    [Fact]
    public async Task Dead_letters_are_counted_with_reason_and_code()
    {
        await using var app = await StartAsync();
        app.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 400, Code = "BadParams", Calls = 1 });

        await app.Client.PostAsync(Track("m-metric-3"));

        Assert.Equal((1, "endpoint=/api/events/track reason=Refused code=BadParams"), Assert.Single(Of("iterable.calls.dead_lettered")));
    }

    [Fact]
    public async Task Values_that_Iterable_was_told_are_counted_by_how_that_ended()
    {
        await using var app = await StartAsync();
        using (await app.Client.PutAsync(new Uri("api/audiences/pro", UriKind.Relative), new StringContent("""{"name":"Pro","query":"trait('plan') = 'pro'"}""")))
            await app.Client.PostAsync("""{"type":"identify","userId":"u-told","traits":{"plan":"pro"}}""");

        Assert.Equal((1, "outcome=acknowledged"), Assert.Single(Of("personas.told")));
    }

    [Fact]
    public async Task The_present_rate_of_an_endpoint_that_was_used_is_told()
    {
        await using var app = await StartAsync();
        await app.Client.PostAsync(Track("m-metric-4"));

        _listener.RecordObservableInstruments();

        var (rate, _) = Of("iterable.rate").Single(measured => measured.Tags == "endpoint=/api/events/track");
        Assert.InRange(rate, 1, 2_000);
    }

    [Fact]
    public async Task A_refused_key_is_told()
    {
        await using var app = await StartAsync();
        app.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 401, Code = "BadApiKey", Calls = 1 });
        await app.Client.PostAsync(Track("m-metric-5"));

        // A look at the table that was under way may know of it only with the next one.
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        while (!Of("iterable.key.refused").Contains((1, "target=Iterable")))
        {
            await Task.Delay(50, limit.Token);
            _listener.RecordObservableInstruments();
        }

        Assert.Contains((0, "target=Segment"), Of("iterable.key.refused"));
    }

    [Fact]
    public async Task An_hourly_run_that_has_ended_is_counted()
    {
        await using var app = await StartAsync();

        using var answer = await app.Client.PostAsync(new Uri("admin/functions/HourlyRecompute", UriKind.Relative), null);

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        while (!Of("personas.hours.finished").Any())
            await Task.Delay(50, limit.Token);
        Assert.Equal((1, ""), Assert.Single(Of("personas.hours.finished")));
    }

    [Fact]
    public async Task Every_instrument_stands_in_the_operations_page()
    {
        await using var app = await StartAsync();
        app.App.Services.GetRequiredService<RunMetrics>();
        app.App.Services.GetRequiredService<TellMetrics>();
        Assert.NotEmpty(_instruments);
        Assert.All(_instruments, instrument => Assert.Contains($"| `{instrument.Name}` | `{instrument.Unit}` |", Repository.Read("docs/operations.md"), StringComparison.Ordinal));
    }

    private IEnumerable<(double Value, string Tags)> Of(string instrument) => _measured.Where(measured => measured.Name == instrument).Select(measured => (measured.Value, measured.Tags));

    private async Task<RunningApp> StartAsync()
    {
        await azurite.ClearAsync();
        var app = await RunningApp.StartAsync(azurite.ConnectionString);
        // Of this app: the apps of tests that run beside have a meter of the same name.
        var meters = app.App.Services.GetRequiredService<IMeterFactory>();
        app.App.Services.GetRequiredService<DeliveryMetrics>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == DeliveryMetrics.Meter && instrument.Meter.Scope == meters)
            {
                _instruments.Enqueue(instrument);
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
        return app;
    }

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var text = new List<string>();
        foreach (var tag in tags)
            text.Add($"{tag.Key}={tag.Value}");
        _measured.Enqueue((instrument.Name, value, string.Join(' ', text)));
    }

    private static string Track(string messageId) => $$"""{"type":"track","messageId":"{{messageId}}","event":"E","userId":"u-{{messageId}}"}""";
}
