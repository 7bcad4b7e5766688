using System.Net;
using IterableFunctions.LocalHost;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace IterableFunctions.Benchmarks;

/// <summary>The servers of the load benchmark, each a process of its own.</summary>
internal static class LoadServers
{
    private static readonly byte[] Success = """{"code":"Success","msg":"","params":null}"""u8.ToArray();

    /// <summary>The app in the local host, with limits that are no limit.</summary>
    public static async Task<int> AppAsync(string url, string iterable, string storage, string folder, string personas)
    {
        var settings = HostSettings.Read(["--urls", url],
        [
            new("AzureWebJobsStorage", storage),
            new("LocalHost__DataFolder", folder),
            new("Iterable__ApiKey", "key"),
            new("Iterable__BaseUrl", iterable),
            new("Limits__UpdateUser", "100000"),
            new("Limits__TrackEvent", "100000"),
            new("Personas__Enabled", personas),
            new("Logging__LogLevel__Default", "Error"),
        ]);
        await using var app = LocalHostApp.Create(settings);
        await app.RunAsync();
        return 0;
    }

    /// <summary>What the machine allows: a body comes in, the same bytes go out, the answer's status comes back.</summary>
    public static async Task<int> BareAsync(string url, string iterable)
    {
        await using var app = Build(url);
        using var client = new HttpClient { BaseAddress = new(iterable + '/') };
        app.MapPost("/api/segment", async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            using var content = new ByteArrayContent(body.GetBuffer(), 0, (int)body.Length);
            content.Headers.ContentType = new("application/json");
            using var answer = await client.PostAsync(new Uri("api/events/track", UriKind.Relative), content);
            await answer.Content.ReadAsByteArrayAsync();
            context.Response.StatusCode = (int)answer.StatusCode;
            await context.Response.Body.WriteAsync(Success);
        });
        await app.RunAsync();
        return 0;
    }

    /// <summary>Says yes to everything.</summary>
    public static async Task<int> IterableAsync(string url)
    {
        await using var app = Build(url);
        app.MapPost("/api/{**path}", async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            context.Response.StatusCode = (int)HttpStatusCode.OK;
            context.Response.ContentType = "application/json";
            await context.Response.Body.WriteAsync(Success);
        });
        await app.RunAsync();
        return 0;
    }

    private static WebApplication Build(string url)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url);
        return builder.Build();
    }
}
