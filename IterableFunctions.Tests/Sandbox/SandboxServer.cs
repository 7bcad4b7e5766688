using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using IterableFunctions.LocalHost.Sandbox;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace IterableFunctions.Tests.Sandbox;

/// <summary>A sandbox behind Kestrel on a free loopback port, a Segment source of the same key beside it, and a client that knows the key.</summary>
public sealed class SandboxServer : IAsyncDisposable
{
    public const string Key = "the-key";

    private readonly WebApplication _app;

    private SandboxServer(WebApplication app, SandboxIterable sandbox)
    {
        _app = app;
        Sandbox = sandbox;
    }

    public SandboxIterable Sandbox { get; }

    /// <summary>At <c>/sandbox/segment</c>.</summary>
    public SandboxSegment Segment { get; } = new(new() { WriteKey = Key });

    public HttpClient Client { get; } = new();

    /// <param name="options">Null = a hybrid project in memory, without rate limits.</param>
    public static async Task<SandboxServer> StartAsync(SandboxOptions? options = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var sandbox = new SandboxIterable(options ?? new SandboxOptions { ApiKey = Key, RateLimits = false });
        app.MapSandbox(sandbox);
        var server = new SandboxServer(app, sandbox);
        app.MapSandbox(server.Segment);
        await app.StartAsync();
        server.Client.BaseAddress = new Uri(app.Urls.First());
        return server;
    }

    public Task<Reply> PostAsync(string path, string body) => SendAsync(HttpMethod.Post, path, body);

    public Task<Reply> GetAsync(string path) => SendAsync(HttpMethod.Get, path, null);

    /// <param name="method">HTTP method.</param>
    /// <param name="path">Below <c>/sandbox/api/</c>.</param>
    /// <param name="body">JSON with <c>'</c> for <c>"</c>, which reads better in C#.</param>
    /// <param name="key">Null = none.</param>
    /// <param name="header">The header that carries the key.</param>
    public async Task<Reply> SendAsync(HttpMethod method, string path, string? body, string? key = Key, string header = "Api-Key")
    {
        using var request = new HttpRequestMessage(method, $"/sandbox/api/{path}");
        if (key is not null)
            request.Headers.TryAddWithoutValidation(header, key);
        if (body is not null)
            request.Content = new StringContent(body.Replace('\'', '"'), Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        using var response = await Client.SendAsync(request);
        return await Reply.OfAsync(response);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
        Sandbox.Dispose();
        Segment.Dispose();
    }
}

/// <summary>An answer, read. <paramref name="Json"/> is null when the body is not JSON.</summary>
public sealed record Reply(int Status, JsonNode? Json, string Text, double? RetryAfter)
{
    public string? Code => (string?)Json?["code"];

    public JsonNode? Params => Json?["params"];

    /// <summary>The strings in one list of <c>failedUpdates</c>.</summary>
    public string[] Failed(string list) => [.. Json!["failedUpdates"]![list]!.AsArray().Select(item => (string)item!)];

    public static async Task<Reply> OfAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        var json = response.Content.Headers.ContentType?.MediaType == "application/json" ? JsonNode.Parse(text) : null;
        return new((int)response.StatusCode, json, text, response.Headers.RetryAfter?.Delta?.TotalSeconds);
    }
}
