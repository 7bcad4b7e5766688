using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.Features;

namespace IterableFunctions.LocalHost.Sandbox;

/// <summary>Serves a <see cref="SandboxIterable"/> over HTTP, below <c>/sandbox</c>.</summary>
public static class SandboxEndpoints
{
    private const string Api = "/sandbox/api/";

    private static readonly JsonSerializerOptions _json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    };

    /// <summary>
    /// Adds the API (<c>/sandbox/api/…</c>, for <c>Iterable__BaseUrl</c> = <c>http://127.0.0.1:PORT/sandbox</c>), the page
    /// (<c>/sandbox</c>), its views (<c>/sandbox/state</c>, <c>/sandbox/calls</c>, <c>/sandbox/contact</c>) and the faults
    /// (<c>/sandbox/faults</c>).
    /// </summary>
    public static IEndpointRouteBuilder MapSandbox(this IEndpointRouteBuilder app, SandboxIterable sandbox)
    {
        app.Map(Api + "{**path}", context => AnswerAsync(context, sandbox));

        app.MapGet("/sandbox", context => SendResourceAsync(context, "page.html", "text/html; charset=utf-8"));
        app.MapGet("/sandbox/page.css", context => SendResourceAsync(context, "page.css", "text/css; charset=utf-8"));
        app.MapGet("/sandbox/page.js", context => SendResourceAsync(context, "page.js", "text/javascript; charset=utf-8"));

        app.MapGet("/sandbox/state", context => SendAsync(context, SandboxJson.State(sandbox, context.Request.Query.ContainsKey("full"))));
        app.MapGet("/sandbox/calls", context => SendAsync(context, SandboxJson.Calls(
            sandbox, Number(context, "after") ?? 0, (int)Math.Clamp(Number(context, "limit") ?? 1_000, 0, 10_000))));
        app.MapGet("/sandbox/contact", context => SendAsync(context, SandboxJson.Contact(
            sandbox, context.Request.Query["email"], context.Request.Query["userId"], (int)Math.Clamp(Number(context, "limit") ?? 200, 0, 10_000))));

        app.MapFaults("/sandbox/faults", sandbox.Faults);
        return app;
    }

    /// <summary>
    /// Adds a Segment source: its API (<c>/sandbox/segment/v1/batch</c>, for <c>Segment__BaseUrl</c> = <c>http://127.0.0.1:PORT/sandbox/segment</c>), its page (<c>/sandbox/segment</c>), what has
    /// arrived (<c>/sandbox/segment/events</c>) and its faults (<c>/sandbox/segment/faults</c>).
    /// </summary>
    public static IEndpointRouteBuilder MapSandbox(this IEndpointRouteBuilder app, SandboxSegment segment)
    {
        app.Map("/sandbox/segment/v1/{**path}", async context =>
        {
            var body = await ReadAsync(context, SandboxSegment.BodyLimit);
            var request = new TrackingRequest(context.Request.Method, (string?)context.GetRouteValue("path") ?? "", context.Request.Headers.Authorization, body);
            await SendAsync(context, await segment.AnswerAsync(request, context.RequestAborted));
        });
        app.MapGet("/sandbox/segment", context => SendResourceAsync(context, "segment.html", "text/html; charset=utf-8"));
        // The two pages share their look, wherever only one of them is served.
        app.MapGet("/sandbox/segment/page.css", context => SendResourceAsync(context, "page.css", "text/css; charset=utf-8"));
        app.MapGet("/sandbox/segment/page.js", context => SendResourceAsync(context, "segment.js", "text/javascript; charset=utf-8"));
        app.MapGet("/sandbox/segment/events", context => context.Response.WriteAsJsonAsync(
            new { segment.StartedAt, events = segment.EventsAfter(Number(context, "after") ?? 0, (int)Math.Clamp(Number(context, "limit") ?? 1_000, 0, 10_000)) }, _json));
        app.MapFaults("/sandbox/segment/faults", segment.Faults);
        return app;
    }

    private static void MapFaults(this IEndpointRouteBuilder app, string path, Faults faults)
    {
        app.MapPost(path, context => AddFaultAsync(context, faults));
        app.MapGet(path, context => context.Response.WriteAsJsonAsync(new { faults = faults.Armed() }, _json));
        app.MapDelete(path, context => context.Response.WriteAsJsonAsync(new { removed = faults.Remove((int?)Number(context, "id")) }, _json));
    }

    private static async Task AnswerAsync(HttpContext context, SandboxIterable sandbox)
    {
        var headers = context.Request.Headers;
        var key = (string?)headers["Api-Key"] ?? headers["Api_Key"];
        var body = await ReadAsync(context, sandbox.BodyLimit);
        var request = new ApiRequest(context.Request.Method, PathOf(context), key, body, name => context.Request.Query[name]);
        await SendAsync(context, await sandbox.AnswerAsync(request, context.RequestAborted));
    }

    /// <summary>Sends an answer; null breaks the connection.</summary>
    private static async Task SendAsync(HttpContext context, Answer? answer)
    {
        if (answer is null)
        {
            context.Abort();
            return;
        }
        context.Response.StatusCode = answer.Status;
        context.Response.ContentType = answer.ContentType;
        context.Response.ContentLength = answer.Body.Length;
        if (answer.RetryAfter is { } seconds)
            context.Response.Headers.RetryAfter = Math.Ceiling(seconds).ToString(CultureInfo.InvariantCulture);
        await context.Response.Body.WriteAsync(answer.Body);
    }

    /// <summary>The path as it was sent: the decoded one cannot tell a slash from an encoded slash.</summary>
    private static string PathOf(HttpContext context)
    {
        var target = context.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "";
        var question = target.IndexOf('?', StringComparison.Ordinal);
        var path = question < 0 ? target : target[..question];
        var start = path.IndexOf(Api, StringComparison.OrdinalIgnoreCase);
        return start < 0 ? "" : path[(start + Api.Length)..];
    }

    /// <summary>The body, or null when it is longer than allowed.</summary>
    private static async ValueTask<byte[]?> ReadAsync(HttpContext context, int limit)
    {
        if (context.Request.ContentLength is { } length)
        {
            if (length > limit)
                return null;
            var exact = new byte[length];
            await context.Request.Body.ReadExactlyAsync(exact);
            return exact;
        }
        using var growing = new MemoryStream();
        var buffer = new byte[8_192];
        int read;
        while ((read = await context.Request.Body.ReadAsync(buffer)) > 0)
        {
            if (growing.Length + read > limit)
                return null;
            growing.Write(buffer, 0, read);
        }
        return growing.ToArray();
    }

    private static async Task AddFaultAsync(HttpContext context, Faults faults)
    {
        Fault? fault;
        try
        {
            fault = await JsonSerializer.DeserializeAsync<Fault>(context.Request.Body, _json);
        }
        catch (JsonException e)
        {
            await ProblemAsync(context, e.Message);
            return;
        }
        if (fault is null || fault.Status is < 100 or > 599 || fault.Calls == 0 || fault.Every < 1 || fault.HangSeconds is < 0 or > 86_400)
        {
            await ProblemAsync(context, "status must be an HTTP status, calls not 0, every at least 1, hangSeconds between 0 and 86400.");
            return;
        }
        var id = faults.Add(fault);
        context.Response.StatusCode = 201;
        await context.Response.WriteAsJsonAsync(new { id }, _json);
    }

    private static Task ProblemAsync(HttpContext context, string detail)
    {
        context.Response.StatusCode = 400;
        return context.Response.WriteAsJsonAsync(new { title = "This is not a fault", status = 400, detail }, _json, "application/problem+json");
    }

    private static long? Number(HttpContext context, string name) =>
        long.TryParse(context.Request.Query[name], CultureInfo.InvariantCulture, out var number) ? number : null;

    private static async Task SendAsync(HttpContext context, ReadOnlyMemory<byte> json)
    {
        context.Response.ContentType = Answer.Json;
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.Body.WriteAsync(json);
    }

    private static async Task SendResourceAsync(HttpContext context, string name, string contentType)
    {
        await using var resource = typeof(SandboxEndpoints).Assembly.GetManifestResourceStream($"Sandbox.{name}")
            ?? throw new InvalidOperationException($"The resource Sandbox.{name} is not in the assembly.");
        context.Response.ContentType = contentType;
        context.Response.Headers.CacheControl = "no-cache";
        // Nothing that arrives in a call can run, even if it got into the page.
        context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        await resource.CopyToAsync(context.Response.Body);
    }
}
