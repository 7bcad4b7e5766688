using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using IterableFunctions.Intake;
using IterableFunctions.LocalHost;
using IterableFunctions.LocalHost.Sandbox;
using IterableFunctions.Segment;
using IterableFunctions.Tests.Faults;
using IterableFunctions.Tests.LocalHost;
using IterableFunctions.Tests.Sandbox;
using Microsoft.Extensions.Logging;

namespace IterableFunctions.Tests.Intake;

/// <summary>The whole way from a system webhook of Iterable to Segment, in a running app with sandboxes for both.</summary>
public sealed class IterableWebhookTests(OwnAzuriteFixture azurite) : IClassFixture<OwnAzuriteFixture>
{
    private const string Token = HostSettings.DefaultWebhookSecret;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private static readonly string Cases = Path.Combine(AppContext.BaseDirectory, "Iterable", "Webhooks", "system-webhooks.ndjson");

    [Fact]
    public async Task Every_type_of_webhook_arrives_at_Segment_as_its_event()
    {
        await using var app = await StartAsync();
        var rows = (await File.ReadAllLinesAsync(Cases)).Select(line => JsonNode.Parse(line)!).ToList();

        foreach (var row in rows)
        {
            var answer = await PostAsync(app, row["webhook"]!.ToJsonString());
            Assert.Equal((HttpStatusCode.OK, "delivered", (string?)row["track"]!["event"]), (answer.Status, (string?)answer.Body["status"], (string?)answer.Body["event"]));
        }

        Assert.Equal(rows.Select(row => (string?)row["track"]!["event"]), app.Segment.Events.Select(one => one.Event));
        Assert.All(app.Segment.Calls, call => Assert.Null(call.Message));
    }

    [Fact]
    public async Task Array_is_taken_as_several_with_a_result_for_each_and_goes_out_in_one_batch()
    {
        await using var app = await StartAsync();

        var answer = await PostAsync(app, $$"""[{{Open(1)}},{},{"eventName":"inAppRecall"},{{Open(2)}}]""");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(["delivered", "rejected", "ignored", "delivered"], answer.Statuses);
        Assert.Equal("missing_event_name", (string?)answer.Body["results"]![1]!["code"]);
        Assert.Equal(2, Assert.Single(app.Segment.Calls).Items);
    }

