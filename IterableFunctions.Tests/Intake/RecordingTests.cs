using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Azure.Storage.Queues;
using IterableFunctions.LocalHost.Sandbox;
using IterableFunctions.Segment;
using IterableFunctions.Tests.LocalHost;

namespace IterableFunctions.Tests.Intake;

/// <summary>Which messages stand in profiles, in a running app: what was posted is looked up through the API.</summary>
public sealed class RecordingTests(OwnAzuriteFixture azurite) : IClassFixture<OwnAzuriteFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Forwarded_message_stands_in_a_profile_that_the_API_shows()
    {
        await using var app = await StartAsync();

        await app.Client.PostAsync("""{"type":"identify","messageId":"m-1","userId":"u 1/#","timestamp":"2026-01-01T10:00:00Z","traits":{"email":"Ann@Example.com","plan":"pro","gone":null}}""");
        var answer = await app.Client.PostAsync("""{"type":"page","messageId":"m-2","userId":"u 1/#","name":"Pricing","timestamp":"2026-01-01T11:00:00Z","properties":{"a":1}}""");

        Assert.Equal("delivered", (string?)answer.Body["status"]);
        var profile = (await FindAsync(app, "email/ann%40example.com"))!;
        Assert.Equal(profile.ToJsonString(), (await FindAsync(app, "user_id/u%201%2F%23"))!.ToJsonString());
        Assert.Equal(["user_id:u 1/#", "email:ann@example.com"], profile["identifiers"]!.AsArray().Select(id => $"{id!["type"]}:{id["id"]}"));
        Assert.Equal("pro", (string?)profile["traits"]!["plan"]!["value"]);
        Assert.Equal("2026-01-01T10:00:00Z", (string?)profile["traits"]!["plan"]!["time"]);
        Assert.Null(profile["traits"]!["gone"]);
        var page = Assert.Single(profile["events"]!.AsArray())!;
        Assert.Equal("Page Viewed", (string?)page["name"]);
        Assert.Equal("""{"a":1,"page_name":"Pricing"}""", page["properties"]!.ToJsonString());
    }

    [Fact]
    public async Task Message_from_the_future_is_as_old_as_its_arrival()
    {
        await using var app = await StartAsync();

        await app.Client.PostAsync("""{"type":"track","event":"E","userId":"u-future","timestamp":"2999-01-01T10:00:00Z"}""");

        Assert.True((DateTime)Assert.Single((await FindAsync(app, "user_id/u-future"))!["events"]!.AsArray())!["timestamp"]! <= DateTime.UtcNow);
    }

    [Theory]
    [InlineData("track", """ "event":"E" """)]
    [InlineData("page", """ "name":"P" """)]
    [InlineData("screen", """ "name":"S" """)]
    public async Task Message_of_somebody_anonymous_is_200_recorded_with_the_reason(string type, string member)
    {
        await using var app = await StartAsync();

        var answer = await app.Client.PostAsync($$"""{"type":"{{type}}","anonymousId":"a-{{type}}",{{member}}}""");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("recorded", (string?)answer.Body["status"]);
        Assert.Contains("userId", (string?)answer.Body["reason"], StringComparison.Ordinal);
        Assert.Single((await FindAsync(app, $"anonymous_id/a-{type}"))!["events"]!.AsArray());
        Assert.Empty(app.Sandbox.Calls);
    }

    [Fact]
    public async Task Identify_of_somebody_anonymous_is_400_and_recorded()
    {
        await using var app = await StartAsync();

        var answer = await app.Client.PostAsync("""{"type":"identify","anonymousId":"a-identify","traits":{"plan":"pro"}}""");

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal("missing_identifier", answer.Code);
        Assert.True((bool?)answer.Body["recorded"]);
        Assert.NotNull((await FindAsync(app, "anonymous_id/a-identify"))!["traits"]!["plan"]);
    }

    [Fact]
    public async Task Message_that_can_never_succeed_is_not_recorded_so_that_its_corrected_repeat_is()
    {
        await using var app = await StartAsync();

        var refused = await app.Client.PostAsync("""{"type":"track","messageId":"m-total","event":"Order Completed","anonymousId":"a-total"}""");
        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Null(refused.Body["recorded"]);
        Assert.Null(await FindAsync(app, "anonymous_id/a-total"));

        await app.Client.PostAsync("""{"type":"track","messageId":"m-total","event":"Order Completed","anonymousId":"a-total","userId":"u-total","properties":{"total":1,"products":[]}}""");
        Assert.Single((await FindAsync(app, "anonymous_id/a-total"))!["events"]!.AsArray());
    }

    [Theory]
    [InlineData(""" "integrations":{"All":false} """)]
    [InlineData(""" "context":{"integration":{"name":"Iterable"}} """)]
    public async Task Message_that_is_not_for_Iterable_is_recorded_all_the_same(string member)
    {
        await using var app = await StartAsync();
        var id = Guid.NewGuid();

        var answer = await app.Client.PostAsync($$"""{"type":"track","event":"Email Opened","userId":"{{id}}","anonymousId":"ann-{{id}}@example.com",{{member}}}""");

        Assert.Equal("ignored", (string?)answer.Body["status"]);
        Assert.True((bool?)answer.Body["recorded"]);
        Assert.Single((await FindAsync(app, $"user_id/{id}"))!["events"]!.AsArray());
        Assert.Empty(app.Sandbox.Calls);
        // What comes from Iterable has the email as anonymousId, and that is no device.
        Assert.Equal(member.Contains("Iterable", StringComparison.Ordinal), await FindAsync(app, $"anonymous_id/ann-{id}%40example.com") is null);
    }

    [Fact]
    public async Task Replay_that_asks_not_to_be_forwarded_fills_profiles_and_sends_nothing()
    {
        await using var app = await StartAsync();
        var body = Encoding.UTF8.GetBytes("""{"type":"track","event":"E","userId":"u-history","timestamp":"2024-01-01T10:00:00Z"}""");
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/segment?forward=false") { Content = new ByteArrayContent(body) };
        request.Headers.Add("X-Signature", WebhookSignature.Sign(body, Webhook.Secret));

        using var answer = await app.Client.SendAsync(request);

        Assert.Equal("recorded", (string?)JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["status"]);
        Assert.Equal("2024-01-01T10:00:00Z", (string?)(await FindAsync(app, "user_id/u-history"))!["events"]![0]!["timestamp"]);
        Assert.Empty(app.Sandbox.Calls);
    }

    [Fact]
    public async Task Repeat_is_forwarded_again_and_counts_once()
    {
        await using var app = await StartAsync();
        const string message = """{"type":"track","messageId":"m-repeat","event":"E","userId":"u-repeat"}""";

        for (var times = 0; times < 3; times++)
            Assert.Equal("delivered", (string?)(await app.Client.PostAsync(message)).Body["status"]);

        Assert.Single((await FindAsync(app, "user_id/u-repeat"))!["events"]!.AsArray());
        Assert.Single(app.Sandbox.EventsOf(userId: "u-repeat"));
    }

    [Fact]
    public async Task Profiles_that_turn_out_to_be_one_person_are_one_soon_after()
    {
        await using var app = await StartAsync();
        await app.Client.PostAsync("""{"type":"track","messageId":"m-anonymous","event":"Before","anonymousId":"a-merge"}""");
        await app.Client.PostAsync("""{"type":"track","messageId":"m-known","event":"Between","userId":"u-merge"}""");

        await app.Client.PostAsync("""{"type":"track","messageId":"m-both","event":"Behind","userId":"u-merge","anonymousId":"a-merge"}""");

        await UntilAsync(async () => (await FindAsync(app, "anonymous_id/a-merge"))!["events"]!.AsArray().Count == 3);
        Assert.Equal((string?)(await FindAsync(app, "anonymous_id/a-merge"))!["profile"], (string?)(await FindAsync(app, "user_id/u-merge"))!["profile"]);
    }

    [Fact]
    public async Task Two_hundred_messages_of_one_person_in_one_body_are_all_recorded_in_time()
    {
        await using var app = await StartAsync();

        var answer = await app.Client.PostAsync($$"""{"batch":[{{string.Join(',', Enumerable.Range(0, 200).Select(n => $$"""{"type":"track","messageId":"m-hot-{{n}}","event":"E{{n:D3}}","userId":"u-hot"}"""))}}]}""");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.All(answer.Statuses, status => Assert.Contains(status, (string[])["delivered", "queued"]));
        await UntilAsync(() => Task.FromResult(app.Sandbox.EventsOf(userId: "u-hot").Count == 200));
    }

    [Fact]
    public async Task Deleted_person_is_gone_at_once_and_with_the_dead_letters_and_a_later_message_starts_anew()
    {
        await using var app = await StartAsync();
        app.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 400, Code = "BadParams", Calls = 1 });
        await app.Client.PostAsync("""{"type":"track","messageId":"m-old","event":"Old","userId":"u-gone","anonymousId":"a-gone"}""");
        Assert.Equal(1, await LettersAsync());

        using var deleted = await app.Client.DeleteAsync(new Uri("api/profiles/anonymous_id/a-gone", UriKind.Relative));

        Assert.Equal(HttpStatusCode.Accepted, deleted.StatusCode);
        Assert.Null(await FindAsync(app, "user_id/u-gone"));
        await UntilAsync(async () => await LettersAsync() == 0);
        using var again = await app.Client.DeleteAsync(new Uri("api/profiles/user_id/u-gone", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, again.StatusCode);
        await app.Client.PostAsync("""{"type":"track","messageId":"m-new","event":"New","userId":"u-gone"}""");
        Assert.Equal("New", (string?)Assert.Single((await FindAsync(app, "user_id/u-gone"))!["events"]!.AsArray())!["name"]);

        async Task<int> LettersAsync() => JsonNode.Parse(await app.Client.GetStringAsync(new Uri("api/deadletters?user=u-gone", UriKind.Relative)))!["deadLetters"]!.AsArray().Count;
    }

    [Fact]
    public async Task Deletion_message_of_Segment_deletes_and_passes_on_to_Iterable_where_that_is_set()
    {
        await using var app = await StartAsync(new() { ["Iterable__ForgetOnDelete"] = "true" });
        await app.Client.PostAsync("""{"type":"identify","userId":"u-forget","traits":{"email":"forget@example.com"}}""");

        var answer = await app.Client.PostAsync("""{"type":"delete","userId":"u-forget"}""");

        Assert.Equal("deleted", (string?)answer.Body["status"]);
        Assert.Null(await FindAsync(app, "email/forget%40example.com"));
        await UntilAsync(() => Task.FromResult(app.Sandbox.FindUser(email: "forget@example.com") is null));
        Assert.Equal("ignored", (string?)(await app.Client.PostAsync("""{"type":"delete","userId":"u-forget"}""")).Body["status"]);
    }

    [Fact]
    public async Task Deletion_in_an_array_counts_only_where_it_is_signed()
    {
        await using var app = await StartAsync(new() { ["Segment__AcceptArrays"] = "true", ["Segment__HeaderSecret"] = "header" });
        await app.Client.PostAsync("""{"type":"track","event":"E","userId":"u-first"}""");
        await app.Client.PostAsync("""{"type":"track","event":"E","userId":"u-second"}""");

        const string first = """{"type":"delete","userId":"u-first"}""";
        var answer = await app.Client.PostAsync($$"""[{{first}},{"type":"delete","userId":"u-second"}]""", WebhookSignature.Sign(Encoding.UTF8.GetBytes(first), Webhook.Secret), "header");

        Assert.Equal(["deleted", "ignored"], answer.Statuses);
        Assert.Null(await FindAsync(app, "user_id/u-first"));
        Assert.NotNull(await FindAsync(app, "user_id/u-second"));
    }

    [Fact]
    public async Task Message_that_cannot_be_recorded_is_not_forwarded_and_asked_for_again()
    {
        await using var app = await RunningApp.StartAsync("DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:9/a;QueueEndpoint=http://127.0.0.1:9/a;BlobEndpoint=http://127.0.0.1:9/a");

        var answer = await app.Client.PostAsync("""{"type":"track","event":"E","userId":"u"}""");

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.Status);
        Assert.Equal("not_recorded", answer.Code);
        Assert.Empty(app.Sandbox.Calls);
    }

    [Fact]
    public async Task Update_that_comes_late_or_had_to_wait_does_not_undo_a_newer_one()
    {
        await using var app = await StartAsync();
        app.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 503, Calls = 1 });

        var waiting = await app.Client.PostAsync("""{"type":"identify","messageId":"m-old","userId":"u-stale","timestamp":"2026-01-01T10:00:00Z","traits":{"plan":"old","first":1}}""");
        var newer = await app.Client.PostAsync("""{"type":"identify","messageId":"m-new","userId":"u-stale","timestamp":"2026-01-01T12:00:00Z","traits":{"plan":"new"}}""");
        var late = await app.Client.PostAsync("""{"type":"identify","messageId":"m-late","userId":"u-stale","timestamp":"2026-01-01T11:00:00Z","traits":{"plan":"late","second":2}}""");

        Assert.Equal(["queued", "delivered", "delivered"], new[] { waiting, newer, late }.Select(answer => (string)answer.Body["status"]!));
        await UntilAsync(() => Task.FromResult(app.Sandbox.FindUser(userId: "u-stale")?.DataFields["first"] is not null));
        var fields = app.Sandbox.FindUser(userId: "u-stale")!.DataFields;
        Assert.Equal("new", (string?)fields["plan"]);
        Assert.Equal(2, (int?)fields["second"]);
    }

    [Fact]
    public async Task What_waited_for_a_person_who_was_deleted_meanwhile_is_not_sent()
    {
        await using var app = await StartAsync();
        app.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 503, Calls = 1 });
        Assert.Equal(HttpStatusCode.Accepted, (await app.Client.PostAsync("""{"type":"track","messageId":"m-late","event":"Late","userId":"u-left"}""")).Status);

        using var deleted = await app.Client.DeleteAsync(new Uri("api/profiles/user_id/u-left", UriKind.Relative));

        var queue = new QueueClient(azurite.ConnectionString, "forward");
        await UntilAsync(async () => (await queue.GetPropertiesAsync()).Value.ApproximateMessagesCount == 0);
        Assert.Empty(app.Sandbox.EventsOf(userId: "u-left"));
    }

    [Fact]
    public async Task Event_that_brings_an_email_to_an_email_based_project_creates_the_user_first_and_once()
    {
        await using var app = await StartAsync(new() { ["Iterable__ProjectType"] = "Email" });

        await app.Client.PostAsync("""{"type":"track","messageId":"m-1","event":"One","userId":"u-first","properties":{"email":"first@example.com"}}""");
        await app.Client.PostAsync("""{"type":"track","messageId":"m-2","event":"Two","userId":"u-first","properties":{"email":"first@example.com"}}""");

        Assert.Equal(["users/update", "events/track", "events/track"], app.Sandbox.Calls.OrderBy(call => call.Number).Select(call => call.Path));
        Assert.Equal(2, app.Sandbox.EventsOf(email: "first@example.com").Count);
    }

    [Fact]
    public async Task Event_of_somebody_whom_only_a_replay_has_brought_to_an_email_based_project_creates_the_user_first()
    {
        await using var app = await StartAsync(new() { ["Iterable__ProjectType"] = "Email" });
        var body = Encoding.UTF8.GetBytes("""{"type":"identify","messageId":"m-replayed","userId":"u-replayed","traits":{"email":"replayed@example.com"}}""");
        using var replay = new HttpRequestMessage(HttpMethod.Post, "api/segment?forward=false") { Content = new ByteArrayContent(body) };
        replay.Headers.Add("X-Signature", WebhookSignature.Sign(body, Webhook.Secret));
        (await app.Client.SendAsync(replay)).EnsureSuccessStatusCode().Dispose();

        for (var n = 0; n < 2; n++)
            await app.Client.PostAsync($$"""{"type":"track","messageId":"m-live-{{n}}","event":"One","userId":"u-replayed","properties":{"email":"replayed@example.com"} }""");

        Assert.Equal(["users/update", "events/track", "events/track"], app.Sandbox.Calls.OrderBy(call => call.Number).Select(call => call.Path));
        Assert.Equal(2, app.Sandbox.EventsOf(email: "replayed@example.com").Count);
    }

    [Theory]
    [InlineData("GET", "api/profiles/phone/1", HttpStatusCode.BadRequest)]
    [InlineData("GET", "api/profiles/user_id/nobody", HttpStatusCode.NotFound)]
    [InlineData("DELETE", "api/profiles/user_id/nobody", HttpStatusCode.NotFound)]
    public async Task Lookup_of_nobody_says_so(string method, string path, HttpStatusCode status)
    {
        await using var app = await StartAsync();
        using var answer = await app.Client.SendAsync(new HttpRequestMessage(new(method), path));
        Assert.Equal(status, answer.StatusCode);
    }

    private async Task<RunningApp> StartAsync(Dictionary<string, string?>? settings = null)
    {
        await azurite.ClearAsync();
        settings ??= [];
        settings["AzureFunctionsJobHost__extensions__queues__maxPollingInterval"] = "00:00:00.5";
        return await RunningApp.StartAsync(azurite.ConnectionString, settings: settings);
    }

    private static async Task<JsonNode?> FindAsync(RunningApp app, string path)
    {
        using var answer = await app.Client.GetAsync(new Uri($"api/profiles/{path}", UriKind.Relative));
        return answer.StatusCode == HttpStatusCode.NotFound ? null : JsonNode.Parse(await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync());
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!await holds())
            await Task.Delay(100, limit.Token);
    }
}
