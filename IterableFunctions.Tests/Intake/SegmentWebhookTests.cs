using System.Net;
using System.Text;
using IterableFunctions.Intake;
using IterableFunctions.LocalHost.Sandbox;
using IterableFunctions.Segment;
using IterableFunctions.Tests.LocalHost;
using IterableFunctions.Tests.Sandbox;
using Microsoft.Extensions.Logging;

namespace IterableFunctions.Tests.Intake;

/// <summary>The whole way from a posted body to Iterable, in a running app with the sandbox for Iterable.</summary>
public sealed class SegmentWebhookTests(OwnAzuriteFixture azurite) : IClassFixture<OwnAzuriteFixture>
{
    private const string Track = """{"type":"track","messageId":"m-1","event":"Video Played","userId":"u-1","context":{"traits":{"email":"ann@example.com"}},"properties":{"a":1}}""";

    [Fact]
    public async Task Signed_message_arrives_at_Iterable()
    {
        await using var app = await StartAsync();

        var answer = await app.Client.PostAsync(Track);

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("delivered", (string?)answer.Body["status"]);
        Assert.Equal("m-1", (string?)answer.Body["messageId"]);
        Assert.Equal("/api/events/track", (string?)answer.Body["endpoint"]);
        Assert.Equal("Video Played", Assert.Single(app.Sandbox.EventsOf(email: "ann@example.com")).Name);
    }