    [Fact]
    public async Task Array_that_is_larger_than_a_batch_goes_out_in_several()
    {
        await using var app = await StartAsync();
        var body = $"[{string.Join(',', Enumerable.Range(0, 2_501).Select(i => $$"""{"userId":"u{{i}}","eventName":"pushOpen","dataFields":{"createdAt":"2026-03-04 05:06:07 +00:00"} }"""))}]";

        var answer = await PostAsync(app, body);

        Assert.Equal(2_501, answer.Statuses.Count(status => status is "delivered" or "queued"));
        await UntilAsync(() => app.Segment.Events.Count == 2_501);
        Assert.All(app.Segment.Calls, call => Assert.InRange(call.Body.Length, 1, 500_000));
        Assert.All(app.Segment.Calls, call => Assert.Null(call.Message));
    }

    [Theory]
    [InlineData("Authorization", Token)]
    [InlineData("Authorization", "Basic " + Token)]
    [InlineData("Authorization", "OAuth2 " + Token)]
    [InlineData("Authorization", "Bearer " + Token)]
    [InlineData("X-Webhook-Key", Token)]
    public async Task Token_is_taken_wherever_Iterable_can_put_it(string header, string value)
    {
        await using var app = await StartAsync();
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(app, Open(1), header, value)).Status);
    }

    [Theory]
    [InlineData(null, null, "missing_token")]
    [InlineData("Authorization", "", "missing_token")]
    [InlineData("Authorization", "Basic wrong", "wrong_token")]
    [InlineData("X-Webhook-Key", "wrong", "wrong_token")]
    [InlineData("X-Webhook-Key", "Basic " + Token, "wrong_token")]
    [InlineData("Api-Key", Token, "missing_token")]
    public async Task Request_without_the_token_is_401_and_goes_nowhere(string? header, string? value, string code)
    {
        await using var app = await StartAsync();

        var answer = await PostAsync(app, Open(1), header, value);

        Assert.Equal((HttpStatusCode.Unauthorized, code, "application/problem+json"), (answer.Status, answer.Code, answer.ContentType));
        Assert.Empty(app.Segment.Calls);
    }

    [Fact]
    public async Task Two_tokens_are_taken_while_one_is_rotated()
    {
        await using var app = await StartAsync(new() { ["Iterable__WebhookSecret"] = "old, new" });
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(app, Open(1), "Authorization", "OAuth2 old")).Status);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(app, Open(2), "X-Webhook-Key", "new")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await PostAsync(app, Open(3))).Status);
    }

    [Fact]
    public async Task Without_a_secret_the_webhook_is_closed()
    {
        // The local host has a secret by default; a comma holds none.
        await using var app = await StartAsync(new() { ["Iterable__WebhookSecret"] = "," });
        Assert.Equal("closed", (await PostAsync(app, Open(1), "Authorization", ",")).Code);
        Assert.Equal("closed", (await PostAsync(app, Open(1), null, null)).Code);
    }

    [Theory]
    [InlineData("", 400, "invalid_json")]
    [InlineData("{", 400, "invalid_json")]
    [InlineData("null", 400, "not_an_object")]
    [InlineData("\"emailOpen\"", 400, "not_an_object")]
    [InlineData("[]", 400, "no_messages")]
    [InlineData("[[]]", 400, "all_rejected")]
    [InlineData("[1e999]", 400, "number_out_of_range")]
    [InlineData("""{"type":"track","event":"Email Opened","userId":"u"}""", 400, "missing_event_name")]
    [InlineData("""{"eventName":"emailOpen","email":{"x":1}}""", 400, "invalid_email")]
    public async Task Body_that_is_no_event_is_refused_by_name(string body, int status, string code)
    {
        await using var app = await StartAsync();
        var answer = await PostAsync(app, body);
        Assert.Equal(((HttpStatusCode)status, code, "application/problem+json"), (answer.Status, answer.Code, answer.ContentType));
        Assert.Empty(app.Segment.Calls);
    }

    [Fact]
    public async Task Hostile_bodies_are_refused_or_arrive_within_what_Segment_takes()
    {
        await using var app = await StartAsync();
        var deep = $"{new string('[', 70)}{new string(']', 70)}";
        foreach (var body in new[]
        {
            deep,
            $$"""{"eventName":"emailOpen","userId":"u","dataFields":{"x":{{deep}}} }""",
            $$"""{"eventName":"emailOpen","userId":"{{new string('u', 100_000)}}"}""",
            $$"""{"eventName":"{{new string('e', 100_000)}}","userId":"u"}""",
        })
        {
            Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(app, body)).Status);
        }

        foreach (var fields in new[]
        {
            $"\"x\":\"{new string('\u2028', 60_000)}\"",
            $"\"{new string('n', 100_000)}\":1",
            string.Join(',', Enumerable.Range(0, 20_000).Select(i => $"\"f{i}\":{i}")),
            $"\"linkUrl\":\"{new string('x', 100_000)}\",\"userAgent\":\"{new string('x', 100_000)}\",\"emailListIds\":[{string.Join(',', Enumerable.Repeat("1", 50_000))}]",
            "\"a\":\"\\ud83d\",\"\\u0000\":\"\\u0000\",\"__proto__\":{}",
        })
        {
            var answer = await PostAsync(app, $$"""{"eventName":"emailOpen","userId":"u","dataFields":{"createdAt":"2026-03-04 05:06:07 +00:00",{{fields}}} }""");
            Assert.Equal("delivered", (string?)answer.Body["status"]);
        }

        Assert.Equal(5, app.Segment.Events.Count);
        Assert.All(app.Segment.Events, one => Assert.InRange(Encoding.UTF8.GetByteCount(one.Json), 1, TrackingEvent.MaxBytes));

        Assert.Equal("body_too_large", (await PostAsync(app, new string(' ', RequestBody.MaxBytes + 1))).Code);
        using var zipped = new ByteArrayContent([1, 2, 3]);
        zipped.Headers.ContentEncoding.Add("gzip");
        zipped.Headers.Add("X-Webhook-Key", Token);
        using var refused = await app.Client.PostAsync(new Uri("api/iterable", UriKind.Relative), zipped);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, refused.StatusCode);
        Assert.Empty(app.Logs.At(LogLevel.Error).Concat(app.Logs.At(LogLevel.Critical)));
    }

    [Fact]
    public async Task Damaged_bodies_are_refused_or_become_events_that_Segment_takes()
    {
        const int Bodies = 1_000;
        await using var app = await StartAsync();
        var webhooks = (await File.ReadAllLinesAsync(Cases)).Select(line => JsonNode.Parse(line)!["webhook"]!.ToJsonString()).ToList();
        var random = new Random(9);
        var (taken, refused) = (0, 0);

        for (var index = 0; index < Bodies; index++)
        {
            var body = Mutations.Mutate(Encoding.UTF8.GetBytes(webhooks[random.Next(webhooks.Count)]), random, out var damage);
            using var request = new HttpRequestMessage(HttpMethod.Post, "api/iterable") { Content = new ByteArrayContent(body) };
            request.Headers.Add("X-Webhook-Key", Token);
            using var response = await app.Client.SendAsync(request);
            var said = $"{index}, damage {damage}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()} to {Encoding.UTF8.GetString(body)}";
            Assert.True(response.StatusCode is HttpStatusCode.OK or HttpStatusCode.BadRequest && (response.StatusCode == HttpStatusCode.OK || damage.Length > 0), said);
            using (var expected = Expectation.Parse(body))
                Assert.True(expected is not null || response.StatusCode == HttpStatusCode.BadRequest, said);
            _ = response.StatusCode == HttpStatusCode.OK ? taken++ : refused++;
        }

        Assert.True(taken > Bodies / 5 && refused > Bodies / 5, $"{taken} taken, {refused} refused");
        Assert.All(app.Segment.Calls, call => Assert.Equal((200, null), (call.Status, call.Message)));
        Assert.All(app.Segment.Events, one => Assert.InRange(Encoding.UTF8.GetByteCount(one.Json), 1, TrackingEvent.MaxBytes));
        Assert.Empty(app.Logs.At(LogLevel.Error).Concat(app.Logs.At(LogLevel.Critical)));
    }

    [Fact]
    public async Task Type_that_is_not_known_is_passed_on_with_a_warning_in_the_answer_and_the_log()
    {
        await using var app = await StartAsync();

        var answer = await PostAsync(app, """{"eventName":"carrierPigeonSend","email":"ann@example.org","dataFields":{"createdAt":"2026-03-04 05:06:07 +00:00"}}""");

        Assert.Equal(("delivered", "Carrier Pigeon Send"), ((string?)answer.Body["status"], (string?)answer.Body["event"]));
        Assert.NotNull((string?)answer.Body["warning"]);
        Assert.Contains(app.Logs.At(LogLevel.Warning), line => line.Contains("carrierPigeonSend", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Repeat_is_dropped_by_Segment_for_its_messageId()
    {
        await using var app = await StartAsync();

        var ids = new[] { await PostAsync(app, Open(1)), await PostAsync(app, Open(1)), await PostAsync(app, Open(2)) }.Select(answer => (string?)answer.Body["messageId"]).ToList();

        Assert.Equal(ids[0], ids[1]);
        Assert.NotEqual(ids[0], ids[2]);
        Assert.Equal([2, 1], app.Segment.Events.Select(one => one.Arrivals));
    }

    [Theory]
    [InlineData(FaultMode.Status, 503)]
    [InlineData(FaultMode.Status, 429)]
    [InlineData(FaultMode.StatusAfter, 500)]
    [InlineData(FaultMode.BreakBefore, 0)]
    [InlineData(FaultMode.BreakAfter, 0)]
    [InlineData(FaultMode.HangAfter, 0)]
    [InlineData(FaultMode.Hang, 0)]
    public async Task What_Segment_cannot_take_now_waits_and_arrives_once(FaultMode mode, int status)
    {
        await using var app = await (mode is FaultMode.Hang or FaultMode.HangAfter ? StartImpatientAsync() : StartAsync());
        // A broken connection is tried once more at once.
        app.Segment.AddFault(new() { Mode = mode, Status = status, HangSeconds = 9, Calls = mode is FaultMode.BreakBefore or FaultMode.BreakAfter ? 2 : 1 });

        var answer = await PostAsync(app, Open(1));

        Assert.Equal((HttpStatusCode.Accepted, "queued"), (answer.Status, (string?)answer.Body["status"]));
        await UntilAsync(() => app.Segment.Calls.Any(call => call is { Fault: null, Status: 200 }));
        Assert.Equal("Email Opened", Assert.Single(app.Segment.Events).Event);
    }

    [Fact]
    public async Task Segment_that_hangs_does_not_hold_Iterable()
    {
        await using var app = await StartImpatientAsync();
        app.Segment.AddFault(new() { Mode = FaultMode.Hang, Calls = -1, HangSeconds = 600 });
        // Far less than Segment hangs for; the client gives up when it is over.
        app.Client.Timeout = TimeSpan.FromSeconds(60);

        var answer = await PostAsync(app, $"[{string.Join(',', Enumerable.Range(0, 300).Select(Open))}]");

        Assert.Equal(300, answer.Statuses.Count(status => status == "queued"));
        app.Segment.ClearFaults();
        await UntilAsync(() => app.Segment.Events.Count == 300);
    }

    [Fact]
    public async Task Event_whose_sender_did_not_wait_for_the_answer_arrives_all_the_same()
    {
        await using var app = await StartImpatientAsync();
        app.Segment.AddFault(new() { Mode = FaultMode.Hang, HangSeconds = 60, Calls = 1 });
        using var gone = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/iterable") { Content = new StringContent(Open(1)) };
        request.Headers.Add("X-Webhook-Key", Token);

        var sending = app.Client.SendAsync(request, gone.Token);
        // On its way to Segment, which no longer has the fault in waiting.
        await UntilAsync(() => app.Segment.Faults.Armed().Count == 0);
        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        await UntilAsync(() => app.Segment.Events.Count == 1);
        Assert.Empty(app.Logs.At(LogLevel.Error));
    }

    [Fact]
    public async Task Refused_write_key_holds_events_back_and_none_is_lost()
    {
        var clock = new ForwardTimeProvider();
        await using var app = await StartAsync(clock: clock);
        app.Segment.AddFault(new() { Mode = FaultMode.RefuseKey, Calls = -1 });

        foreach (var i in Enumerable.Range(0, 20))
            Assert.Equal("queued", (string?)(await PostAsync(app, Open(i))).Body["status"]);

        // The first find out; the others are not even tried.
        Assert.InRange(app.Segment.Calls.Count, 1, 3);
        Assert.Contains("refused since", await app.Client.GetStringAsync(new Uri("api/health", UriKind.Relative)), StringComparison.Ordinal);
        Assert.Contains(app.Logs.At(LogLevel.Error), line => line.Contains("Segment__WriteKey", StringComparison.Ordinal));
        Assert.Equal("delivered", (string?)(await app.Client.PostAsync("""{"type":"track","event":"E","userId":"u"}""")).Body["status"]);

        app.Segment.ClearFaults();
        Assert.Empty(app.Segment.Events);
        // When the key is tried again.
        clock.Forward(TimeSpan.FromSeconds(31));
        await UntilAsync(() => app.Segment.Events.Count == 20);
        Assert.Empty(await ListAsync(app));
    }

    [Fact]
    public async Task Event_that_Segment_refuses_for_good_is_a_dead_letter_that_can_be_replayed()
    {
        await using var app = await StartAsync();
        app.Segment.AddFault(new() { Mode = FaultMode.Status, Status = 400, Calls = 1 });

        var answer = await PostAsync(app, Open(1));

        Assert.Equal((HttpStatusCode.OK, "failed"), (answer.Status, (string?)answer.Body["status"]));
        var letter = Assert.Single(await ListAsync(app))!;
        Assert.Equal((string?)answer.Body["deadLetterId"], (string?)letter["id"]);
        Assert.Equal(("Refused", "Segment", "/v1/batch"), ((string?)letter["reason"], (string?)letter["call"]!["target"], (string?)letter["call"]!["endpoint"]));
        Assert.Equal("Email Opened", (string?)letter["call"]!["body"]!["event"]);
        Assert.DoesNotContain("writeKey", letter.ToJsonString(), StringComparison.Ordinal);

        using var replayed = await app.Client.PostAsync(new Uri($"api/deadletters/{letter["id"]}/replay", UriKind.Relative), null);
        Assert.Equal(HttpStatusCode.NoContent, replayed.StatusCode);
        Assert.Equal((string?)answer.Body["messageId"], Assert.Single(app.Segment.Events).MessageId);
    }

    [Fact]
    public async Task One_event_that_Segment_refuses_costs_its_batch_nothing()
    {
        await using var app = await StartAsync();
        app.Segment.AddFault(new() { Mode = FaultMode.Status, Status = 400, Calls = -1, User = "u-2" });

        var answer = await PostAsync(app, $"[{string.Join(',', Enumerable.Range(1, 5).Select(Open))}]");

        Assert.Equal(["delivered", "failed", "delivered", "delivered", "delivered"], answer.Statuses);
        Assert.Equal(["u-1", "u-3", "u-4", "u-5"], app.Segment.Events.Select(one => one.UserId).Order());
    }

    [Fact]
    public async Task What_can_be_neither_delivered_nor_kept_is_503_with_a_time_to_come_back()
    {
        await using var app = await RunningApp.StartAsync("DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:9/a;QueueEndpoint=http://127.0.0.1:9/a;BlobEndpoint=http://127.0.0.1:9/a");
        app.Segment.AddFault(new() { Mode = FaultMode.Status, Status = 503, Calls = 2 });

        var answer = await PostAsync(app, Open(1));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.Status);
        Assert.NotNull(answer.RetryAfter);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await PostAsync(app, $"[{Open(1)},{Open(2)}]")).Status);
        Assert.Equal("delivered", (string?)(await PostAsync(app, Open(1))).Body["status"]);
    }

    [Fact]
    public async Task Event_that_waits_in_the_queue_stays_within_what_Segment_takes()
    {
        await using var app = await StartAsync();
        app.Segment.AddFault(new() { Mode = FaultMode.Status, Status = 503, Calls = 1 });
        // Escaped, as JSON that is written anew would have it, these take six bytes in place of two, and twelve in place of four.
        var text = new string('é', 7_500) + string.Concat(Enumerable.Repeat("😀", 3_500));

        Assert.Equal("queued", (string?)(await PostAsync(app, $$"""{"eventName":"emailOpen","userId":"u","dataFields":{"createdAt":"2026-03-04 05:06:07 +00:00","text":"{{text}}"} }""")).Body["status"]);

        await UntilAsync(() => app.Segment.Events.Count == 1);
        Assert.Equal(text, (string?)JsonNode.Parse(app.Segment.Events[0].Json)!["properties"]!["text"]);
    }

    [Fact]
    public async Task What_went_to_Segment_and_comes_back_by_its_webhook_is_recorded_and_not_forwarded()
    {
        await using var app = await StartAsync();
        foreach (var line in await File.ReadAllLinesAsync(Cases))
            await PostAsync(app, JsonNode.Parse(line)!["webhook"]!.ToJsonString());
        Assert.NotEmpty(app.Segment.Events);

        foreach (var one in app.Segment.Events)
        {
            var message = JsonNode.Parse(one.Json)!.AsObject();
            (message["receivedAt"], message["originalTimestamp"], message["version"], message["projectId"]) = ("2026-03-04T05:06:08.000Z", message["timestamp"]!.DeepClone(), 2, "p");
            var answer = await app.Client.PostAsync(message.ToJsonString());
            Assert.Equal(("ignored", true), ((string?)answer.Body["status"], (bool?)answer.Body["recorded"]));
            message.Remove("integrations");
            Assert.Equal("ignored", (string?)(await app.Client.PostAsync(message.ToJsonString())).Body["status"]);
        }

        Assert.Empty(app.Sandbox.Calls);
        // One person for each of those that the webhooks name, known by what Iterable knows of them; the anonymousId is an email, and an address that Iterable made up is none.
        Assert.Equal(["user_id:u-1001", "email:ada@example.org"], await IdentifiersAsync("user_id/u-1001"));
        Assert.Equal(["email:gone@example.org"], await IdentifiersAsync("email/gone%40example.org"));
        Assert.Equal(["user_id:u-9"], await IdentifiersAsync("user_id/u-9"));
        Assert.Equal(["user_id:567", "email:bo@example.org"], await IdentifiersAsync("email/bo%40example.org"));

        async Task<IEnumerable<string>> IdentifiersAsync(string person)
            => (await app.Client.GetFromJsonAsync<JsonNode>(new Uri($"api/profiles/{person}", UriKind.Relative)))!["identifiers"]!.AsArray().Select(id => $"{id!["type"]}:{id["id"]}");
    }

    [Fact]
    public async Task Neither_token_nor_write_key_nor_person_stands_in_the_logs()
    {
        await using var segment = await SandboxServer.StartAsync();
        await using var app = await StartAsync(new() { ["Iterable__WebhookSecret"] = "the-token-77", ["Segment__WriteKey"] = "the-write-key-88", ["Segment__BaseUrl"] = new Uri(segment.Client.BaseAddress!, "nowhere").ToString() });

        await PostAsync(app, Open(1), "X-Webhook-Key", "the-token-77");
        await PostAsync(app, Open(1), "X-Webhook-Key", "the-token-78");
        await PostAsync(app, """{"eventName":"ann@example.org","userId":"u"}""", "X-Webhook-Key", "the-token-77");

        var lines = Enum.GetValues<LogLevel>().SelectMany(app.Logs.At).ToList();
        Assert.Contains(lines, line => line.Contains("itbl-", StringComparison.Ordinal));
        foreach (var secret in new[] { "the-token-7", "the-write-key-88", "ann@" })
            Assert.DoesNotContain(lines, line => line.Contains(secret, StringComparison.Ordinal));
    }

    private static string Open(int i) => $$"""{"email":"ann{{i}}@example.org","userId":"u-{{i}}","eventName":"emailOpen","dataFields":{"createdAt":"2026-03-04 05:06:07 +00:00","messageId":"m-{{i}}","campaignId":7} }""";

    private static async Task<WebhookResponse> PostAsync(RunningApp app, string body, string? header = "X-Webhook-Key", string? value = Token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/iterable") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (header is not null)
            request.Headers.TryAddWithoutValidation(header, value);
        using var response = await app.Client.SendAsync(request);
        return new(response.StatusCode, response.Content.Headers.ContentType?.MediaType, response.Headers.RetryAfter?.Delta, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
    }

    private static async Task<JsonArray> ListAsync(RunningApp app) => (await app.Client.GetFromJsonAsync<JsonNode>(new Uri("api/deadletters", UriKind.Relative)))!["deadLetters"]!.AsArray();

    /// <summary>Where Segment hangs, how long it is waited for is the point.</summary>
    private Task<RunningApp> StartImpatientAsync() => StartAsync(new() { ["Segment__Patience"] = "00:00:00.5" }, TimeProvider.System);

    private async Task<RunningApp> StartAsync(Dictionary<string, string?>? settings = null, TimeProvider? clock = null)
    {
        await azurite.ClearAsync();
        settings ??= [];
        settings["AzureFunctionsJobHost__extensions__queues__maxPollingInterval"] = "00:00:00.2";
        // On a busy machine half a second is not much.
        settings.TryAdd("Segment__Patience", "00:00:05");
        // A queue counts whole seconds: a retry after one.
        (settings["Delivering__FirstRetry"], settings["Delivering__LongestRetry"]) = ("00:00:00.8", "00:00:00.8");
        return await RunningApp.StartAsync(azurite.ConnectionString, settings: settings, clock: clock);
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!holds())
            await Task.Delay(20, limit.Token);
    }
}
