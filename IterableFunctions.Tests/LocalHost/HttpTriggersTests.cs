using System.Net;
using System.Net.Http.Json;
using IterableFunctions.LocalHost;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace IterableFunctions.Tests.LocalHost;

public sealed class HttpTriggersTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    [Fact]
    public async Task Route_values_are_bound_by_their_names()
    {
        await using var app = await StartAsync();
        Assert.Equal("a b, 3 times, loudly", await app.Client.GetStringAsync("api/echo/a%20b/3?how=loudly"));
    }

    [Fact]
    public async Task A_route_value_that_is_optional_may_be_missing()
    {
        await using var app = await StartAsync();
        Assert.Equal("nobody", await app.Client.GetStringAsync("api/greet"));
        Assert.Equal("Ada", await app.Client.GetStringAsync("api/greet/Ada"));
    }

    [Fact]
    public async Task A_function_without_a_route_answers_under_its_name_to_every_method()
    {
        await using var app = await StartAsync();
        using var answer = await app.Client.PutAsync("api/Unrouted", new StringContent("the body"));
        Assert.Equal("PUT the body", await answer.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_method_that_is_not_listed_is_refused()
    {
        await using var app = await StartAsync();
        using var answer = await app.Client.DeleteAsync("api/greet/Ada");
        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
    }

    [Fact]
    public async Task A_function_may_return_an_action_result()
    {
        await using var app = await StartAsync();
        using var answer = await app.Client.GetAsync("api/action");
        Assert.Equal((HttpStatusCode.Accepted, """{"is":"an action result"}"""), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task A_function_that_throws_is_answered_with_500_and_logged()
    {
        await using var app = await StartAsync();
        using var answer = await app.Client.GetAsync("api/throw");
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Equal("The function Throw failed", Assert.Single(app.Logs.At(LogLevel.Error)));
    }

    [Fact]
    public async Task The_route_prefix_is_the_host_s()
    {
        await using var app = await StartAsync(new() { ["AzureFunctionsJobHost__extensions__http__routePrefix"] = "" });
        Assert.Equal("Ada", await app.Client.GetStringAsync("greet/Ada"));
    }

    [Fact]
    public async Task The_app_s_clock_is_ahead_by_the_time_offset()
    {
        await using var app = await StartAsync(args: ["--time-offset", "31.00:00:00"]);
        var now = await app.Client.GetFromJsonAsync<DateTimeOffset>("api/now");
        Assert.InRange(now - DateTimeOffset.UtcNow, TimeSpan.FromDays(30.9), TimeSpan.FromDays(31.1));
    }

    [Fact]
    public async Task The_app_s_own_functions_are_served()
    {
        await using var app = await RunningApp.StartAsync(azurite.ConnectionString);
        Assert.Equal(HttpStatusCode.OK, (await app.Client.GetAsync("api/health")).StatusCode);
    }

    [Fact]
    public async Task A_request_that_never_ends_does_not_hold_up_the_end()
    {
        var app = await RunningApp.StartAsync(azurite.ConnectionString, [typeof(Endless)], configure: services =>
            services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromMilliseconds(100)));
        using var answer = await app.Client.GetAsync("api/Endless", HttpCompletionOption.ResponseHeadersRead);
        await app.App.StopAsync();
        await app.DisposeAsync();
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task What_the_local_host_cannot_give_is_said_at_the_start()
    {
        var refused = await Assert.ThrowsAsync<StartException>(
            () => RunningApp.StartAsync(azurite.ConnectionString, [typeof(Unbindable)]));
        Assert.Equal("The local host has nothing to give to the parameter context of the function Unbindable.", refused.Message);
    }

    private Task<RunningApp> StartAsync(Dictionary<string, string?>? settings = null, params string[] args)
        => RunningApp.StartAsync(azurite.ConnectionString, [typeof(Answers)], settings, args: args);

    private sealed class Answers(TimeProvider clock)
    {
        [Function("Echo")]
        public static async Task<IResult> EchoAsync(
            [HttpTrigger(AuthorizationLevel.Function, "get", Route = "echo/{word}/{times:int}")] HttpRequest request, string word, int times, CancellationToken cancellationToken)
        {
            await Task.Delay(1, cancellationToken);
            return Results.Text($"{word}, {times} times, {request.Query["how"]}");
        }

        [Function("Greet")]
        public static IResult Greet([HttpTrigger("get", "post", Route = "greet/{name?}")] HttpRequest request, string? name)
            => Results.Text(request.Method == "GET" ? name ?? "nobody" : "");

        [Function("Unrouted")]
        public static async Task<IResult> Unrouted([HttpTrigger] HttpRequest request)
            => Results.Text($"{request.Method} {await new StreamReader(request.Body).ReadToEndAsync()}");

        [Function("Action")]
        public static Task<IActionResult> Action([HttpTrigger("get", Route = "action")] HttpRequest request)
            => Task.FromResult<IActionResult>(new AcceptedResult(request.Path, new { Is = "an action result" }));

        [Function("Throw")]
        public static IResult Throw([HttpTrigger("get", Route = "throw")] HttpRequest request)
            => throw new InvalidOperationException(request.Path);

        [Function("Now")]
        public IResult Now([HttpTrigger("get", Route = "now")] HttpRequest request) => Results.Json(clock.GetUtcNow());
    }

    private static class Endless
    {
        [Function("Endless")]
        public static async Task<IResult> RunAsync([HttpTrigger] HttpRequest request)
        {
            await request.HttpContext.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite);
            return Results.Empty;
        }
    }

    private static class Unbindable
    {
        [Function("Unbindable")]
        public static IResult Run([HttpTrigger] HttpRequest request, FunctionContext context) => Results.Ok((request, context));
    }
}
