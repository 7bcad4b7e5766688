using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Azure.Storage.Queues;
using IterableFunctions.LocalHost.Sandbox;
using IterableFunctions.Tests.Intake;
using IterableFunctions.Tests.LocalHost;

namespace IterableFunctions.Tests.Delivering;

/// <summary>Calls that reach Iterable behind newer ones, in a running app: what the newer ones have set stands in the end.</summary>
public sealed class OvertakenTests(OwnAzuriteFixture azurite) : IClassFixture<OwnAzuriteFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Theory]
    [InlineData("older-plan", "newer-plan", "plan", "\"new\"")]
    [InlineData("older-cart", "newer-cart", "shoppingCartItems", "new")]
    [InlineData("older-cart", "newer-order", "shoppingCartItems", "[]")]
    [InlineData("older-order", "newer-cart", "shoppingCartItems", "new")]
    public async Task Retried_call_that_is_overtaken_on_its_way_is_followed_by_what_is_newer(string older, string newer, string field, string expected)
    {
        await using var app = await StartAsync();
        // The first time, and the second.
        app.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 503 });
        app.Sandbox.AddFault(new() { Mode = FaultMode.Hang });
        Assert.Equal(HttpStatusCode.Accepted, (await app.Client.PostAsync(Message(older))).Status);

        await UntilAsync(() => app.Sandbox.Faults.Armed().Count == 0);
        Assert.Equal("delivered", (string?)(await app.Client.PostAsync(Message(newer))).Body["status"]);
        app.Sandbox.ClearFaults();

        // The newer, the older, and the newer once more.
        await UntilAsync(() => app.Sandbox.Calls.Count(call => call.TookEffect) == 3);
        Assert.Contains(expected, Field(app, field), StringComparison.Ordinal);
        await DrainedAsync();
        Assert.Equal(3, app.Sandbox.Calls.Count(call => call.TookEffect));
    }

    [Fact]
    public async Task Retry_mends_what_an_attempt_without_an_answer_may_have_undone_even_if_that_has_to_wait()
    {
        await using var app = await StartAsync(firstRetry: "00:00:08");
        app.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 503 });
        await app.Client.PostAsync(Message("older-plan"));
        await app.Client.PostAsync(Message("newer-plan"));

        // What was on its way when the process died, say, and nobody has seen arrive.
        await ArriveAsync(app, "plan", "\"old\"");
        app.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 503, Endpoint = "users/update" });

        await UntilAsync(() => Field(app, "plan") == "\"new\"");
        await DrainedAsync();
        Assert.Empty(app.Sandbox.Faults.Armed());
        Assert.DoesNotContain(app.Sandbox.Calls.Skip(3), call => Encoding.UTF8.GetString(call.Body.Span).Contains("old", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Message_that_comes_again_mends_what_its_first_time_may_have_undone()
    {
        await using var app = await StartAsync();
        await app.Client.PostAsync(Message("older-plan"));
        await app.Client.PostAsync(Message("newer-plan"));
        await ArriveAsync(app, "plan", "\"old\"");

        await app.Client.PostAsync(Message("older-plan"));

        Assert.Equal("\"new\"", Field(app, "plan"));
    }

    [Fact]
    public async Task Message_that_comes_again_without_its_time_is_not_newer_for_that()
    {
        await using var app = await StartAsync();
        await app.Client.PostAsync(Message("older-plan"));
        await app.Client.PostAsync(Message("newer-plan"));

        await app.Client.PostAsync(Message("older-plan").Replace("\"timestamp\":\"2026-01-01T10:00:00Z\",", "", StringComparison.Ordinal));

        Assert.Equal("\"new\"", Field(app, "plan"));
    }

    [Fact]
    public async Task Call_that_has_waited_and_was_not_recorded_in_time_is_held_against_the_profile_of_whom_it_is_addressed_to()
    {
        await using var app = await StartAsync();
        await app.Client.PostAsync(Message("newer-plan"));

        await new QueueClient(azurite.ConnectionString, "forward", new() { MessageEncoding = QueueMessageEncoding.Base64 }).SendMessageAsync(
            """{"call":{"endpoint":"/api/users/update","body":{"userId":"u-overtaken","dataFields":{"plan":"old","city":"Oslo"}},"messageId":"m-older-plan","userId":"u-overtaken","timestamp":"2026-01-01T10:00:00Z","firstAttempt":"2026-01-01T10:00:00Z","attempts":1}}""");

        await UntilAsync(() => Field(app, "city") == "\"Oslo\"");
        await DrainedAsync();
        Assert.Equal("\"new\"", Field(app, "plan"));
    }

    [Fact]
    public async Task First_attempt_that_is_overtaken_by_a_message_of_the_same_process_is_followed_by_what_is_newer()
    {
        await using var app = await StartAsync();
        app.Sandbox.AddFault(new() { Mode = FaultMode.Hang });
        var older = app.Client.PostAsync(Message("older-plan"));
        await UntilAsync(() => app.Sandbox.Faults.Armed().Count == 0);

        await app.Client.PostAsync(Message("newer-plan"));
        Assert.Equal("\"new\"", Field(app, "plan"));
        app.Sandbox.ClearFaults();
        Assert.Equal("delivered", (string?)(await older).Body["status"]);

        // At once, or from the queue where the time was up.
        await UntilAsync(() => app.Sandbox.Calls.Count(call => call.TookEffect) == 3);
        Assert.Equal("\"new\"", Field(app, "plan"));
    }

    [Fact]
    public async Task Purchase_that_is_sent_again_as_a_dead_letter_leaves_the_newer_cart_where_it_is()
    {
        await using var app = await StartAsync();
        app.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 400, Code = "BadParams" });
        var id = (string?)(await app.Client.PostAsync(Message("older-order"))).Body["deadLetterId"];
        await app.Client.PostAsync(Message("newer-cart"));

        using var replayed = await app.Client.PostAsync(new Uri($"api/deadletters/{id}/replay", UriKind.Relative), null);

        Assert.Equal(HttpStatusCode.NoContent, replayed.StatusCode);
        Assert.Single(app.Sandbox.Purchases);
        Assert.Contains("new", Field(app, "shoppingCartItems"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_newer_and_refused_again_is_no_second_dead_letter()
    {
        await using var app = await StartAsync(firstRetry: "00:00:08");
        app.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 503 });
        await app.Client.PostAsync(Message("older-plan"));
        app.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 400, Code = "BadParams", Calls = 2 });
        Assert.Equal("failed", (string?)(await app.Client.PostAsync(Message("newer-plan"))).Body["status"]);

        await UntilAsync(() => app.Sandbox.Faults.Armed().Count == 0);
        await DrainedAsync();

        Assert.Single(JsonNode.Parse(await app.Client.GetStringAsync(new Uri("api/deadletters", UriKind.Relative)))!["deadLetters"]!.AsArray());
    }

    private static string Message(string name)
    {
        var (time, value) = name.StartsWith("older", StringComparison.Ordinal) ? ("2026-01-01T10:00:00Z", "old") : ("2026-01-01T11:00:00Z", "new");
        var content = name[6..] switch
        {
            "plan" => $$""" "type":"identify","traits":{"plan":"{{value}}"} """,
            "cart" => $$""" "type":"track","event":"Cart Updated","properties":{"products":[{"product_id":"{{value}}","name":"Chess set","price":1}]} """,
            _ => $$""" "type":"track","event":"Order Completed","properties":{"total":1,"products":[]} """,
        };
        return $$"""{"messageId":"m-{{name}}","userId":"u-overtaken","timestamp":"{{time}}",{{content}}}""";
    }

    private static string Field(RunningApp app, string name) => app.Sandbox.FindUser(userId: "u-overtaken")?.DataFields[name]?.ToJsonString() ?? "";

    private static async Task ArriveAsync(RunningApp app, string field, string value)
    {
        using var call = new HttpRequestMessage(HttpMethod.Post, "sandbox/api/users/update") { Content = new StringContent($$"""{"userId":"u-overtaken","dataFields":{"{{field}}":{{value}} } }""", Encoding.UTF8, "application/json") };
        call.Headers.Add("Api-Key", app.Settings.Values["Iterable:ApiKey"]);
        (await app.Client.SendAsync(call)).EnsureSuccessStatusCode().Dispose();
        Assert.Equal(value, Field(app, field));
    }

    /// <param name="firstRetry">Where something has to happen before it, long enough for a machine that stands still meanwhile.</param>
    private async Task<RunningApp> StartAsync(string firstRetry = "00:00:01")
    {
        await azurite.ClearAsync();
        return await RunningApp.StartAsync(azurite.ConnectionString, settings: new Dictionary<string, string?>
        {
            ["Storage__TablePrefix"] = AzuriteFixture.Unique("t"),
            ["Delivering__FirstRetry"] = firstRetry,
            ["AzureFunctionsJobHost__extensions__queues__maxPollingInterval"] = "00:00:00.2",
        });
    }

    private Task DrainedAsync()
    {
        var queue = new QueueClient(azurite.ConnectionString, "forward");
        return UntilAsync(async () => !await queue.ExistsAsync() || (await queue.GetPropertiesAsync()).Value.ApproximateMessagesCount == 0);
    }

    private static Task UntilAsync(Func<bool> holds) => UntilAsync(() => Task.FromResult(holds()));

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!await holds())
            await Task.Delay(20, limit.Token);
    }
}