    [Theory]
    [InlineData(null, "missing_signature")]
    [InlineData("123", "malformed_signature")]
    [InlineData("0000000000000000000000000000000000000000", "wrong_signature")]
    public async Task Message_that_is_not_signed_rightly_is_401_and_goes_nowhere(string? signature, string code)
    {
        await using var app = await StartAsync();

        var answer = await app.Client.PostAsync(Encoding.UTF8.GetBytes(Track), signature);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.Status);
        Assert.Equal(code, answer.Code);
        Assert.Equal("application/problem+json", answer.ContentType);
        Assert.Empty(app.Sandbox.Calls);
    }

    [Fact]
    public async Task Signature_is_taken_in_upper_case_too()
    {
        await using var app = await StartAsync();

        var answer = await app.Client.PostAsync(Track, WebhookSignature.Sign(Encoding.UTF8.GetBytes(Track), Webhook.Secret).ToUpperInvariant());

        Assert.Equal(HttpStatusCode.OK, answer.Status);
    }

    [Theory]
    [InlineData("""{"type":"track","userId":"u"}""", "missing_event")]
    [InlineData("""{"type":"track","event":"E"}""", "missing_identifier")]
    [InlineData("""{"type":"track","event":"E","anonymousId":"00000000-0000"}""", "missing_identifier")]
    [InlineData("""{"type":"track","event":"Order Completed","userId":"u"}""", "invalid_total")]
    [InlineData("""{"userId":"u"}""", "missing_type")]
    [InlineData("""{"type":"track",""", "invalid_json")]
    [InlineData("", "invalid_json")]
    [InlineData("7", "not_an_object")]
    [InlineData("""{"batch":[]}""", "no_messages")]
    [InlineData("""{"batch":7}""", "missing_type")]
    public async Task Message_that_can_never_succeed_is_400_with_a_code_and_what_to_change(string body, string code)
    {
        await using var app = await StartAsync();

        var answer = await app.Client.PostAsync(body);

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal("application/problem+json", answer.ContentType);
        Assert.Equal(code, answer.Code);
        Assert.False(string.IsNullOrEmpty((string?)answer.Body["detail"]));
    }

    [Theory]
    [InlineData("group")]
    [InlineData("alias")]
    public async Task Call_that_Iterable_has_nothing_for_is_ignored_with_the_reason(string type)
    {
        await using var app = await StartAsync();

        var answer = await app.Client.PostAsync($$"""{"type":"{{type}}","userId":"u"}""");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("ignored", (string?)answer.Body["status"]);
        Assert.False(string.IsNullOrEmpty((string?)answer.Body["reason"]));
    }

    [Fact]
    public async Task Batch_has_a_result_for_each_message_in_order()
    {
        await using var app = await StartAsync();

        var answer = await app.Client.PostAsync($$"""{"batch":[{{Track}},{"type":"group","userId":"u"},{"type":"track","messageId":"bad","userId":"u"},{"type":"identify","userId":"u-2","traits":{"plan":"pro"} }],"sentAt":"2024-01-01T00:00:00Z"}""");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal(["delivered", "ignored", "rejected", "delivered"], answer.Statuses);
        Assert.Equal("bad", (string?)answer.Body["results"]![2]!["messageId"]);
        Assert.Equal("missing_event", (string?)answer.Body["results"]![2]!["code"]);
        Assert.Equal("pro", (string?)app.Sandbox.FindUser(userId: "u-2")!.DataFields["plan"]);
    }

    [Fact]
    public async Task Batch_of_which_nothing_can_be_taken_is_400()
    {
        await using var app = await StartAsync();

        var answer = await app.Client.PostAsync("""{"batch":[{"type":"track","userId":"u"},5]}""");

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal("all_rejected", answer.Code);
        Assert.Equal(["rejected", "rejected"], answer.Statuses);
    }

    [Fact]
    public async Task Messages_of_one_user_keep_their_order_whichever_identifier_they_bring()
    {
        // With profiles only the newest would be sent.
        await using var app = await StartAsync(new() { ["Personas__Enabled"] = "false" });
        var batch = string.Join(',', Enumerable.Range(0, 60).Select(i => (i % 3) switch
        {
            0 => $$"""{"type":"identify","userId":"u-1","traits":{"email":"ann@example.com","n":{{i}} } }""",
            1 => $$"""{"type":"identify","userId":"u-1","traits":{"n":{{i}} } }""",
            _ => $$"""{"type":"identify","traits":{"email":"Ann@Example.com","n":{{i}} } }""",
        }));

        var answer = await app.Client.PostAsync($$"""{"batch":[{{batch}}]}""");

        Assert.Equal(60, answer.Statuses.Count(status => status == "delivered"));
        Assert.Equal(Enumerable.Range(0, 60), app.Sandbox.Calls.OrderBy(call => call.Number).Select(call => (int)System.Text.Json.Nodes.JsonNode.Parse(call.Body.Span)!["dataFields"]!["n"]!));
    }

    [Fact]
    public async Task Array_is_refused_unless_the_settings_take_it()
    {
        await using var app = await StartAsync();

        var answer = await app.Client.PostAsync($"[{Track}]", WebhookSignature.Sign(Encoding.UTF8.GetBytes(Track), Webhook.Secret));

        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal("arrays_not_accepted", answer.Code);
    }

    [Fact]
    public async Task Array_needs_the_header_secret_besides_the_signature_of_its_first_message()
    {
        await using var app = await StartAsync(new() { ["Segment__AcceptArrays"] = "true", ["Segment__HeaderSecret"] = "h3ader" });
        var body = $$"""[ {{Track}} , {"type":"identify","userId":"u-2"}]""";
        var signature = WebhookSignature.Sign(Encoding.UTF8.GetBytes(Track), Webhook.Secret);

        Assert.Equal("wrong_header_secret", (await app.Client.PostAsync(body, signature)).Code);
        foreach (var wrong in (string[])["", "other!", "h3adeR", "h3ade", "h3ader2", "H3ADER", "4eader", "h3ader,h3ader", Webhook.Secret])
            Assert.Equal((HttpStatusCode.Unauthorized, "wrong_header_secret"), await RefusalAsync(wrong));
        Assert.Equal("wrong_signature", (await app.Client.PostAsync(body, headerSecret: "h3ader")).Code);
        Assert.Empty(app.Sandbox.Calls);
        Assert.Equal(["delivered", "delivered"], (await app.Client.PostAsync(body, signature, "h3ader")).Statuses);

        async Task<(HttpStatusCode, string?)> RefusalAsync(string headerSecret) => await app.Client.PostAsync(body, signature, headerSecret) is var answer ? (answer.Status, answer.Code) : default;
    }

    [Fact]
    public async Task Body_is_taken_up_to_512_KB()
    {
        await using var app = await StartAsync();
        var largest = Padded(RequestBody.MaxBytes);

        Assert.Equal(HttpStatusCode.OK, (await app.Client.PostAsync(largest)).Status);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await app.Client.PostAsync(largest + " ")).Status);
        Assert.Equal("body_too_large", (await app.Client.PostAsync(Padded(1_400_000))).Code);
        Assert.StartsWith("HTTP/1.1 413", await RawAsync(app, "POST /api/segment HTTP/1.1\r\nHost: localhost\r\nContent-Length: 40000000\r\n\r\n" + new string(' ', 1_100_000)), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 400", await RawAsync(app, "POST /api/segment HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n"), StringComparison.Ordinal);

        static string Padded(int length)
        {
            const string message = """{"type":"group","userId":"u","x":"?"}""";
            return message.Replace("?", new string('x', length - message.Length + 1), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Recording_without_forwarding_is_refused_where_there_is_nothing_to_record_to()
    {
        await using var app = await StartAsync(new() { ["Personas__Enabled"] = "false" });
        using var answer = await app.Client.PostAsync(new Uri("api/segment?forward=false", UriKind.Relative), new StringContent(Track));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Empty(app.Sandbox.Calls);
    }

    /// <summary>What the app answers to bytes that no HTTP client would send.</summary>
    private static async Task<string> RawAsync(RunningApp app, string request)
    {
        using var client = new System.Net.Sockets.TcpClient();
        await client.ConnectAsync(app.Settings.Address.Host, app.Settings.Address.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        var answer = new byte[1000];
        return Encoding.ASCII.GetString(answer, 0, await stream.ReadAsync(answer));
    }

    [Fact]
    public async Task Body_that_is_not_UTF8_or_compressed_is_refused_by_name()
    {
        await using var app = await StartAsync();
        var latin = Encoding.Latin1.GetBytes("""{"type":"group","userId":"é"}""");
        Assert.Equal("invalid_utf8", (await app.Client.PostAsync(latin, WebhookSignature.Sign(latin, Webhook.Secret))).Code);

        using var content = new ByteArrayContent([1, 2, 3]);
        content.Headers.ContentEncoding.Add("gzip");
        using var answer = await app.Client.PostAsync(new Uri("api/segment", UriKind.Relative), content);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
    }

    [Theory]
    [InlineData(FaultMode.Status, 503, "Http503")]
    [InlineData(FaultMode.Status, 429, "RateLimitExceeded")]
    [InlineData(FaultMode.RefuseKey, 401, "BadApiKey")]
    public async Task What_Iterable_cannot_take_now_is_202_queued_with_the_reason(FaultMode mode, int status, string code)
    {
        await using var app = await StartAsync();
        app.Sandbox.AddFault(new() { Mode = mode, Status = status, Code = code.StartsWith("Http", StringComparison.Ordinal) ? null : code, Calls = -1 });

        var answer = await app.Client.PostAsync(Track);

        Assert.Equal(HttpStatusCode.Accepted, answer.Status);
        Assert.Equal("queued", (string?)answer.Body["status"]);
        Assert.Equal(code, answer.Code);
    }

    [Fact]
    public async Task What_can_be_neither_delivered_nor_kept_is_503_with_a_time_to_come_back()
    {
        await using var app = await RunningApp.StartAsync("DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:9/a;QueueEndpoint=http://127.0.0.1:9/a;BlobEndpoint=http://127.0.0.1:9/a", settings: new Dictionary<string, string?> { ["Personas__Enabled"] = "false" });
        app.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 503, Calls = 1 });

        var answer = await app.Client.PostAsync(Track);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.Status);
        Assert.NotNull(answer.RetryAfter);
        Assert.Equal("delivered", (string?)(await app.Client.PostAsync(Track)).Body["status"]);
    }

    [Fact]
    public async Task What_Iterable_refuses_for_good_is_200_failed_with_its_code()
    {
        await using var app = await StartAsync();
        await app.Client.PostAsync("""{"type":"identify","userId":"u","traits":{"n":1}}""");

        var answer = await app.Client.PostAsync("""{"type":"identify","userId":"u","traits":{"n":"text"}}""");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal("failed", (string?)answer.Body["status"]);
        Assert.Equal("RequestFieldsTypesMismatched", answer.Code);
        Assert.NotNull((string?)answer.Body["deadLetterId"]);
    }

    [Theory]
    [InlineData(FaultMode.BreakBefore)]
    [InlineData(FaultMode.BreakAfter)]
    public async Task Broken_connection_is_tried_once_more_and_nothing_is_doubled(FaultMode mode)
    {
        await using var app = await StartAsync();
        app.Sandbox.AddFault(new() { Mode = mode, Calls = 1 });

        Assert.Equal("delivered", (string?)(await app.Client.PostAsync(Track)).Body["status"]);

        Assert.Single(app.Sandbox.EventsOf(email: "ann@example.com"));
    }

    [Fact]
    public async Task Iterable_that_hangs_does_not_hold_Segment_beyond_its_five_seconds()
    {
        // All five times as slow, so that what the machine has to do besides counts for less.
        const int Times = 5;
        await using var app = await StartAsync(clock: new PatientTimeProvider(Times));
        app.Sandbox.AddFault(new() { Mode = FaultMode.Hang, Calls = -1, HangSeconds = 30 });
        var batch = string.Join(',', Enumerable.Range(0, 100).Select(i => $$"""{"type":"track","event":"E","userId":"u-{{i}}"}"""));
        // What Segment allows; the client gives up when it is over.
        app.Client.Timeout = TimeSpan.FromSeconds(5) * Times;

        var answer = await app.Client.PostAsync($$"""{"batch":[{{batch}}]}""");

        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.All(answer.Statuses, status => Assert.Equal("queued", status));
    }

    [Fact]
    public async Task Logs_hold_no_key_secret_or_email_above_debug()
    {
        await using var app = await StartAsync(new() { ["Segment__SharedSecret"] = "the-shared-secret" });
        var signature = WebhookSignature.Sign(Encoding.UTF8.GetBytes(Track), "the-shared-secret");
        foreach (var fault in (FaultMode[])[FaultMode.RefuseKey, FaultMode.Status, FaultMode.BreakBefore])
        {
            app.Sandbox.AddFault(new() { Mode = fault, Calls = 2 });
            await app.Client.PostAsync(Track, signature);
            app.Sandbox.ClearFaults();
        }

        app.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 400, Calls = 1 });
        await app.Client.PostAsync(Track, signature);
        await app.Client.PostAsync("""{"ann@example.com":""", "bad");
        app.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 429, Calls = 1 });
        var named = """{"type":"track","messageId":"ann@example.com\nFAKE","event":"E","userId":"u"}""";
        await app.Client.PostAsync(named, WebhookSignature.Sign(Encoding.UTF8.GetBytes(named), "the-shared-secret"));

        var lines = Enum.GetValues<LogLevel>().Where(level => level > LogLevel.Debug).SelectMany(app.Logs.At).ToList();
        Assert.Contains(lines, line => line.Contains("m-1", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Contains("ann@", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(lines, line => line.Contains("the-shared-secret", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("sha256:", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Contains("FAKE", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Contains("Api-Key", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Key_stays_out_of_the_logs_also_when_Iterable_refuses_it()
    {
        const string key = "the-api-key-7f3a";
        await using var iterable = await SandboxServer.StartAsync();
        await using var app = await StartAsync(new() { ["Iterable__ApiKey"] = key, ["Iterable__BaseUrl"] = new Uri(iterable.Client.BaseAddress!, "sandbox").ToString() });

        Assert.Equal("BadApiKey", (await app.Client.PostAsync(Track)).Code);

        var lines = Enum.GetValues<LogLevel>().SelectMany(app.Logs.At).ToList();
        Assert.Contains(lines, line => line.Contains("API key is refused", StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.Contains(key, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Health_says_what_is_configured_and_that_storage_answers_and_no_secret()
    {
        await using var app = await StartAsync();

        var report = await app.Client.GetStringAsync(new Uri("api/health", UriKind.Relative));

        Assert.Contains("\"status\":\"alive\"", report, StringComparison.Ordinal);
        Assert.Contains("\"storage\":\"answers\"", report, StringComparison.Ordinal);
        Assert.Contains("\"projectType\":\"Hybrid\"", report, StringComparison.Ordinal);
        Assert.DoesNotContain(Webhook.Secret, report, StringComparison.Ordinal);
        Assert.Empty(app.Sandbox.Calls);
    }

    [Fact]
    public async Task Health_stays_200_when_storage_is_away()
    {
        await using var app = await RunningApp.StartAsync("DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:9/a;QueueEndpoint=http://127.0.0.1:9/a;BlobEndpoint=http://127.0.0.1:9/a");

        var report = await app.Client.GetStringAsync(new Uri("api/health", UriKind.Relative));

        Assert.Contains("\"storage\":\"does not answer\"", report, StringComparison.Ordinal);
    }

    private async Task<RunningApp> StartAsync(Dictionary<string, string?>? settings = null, TimeProvider? clock = null)
    {
        await azurite.ClearAsync();
        return await RunningApp.StartAsync(azurite.ConnectionString, settings: settings, clock: clock);
    }
}
