using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using IterableFunctions.LocalHost.Sandbox;
using IterableFunctions.Tests.Intake;
using IterableFunctions.Tests.LocalHost;

namespace IterableFunctions.Tests.Delivering;

/// <summary>What becomes of messages that Iterable does not take at once, in a running app on an Azurite of its own.</summary>
public sealed class ForwarderTests(OwnAzuriteFixture azurite) : IClassFixture<OwnAzuriteFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Message_that_was_queued_arrives_when_Iterable_is_back_and_once()
    {
        await using var app = await StartAsync();
        app.Sandbox.AddFault(new() { Mode = FaultMode.StatusAfter, Status = 503, Calls = 1 });

        Assert.Equal(HttpStatusCode.Accepted, (await app.Client.PostAsync(Track("m-back", "u-back"))).Status);

        await UntilAsync(() => app.Sandbox.Calls.Count(call => call is { UserId: "u-back", Status: 200 }) == 1);
        Assert.Single(app.Sandbox.EventsOf(userId: "u-back"));
        await UntilAsync(async () => (await Queue.GetPropertiesAsync()).Value.ApproximateMessagesCount == 0);
    }

    [Fact]
    public async Task Message_too_large_for_a_queue_waits_in_a_blob_that_goes_with_it()
    {
        await using var app = await StartAsync();
        app.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 503, Calls = 1 });
        var text = new string('x', 200_000);

        var answer = await app.Client.PostAsync($$"""{"type":"track","messageId":"m-large","event":"Large","userId":"u-large","properties":{"text":"{{text}}"} }""");

        Assert.Equal(HttpStatusCode.Accepted, answer.Status);
        var blobs = new BlobContainerClient(azurite.ConnectionString, "forward");
        Assert.Single(blobs.GetBlobs());
        await UntilAsync(() => app.Sandbox.EventsOf(userId: "u-large").Count == 1);
        Assert.Equal(text, (string?)Assert.Single(app.Sandbox.EventsOf(userId: "u-large")).DataFields["text"]);
        await UntilAsync(() => !blobs.GetBlobs().Any());
    }

    [Fact]
    public async Task Message_that_is_too_old_becomes_a_dead_letter()
    {
        await using var app = await StartAsync(new() { ["Delivering__GiveUpAfter"] = "00:00:01" });
        app.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 503, Calls = -1 });

        var answer = await app.Client.PostAsync(Track("m-old", "u-old"));

        Assert.Equal("failed", (string?)answer.Body["status"]);
        var letter = await GetAsync(app, $"api/deadletters/{answer.Body["deadLetterId"]}");
        Assert.Equal("Expired", (string?)letter["reason"]);
        Assert.Equal("m-old", (string?)letter["call"]!["messageId"]);
    }

    [Fact]
    public async Task Message_that_the_host_gave_up_on_becomes_a_dead_letter()
    {
        await using var app = await StartAsync();
        var poison = new QueueClient(azurite.ConnectionString, "forward-poison", new() { MessageEncoding = QueueMessageEncoding.Base64 });
        await poison.SendMessageAsync("""{"call":{"endpoint":"/api/events/track","body":{"eventName":"E","userId":"u-poison"},"messageId":"m-poison","userId":"u-poison","timestamp":"2026-01-01T00:00:00Z","firstAttempt":"2026-01-01T00:00:00Z","attempts":3}}""");

        await UntilAsync(async () => (await ListAsync(app, "reason=Crashed&messageId=m-poison")).Count == 1);
    }

    [Theory]
    [InlineData("no JSON at all")]
    [InlineData("{}")]
    [InlineData("""{"call":{}}""")]
    [InlineData("""{"call":{"endpoint":"","body":{},"messageId":"m"}}""")]
    public async Task Message_of_the_queue_that_is_no_call_becomes_a_dead_letter_that_cannot_be_replayed(string message)
    {
        await using var app = await StartAsync();
        await new QueueClient(azurite.ConnectionString, "forward-poison", new() { MessageEncoding = QueueMessageEncoding.Base64 }).SendMessageAsync(message);

        JsonNode? letter = null;
        await UntilAsync(async () => (letter = (await ListAsync(app, "reason=Crashed")).FirstOrDefault(each => (string?)each!["call"]!["body"] == message)) is not null);

        Assert.Equal("UnreadableMessage", (string?)letter!["code"]);
        Assert.Equal(HttpStatusCode.Conflict, await PostAsync(app, $"api/deadletters/{letter["id"]}/replay"));
        Assert.Empty(app.Sandbox.Calls);
    }

    [Fact]
    public async Task Refused_message_is_a_dead_letter_that_can_be_listed_shown_replayed_and_deleted()
    {
        await using var app = await StartAsync();
        app.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 400, Code = "BadParams", Calls = 2 });

        var id = (string?)(await app.Client.PostAsync(Track("m-refused", "u-refused"))).Body["deadLetterId"];

        Assert.Equal("BadParams", (string?)(await GetAsync(app, $"api/deadletters/{id}"))["code"]);
        Assert.Equal(id, (string?)Assert.Single(await ListAsync(app, "user=u-refused"))!["id"]);
        Assert.Empty(await ListAsync(app, "user=u-other"));
        Assert.Empty(await ListAsync(app, "user=u-refused&reason=expired"));
        Assert.Empty(await ListAsync(app, "user=u-refused&day=2020-01-01"));
        var day = (DateTime)(await GetAsync(app, $"api/deadletters/{id}"))["call"]!["firstAttempt"]!;
        Assert.Single(await ListAsync(app, $"user=u-refused&day={day.ToUniversalTime():yyyy-MM-dd}&messageId=m-refused"));

        // It fails once more, is updated, then succeeds and is gone.
        Assert.Equal(HttpStatusCode.Conflict, await PostAsync(app, $"api/deadletters/{id}/replay"));
        Assert.Equal(2, (int?)(await GetAsync(app, $"api/deadletters/{id}"))["call"]!["attempts"]);
        Assert.Equal(HttpStatusCode.NoContent, await PostAsync(app, $"api/deadletters/{id}/replay"));
        Assert.Single(app.Sandbox.EventsOf(userId: "u-refused"));
        Assert.Equal(HttpStatusCode.NotFound, await PostAsync(app, $"api/deadletters/{id}/replay"));
        Assert.Empty(await ListAsync(app, "user=u-refused"));
    }

    [Fact]
    public async Task Many_dead_letters_are_listed_newest_first_by_pages_and_replayed_by_filter()
    {
        await using var app = await StartAsync();
        app.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 400, Code = "BadParams", Calls = 105 });
        for (var i = 0; i < 105; i += 35)
            await app.Client.PostAsync($$"""{"batch":[{{string.Join(',', Enumerable.Range(i, 35).Select(n => Track($"m-many-{n}", "u-many")))}}]}""");

        var first = await GetAsync(app, "api/deadletters?user=u-many");
        var second = await GetAsync(app, $"api/deadletters?user=u-many&after={first["next"]}");
        var times = first["deadLetters"]!.AsArray().Concat(second["deadLetters"]!.AsArray()).Select(letter => (DateTime)letter!["call"]!["firstAttempt"]!).ToList();
        Assert.Equal(105, times.Count);
        Assert.Equal(times.OrderDescending(), times);
        Assert.Null(second["next"]);

        using var replayed = await app.Client.PostAsync(new Uri("api/deadletters/replay?user=u-many", UriKind.Relative), null);
        var report = JsonNode.Parse(await replayed.Content.ReadAsStringAsync())!;
        Assert.Equal(100, (int?)report["delivered"]);
        using var rest = await app.Client.PostAsync(new Uri($"api/deadletters/replay?user=u-many&after={report["next"]}", UriKind.Relative), null);
        Assert.Equal(5, (int?)JsonNode.Parse(await rest.Content.ReadAsStringAsync())!["delivered"]);
        Assert.Equal(105, app.Sandbox.EventsOf(userId: "u-many").Count);
        Assert.Empty(await ListAsync(app, "user=u-many"));
    }

    [Fact]
    public async Task Conflict_of_the_identifiers_is_tried_once_more_by_the_userId_alone()
    {
        await using var app = await StartAsync();
        await app.Client.PostAsync("""{"type":"identify","userId":"u-a","traits":{"email":"a@example.com"}}""");
        await app.Client.PostAsync("""{"type":"identify","userId":"u-b","traits":{"email":"b@example.com"}}""");

        var answer = await app.Client.PostAsync("""{"type":"track","event":"Cart Updated","userId":"u-a","properties":{"email":"b@example.com","products":[{"id":"p","name":"n","price":1}]}}""");

        Assert.Equal("delivered", (string?)answer.Body["status"]);
        Assert.NotNull(app.Sandbox.FindUser(userId: "u-a")!.DataFields["shoppingCartItems"]);
        Assert.Null(app.Sandbox.FindUser(userId: "u-b")!.DataFields["shoppingCartItems"]);
    }

    [Theory]
    [InlineData("api/deadletters?day=yesterday")]
    [InlineData("api/deadletters?reason=7")]
    public async Task Filter_that_cannot_be_read_is_400(string path)
    {
        await using var app = await StartAsync();
        using var answer = await app.Client.GetAsync(new Uri(path, UriKind.Relative));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    private static string Track(string messageId, string userId) => $$"""{"type":"track","messageId":"{{messageId}}","event":"E","userId":"{{userId}}"}""";

    private QueueClient Queue => new(azurite.ConnectionString, "forward");

    private async Task<RunningApp> StartAsync(Dictionary<string, string?>? settings = null)
    {
        await azurite.ClearAsync();
        settings ??= [];
        settings["AzureFunctionsJobHost__extensions__queues__maxPollingInterval"] = "00:00:00.5";
        return await RunningApp.StartAsync(azurite.ConnectionString, settings: settings);
    }

    private static async Task<JsonNode> GetAsync(RunningApp app, string path) => (await app.Client.GetFromJsonAsync<JsonNode>(new Uri(path, UriKind.Relative)))!;

    private static async Task<JsonArray> ListAsync(RunningApp app, string filter) => (await GetAsync(app, $"api/deadletters?{filter}"))["deadLetters"]!.AsArray();

    private static async Task<HttpStatusCode> PostAsync(RunningApp app, string path)
    {
        using var answer = await app.Client.PostAsync(new Uri(path, UriKind.Relative), null);
        return answer.StatusCode;
    }

    private static Task UntilAsync(Func<bool> holds) => UntilAsync(() => Task.FromResult(holds()));

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!await holds())
            await Task.Delay(100, limit.Token);
    }
}
