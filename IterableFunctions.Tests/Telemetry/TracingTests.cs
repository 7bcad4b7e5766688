using System.Diagnostics;
using System.Net;
using IterableFunctions.LocalHost.Sandbox;
using IterableFunctions.Telemetry;
using IterableFunctions.Tests.Intake;
using IterableFunctions.Tests.LocalHost;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace IterableFunctions.Tests.Telemetry;

/// <summary>
/// Classes of tests in which apps make spans, one after the other: the source is the process's, so whether a span is made and kept is decided by all apps together, and one that keeps
/// everything has the others keep it too.
/// </summary>
[CollectionDefinition(nameof(Tracing))]
public sealed class TracingCollection;

/// <summary>A message can be followed by its messageId. Other tests' apps share the source, so only what bears the test's own messageId counts.</summary>
[Collection(nameof(Tracing))]
public sealed class TracingTests(OwnAzuriteFixture azurite) : IClassFixture<OwnAzuriteFixture>
{
    private readonly List<Activity> _spans = [];

    [Fact]
    public async Task A_message_can_be_followed_from_the_webhook_through_the_queue_to_Iterable()
    {
        await using var app = await StartAsync(share: "1");
        app.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 503, Calls = 1 });

        Assert.Equal(HttpStatusCode.Accepted, (await app.Client.PostAsync(Track("m-followed"))).Status);
        await UntilAsync(() => Of("m-followed").Any(span => span.OperationName == "retry"));

        var trace = Assert.Single(Of("m-followed").Select(span => span.TraceId).Distinct());
        var steps = Spans.Where(span => span.TraceId == trace).OrderBy(span => span.StartTimeUtc).ToList();
        Assert.Equal(["segment webhook", "record", "deliver", "POST /api/events/track", "retry", "POST /api/events/track"], steps.Select(span => span.OperationName));
        Assert.Equal(["m-followed", "m-followed", "m-followed"], steps.Select(span => span.GetTagItem(Tracing.MessageId)).OfType<string>());
        Assert.Equal(["queued", "delivered"], steps.Select(span => span.GetTagItem("outcome")).OfType<string>());
        Assert.Equal([503, 200], steps.Select(span => span.GetTagItem("http.response.status_code")).OfType<int>());
        Assert.Equal(steps[2].SpanId, steps[4].ParentSpanId);
    }

    [Fact]
    public async Task What_a_message_leaves_to_the_queue_record_is_part_of_its_trace()
    {
        await using var app = await StartAsync(share: "1");
        await app.Client.PostAsync("""{"type":"track","messageId":"m-cookie","event":"E","anonymousId":"cookie"}""");
        await app.Client.PostAsync("""{"type":"track","messageId":"m-user","event":"E","userId":"user"}""");

        // Two profiles become one, behind the queue.
        await app.Client.PostAsync("""{"type":"identify","messageId":"m-both","anonymousId":"cookie","userId":"user"}""");
        await UntilAsync(() => Of("m-both").Any(span => span.OperationName == "record"));
        var recorded = Of("m-both").Single(span => span.OperationName == "record");

        await UntilAsync(() => Spans.Any(span => span is { OperationName: "record", Kind: ActivityKind.Consumer } && span.TraceId == recorded.TraceId && span.ParentSpanId == recorded.SpanId));
    }

    [Fact]
    public async Task A_dead_letter_says_in_which_trace_it_was_given_up()
    {
        await using var app = await StartAsync(share: "0");
        app.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 400, Code = "BadParams", Calls = 1 });

        var id = (string?)(await app.Client.PostAsync(Track("m-letter"))).Body["deadLetterId"];

        var letter = await app.Client.GetStringAsync(new Uri($"api/deadletters/{id}", UriKind.Relative));
        await UntilAsync(() => Of("m-letter").Any(span => span.OperationName == "deliver"));
        var step = Of("m-letter").Single(span => span.OperationName == "deliver");
        Assert.Contains(step.TraceId.ToHexString(), letter, StringComparison.Ordinal);
        Assert.Equal("BadParams", step.GetTagItem("code"));
    }

    [Fact]
    public async Task No_tag_holds_anything_of_the_message()
    {
        await using var app = await StartAsync(share: "1");
        app.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 400, Code = "BadParams", Calls = 1 });

        await app.Client.PostAsync("""{"type":"track","messageId":"jane@secret.example","event":"SecretEvent","userId":"secret-user","properties":{"email":"jane@secret.example","secret":"secret-value"}}""");

        string logId = IterableFunctions.Sending.LogIds.Of("jane@secret.example");
        await UntilAsync(() => Of(logId).Any(span => span.OperationName == "deliver"));
        var trace = Of(logId).First().TraceId;
        var said = Spans.Where(span => span.TraceId == trace).SelectMany(span => span.TagObjects.Select(tag => $"{tag.Key}={tag.Value}").Append(span.DisplayName).Append(span.StatusDescription)).ToList();
        Assert.Contains($"url.full={app.Settings.Values["Iterable:BaseUrl"]}/api/events/track", said);
        Assert.DoesNotContain(said, text => text?.Contains("secret", StringComparison.OrdinalIgnoreCase) == true || text?.Contains('?', StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task Of_what_went_well_only_the_share_is_kept_and_what_had_to_wait_is_kept_from_then_on()
    {
        await using var app = await StartAsync(share: "0");

        Assert.Equal(HttpStatusCode.OK, (await app.Client.PostAsync(Track("m-well"))).Status);
        app.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 503, Calls = 1 });
        await app.Client.PostAsync(Track("m-ill"));

        await UntilAsync(() => Of("m-ill").Any(span => span.OperationName == "retry"));
        Assert.Equal(["deliver", "retry"], Of("m-ill").Select(span => span.OperationName));
        Assert.Empty(Of("m-well"));
    }

    private IReadOnlyList<Activity> Spans
    {
        get
        {
            lock (_spans)
                return [.. _spans];
        }
    }

    private IEnumerable<Activity> Of(string messageId) => Spans.Where(span => span.GetTagItem(Tracing.MessageId) is string id && id == messageId);

    private async Task<RunningApp> StartAsync(string share)
    {
        await azurite.ClearAsync();
        var settings = new Dictionary<string, string?>
        {
            ["AzureFunctionsJobHost__extensions__queues__maxPollingInterval"] = "00:00:00.5",
            // Nobody listens there: what is exported is looked at here.
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:9",
            ["OTEL_TRACES_SAMPLER_ARG"] = share,
        };
        return await RunningApp.StartAsync(azurite.ConnectionString, settings: settings, configure: services =>
            services.ConfigureOpenTelemetryTracerProvider((_, tracing) => tracing.AddProcessor(new SimpleActivityExportProcessor(new Collector(_spans)))));
    }

    private static string Track(string messageId) => $$"""{"type":"track","messageId":"{{messageId}}","event":"E","userId":"u-{{messageId}}"}""";

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        while (!holds())
            await Task.Delay(50, limit.Token);
    }

    /// <summary>The package's own in-memory exporter is not safe to read while it is written to.</summary>
    private sealed class Collector(List<Activity> spans) : BaseExporter<Activity>
    {
        public override ExportResult Export(in Batch<Activity> batch)
        {
            foreach (var span in batch)
            {
                lock (spans)
                    spans.Add(span);
            }

            return ExportResult.Success;
        }
    }
}
