using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using IterableFunctions.LocalHost.Sandbox;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace IterableFunctions.Tests.Sandbox;

/// <summary>The sandbox's Segment source, behind Kestrel.</summary>
public sealed class SandboxSegmentTests : IAsyncLifetime, IDisposable
{
    private const string Key = "write-key";
    private const string Batch = """{"writeKey":"write-key","batch":[{"type":"track","messageId":"m-1","event":"E","userId":"u-1"}]}""";

    private readonly string _file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.ndjson");
    private SandboxSegment _segment = null!;
    private WebApplication _app = null!;
    private HttpClient _client = null!;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _segment = new(new() { WriteKey = Key, DataFile = _file });
        _app.MapSandbox(_segment);
        await _app.StartAsync();
        _client = new() { BaseAddress = new(_app.Urls.First()) };
    }

    public async Task DisposeAsync() => await _app.DisposeAsync();

    public void Dispose()
    {
        _client.Dispose();
        _segment.Dispose();
        File.Delete(_file);
    }

    [Fact]
    public async Task An_event_arrives_and_its_repeat_is_dropped()
    {
        Assert.Equal((200, """{"success":true}"""), await PostAsync(Batch));
        Assert.Equal(200, (await PostAsync(Batch)).Status);

        Assert.True(Assert.Single(_segment.Events) is { MessageId: "m-1", Event: "E", UserId: "u-1", Type: "track", Arrivals: 2 });
    }

    [Fact]
    public async Task The_key_may_stand_in_the_header()
    {
        _client.DefaultRequestHeaders.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Key}:")));
        Assert.Equal(200, (await PostAsync("""{"batch":[]}""")).Status);
    }

    [Theory]
    [InlineData("""{"writeKey":"other","batch":[]}""", 401)]
    [InlineData("""{"batch":[]}""", 401)]
    [InlineData("{", 400)]
    [InlineData("[]", 400)]
    [InlineData("""{"writeKey":"write-key","batch":{}}""", 400)]
    public async Task What_is_no_batch_of_the_source_is_refused(string body, int status)
    {
        Assert.Equal(status, (await PostAsync(body)).Status);
        Assert.Empty(_segment.Events);
    }

    [Theory]
    [InlineData("""{"type":"track","event":"E"}""", "no_user_anon_id")]
    [InlineData("""{"type":"track","userId":"u"}""", "no event")]
    [InlineData("""{"event":"E","userId":"u"}""", "no type")]
    [InlineData("7", "no type")]
    public async Task What_Segment_drops_is_answered_with_200_and_named_in_the_log(string one, string reason)
    {
        Assert.Equal(200, (await PostAsync($$"""{"writeKey":"write-key","batch":[{{one}}]}""")).Status);
        Assert.Empty(_segment.Events);
        Assert.Contains(reason, Assert.Single(_segment.Calls).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Limits_are_Segments()
    {
        Assert.Equal(200, (await PostAsync(Of(Enumerable.Repeat(Event(31_000), 15)))).Status);
        Assert.Equal(400, (await PostAsync(Of(Enumerable.Repeat(Event(31_000), 17)))).Status);
        Assert.Equal(400, (await PostAsync(Of([Event(32_001)]))).Status);
        Assert.Equal(200, (await PostAsync(Of(Enumerable.Repeat(Event(60), 2_501)))).Status);
        Assert.Contains("2,500", _segment.Calls[^1].Message, StringComparison.Ordinal);

        static string Of(IEnumerable<string> events) => $$"""{"writeKey":"write-key","batch":[{{string.Join(',', events)}}]}""";
        static string Event(int bytes) => """{"type":"track","event":"?","userId":"u"}""".Replace("?", new string('E', bytes - 40), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{'mode':'status','status':503}", 503, 0)]
    [InlineData("{'mode':'statusAfter','status':500}", 500, 1)]
    [InlineData("{'mode':'refuseKey'}", 401, 0)]
    [InlineData("{'mode':'status','status':400,'user':'u-1','endpoint':'batch'}", 400, 0)]
    public async Task A_fault_meets_one_call_and_is_gone(string fault, int status, int events)
    {
        using var ordered = await _client.PostAsync("/sandbox/segment/faults", new StringContent(fault.Replace('\'', '"')));
        Assert.Equal(201, (int)ordered.StatusCode);

        Assert.Equal(status, (await PostAsync(Batch)).Status);
        Assert.Equal(events, _segment.Events.Count);
        Assert.Equal(200, (await PostAsync(Batch)).Status);
        Assert.Single(_segment.Events);
    }

    [Fact]
    public async Task What_arrived_survives_a_restart()
    {
        await PostAsync(Batch);
        _segment.Dispose();
        _segment = new(new() { WriteKey = Key, DataFile = _file });
        Assert.Equal("m-1", Assert.Single(_segment.Events).MessageId);
    }

    [Fact]
    public async Task The_page_lists_what_arrived_and_makes_no_markup_from_data()
    {
        await PostAsync(Batch);
        var listed = JsonNode.Parse(await _client.GetStringAsync("/sandbox/segment/events?after=0"))!["events"]!;
        Assert.Equal(("m-1", 1), ((string?)listed[0]!["messageId"], (int?)listed[0]!["number"]));
        Assert.Empty(JsonNode.Parse(await _client.GetStringAsync("/sandbox/segment/events?after=1"))!["events"]!.AsArray());

        using var page = await _client.GetAsync("/sandbox/segment");
        Assert.Contains("default-src 'none'; script-src 'self'", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.NotEmpty(await _client.GetStringAsync("/sandbox/segment/page.css"));
        var script = await _client.GetStringAsync("/sandbox/segment/page.js");
        foreach (var sink in new[] { "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "srcdoc", "http" })
            Assert.DoesNotContain(sink, script, StringComparison.Ordinal);
    }

    private async Task<(int Status, string Text)> PostAsync(string body)
    {
        using var response = await _client.PostAsync("/sandbox/segment/v1/batch", new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json")));
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }
}
