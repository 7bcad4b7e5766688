using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IterableFunctions.Benchmarks;
using IterableFunctions.LocalHost.Sandbox;
using IterableFunctions.Segment;
using IterableFunctions.Tests.LocalHost;
using IterableFunctions.Tests.Sandbox;
using Microsoft.Extensions.Logging;

namespace IterableFunctions.Tests.Intake;

/// <summary>Alone, since memory is measured for the whole process.</summary>
[CollectionDefinition(nameof(HostileInputTests), DisableParallelization = true)]
public sealed class HostileInputCollection;

/// <summary>Whatever is posted, the app refuses it with a problem document or handles it rightly.</summary>
[Collection(nameof(HostileInputTests))]
public sealed class HostileInputTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>, IAsyncLifetime
{
    private const string Secret = "local-secret";
    private const string HeaderSecret = "header-secret";
    private const int BodiesPerSeed = 4_000;

    private static readonly string Head = $"POST /api/segment HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Signature: {new string('0', 40)}\r\n";
    private static readonly string[] Statuses = ["delivered", "ignored", "recorded", "deleted", "failed", "rejected"];

    private SandboxServer _iterable = null!;
    private RunningApp _app = null!;

    public static readonly string[] EnvelopeFields =
    [
        "type", "name", "event", "userId", "traits", "sentAt", "context", "channel", "groupId", "version", "category", "writeKey", "timestamp", "messageId", "projectId", "properties",
        "receivedAt", "previousId", "anonymousId", "integrations", "originalTimestamp",
    ];

    /// <summary>One in an ordinary run, 25 more with <c>LONG_TESTS=1</c>.</summary>
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, Environment.GetEnvironmentVariable("LONG_TESTS") == "1" ? 26 : 1)];

    public static TheoryData<string> Fields => [.. EnvelopeFields];

    public async Task InitializeAsync()
    {
        _iterable = await SandboxServer.StartAsync(new SandboxOptions
        {
            ApiKey = SandboxServer.Key,
            RateLimits = false,
            RememberedCalls = 100,
            RememberedBytesPerCall = 1 << 20,
            ProfileFieldLimit = 1_000_000,
        });
        _app = await RunningApp.StartAsync(azurite.ConnectionString, settings: new Dictionary<string, string?>
        {
            ["Iterable__BaseUrl"] = new Uri(_iterable.Client.BaseAddress!, "/sandbox").ToString(),
            ["Iterable__ApiKey"] = SandboxServer.Key,
            ["Segment__SharedSecret"] = Secret,
            ["Segment__AcceptArrays"] = "true",
            ["Segment__HeaderSecret"] = HeaderSecret,
        });
    }

    public async Task DisposeAsync()
    {
        await _app.DisposeAsync();
        await _iterable.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Damaged_bodies_are_refused_with_a_problem_or_handled_rightly(int seed)
    {
        var random = new Random(seed);
        using var messages = new Traffic(seed).Messages(int.MaxValue).GetEnumerator();
        var lastCall = 0L;
        var (taken, refused, compared) = (0, 0, 0);
        for (var index = 0; index < BodiesPerSeed; index++)
        {
            var body = Mutations.Mutate(Body(messages, random), random, out var damage);
            var (status, type, answer) = await PostAsync(body);
            var calls = _iterable.Sandbox.CallsAfter(lastCall, int.MaxValue);
            lastCall = calls.Count > 0 ? calls[^1].Number : lastCall;
            try
            {
                CheckAnswer(status, type, answer);
                using var expected = Expectation.Parse(body);
                if (expected is null)
                    Assert.InRange(status, 400, 499);
                else if (damage.Length == 0)
                    Assert.Equal(200, status);
                CheckCalls(expected, answer, calls, ref compared);
                _ = status == 200 ? taken++ : refused++;
            }
            catch (Exception e)
            {
                Assert.Fail($"Seed {seed}, index {index}, damage {damage}: {e.Message}\nBody: {Encoding.UTF8.GetString(body)}\nAnswer: {status} {answer}\nCalls: {string.Join('\n', calls.Select(call => Encoding.UTF8.GetString(call.Body.Span)))}");
            }
        }

        Assert.Empty(_app.Logs.At(LogLevel.Error).Concat(_app.Logs.At(LogLevel.Critical)));
        Assert.True(taken > BodiesPerSeed / 5 && refused > BodiesPerSeed / 5 && compared > BodiesPerSeed / 5, $"Seed {seed} is a poor one: {taken} bodies taken, {refused} refused, {compared} calls compared.");
    }

    [Theory]
    [MemberData(nameof(Fields))]
    public async Task A_repeated_envelope_field_is_refused(string field)
    {
        var message = new JsonObject { ["type"] = "track", ["event"] = "E", ["userId"] = "u1", [field] = field == "type" ? "track" : new JsonObject() };
        var text = message.ToJsonString();
        var escaped = $"\\u{(int)field[0]:x4}{field[1..]}";

        foreach (var name in new[] { field, escaped })
            await RefusedAsync(400, "repeated_field", $"{text[..^1]},\"{name}\":null}}");
    }

    [Fact]
    public async Task A_batch_that_is_given_twice_is_refused_as_one_of_the_two_would_be_lost()
        => await RefusedAsync(400, "repeated_field", """{"batch":[{"type":"track","event":"A","userId":"u1"}],"batch":[{"type":"track","event":"B","userId":"u1"}]}""");

    [Theory]
    [InlineData("""{"type":"track","event":"E","userId":1e999}""")]
    [InlineData("""{"type":"track","event":"E","userId":"u","properties":{"a":[{"b":-1e999}]}}""")]
    [InlineData("""{"type":"track","event":"E","userId":"u","unknown":1E+400}""")]
    [InlineData("""{"batch":[{"type":"track","event":"E","userId":"u"},{"a":1e999}]}""")]
    [InlineData("1e999")]
    public async Task A_number_that_no_double_holds_is_refused(string body) => await RefusedAsync(400, "number_out_of_range", body);

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("\0")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("\"\\ud800\"")]
    [InlineData("{}")]
    [InlineData("{\"batch\":[]}")]
    [InlineData("{\"batch\":[null,1,[],{}]}")]
    [InlineData("{\"type\":{\"type\":\"track\"}}")]
    public async Task What_is_no_message_is_refused(string body)
    {
        var (status, type, answer) = await PostAsync(Encoding.UTF8.GetBytes(body));

        Assert.Equal(400, status);
        CheckAnswer(status, type, answer);
    }

    [Fact]
    public async Task Nesting_is_taken_up_to_64_levels_and_refused_beyond()
    {
        Assert.Equal(200, (await PostAsync(Encoding.UTF8.GetBytes(Nested(62)))).Status);
        await RefusedAsync(400, "too_deep", Nested(63));
        await RefusedAsync(400, "too_deep", Nested(200_000));

        static string Nested(int levels) => $$$"""{"type":"track","event":"E","userId":"u","properties":{"a":{{{new string('[', levels)}}}{{{new string(']', levels)}}}}}""";
    }

    [Fact]
    public async Task A_lone_half_of_a_surrogate_pair_arrives_as_the_replacement_character()
    {
        var (status, _, _) = await PostAsync("""{"type":"track","event":"E\ud800","userId":"u\udfff","messageId":"m\ud83d","properties":{"\ud800":"a\ud83d"}}"""u8.ToArray());

        Assert.Equal(200, status);
        var call = JsonNode.Parse(_iterable.Sandbox.Calls[^1].Body.Span)!;
        Assert.Equal(("E\uFFFD", "u\uFFFD", "m\uFFFD", "a\uFFFD"), ((string?)call["eventName"], (string?)call["userId"], (string?)call["id"], (string?)call["dataFields"]!["\uFFFD"]));
    }

    [Theory]
    [InlineData(600 * 1024)]
    [InlineData((512 * 1024) + 1)]
    public async Task A_body_that_is_too_large_gets_an_answer_that_can_be_read(int length)
        => await RefusedAsync(413, "body_too_large", new string(' ', length));

    [Theory]
    [InlineData("Content-Length: 40000000\r\n\r\n", 413, "body_too_large")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400, "unreadable_body")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n2\r\n{}{}\r\n", 400, "unreadable_body")]
    public async Task A_body_that_cannot_be_read_off_the_connection_is_refused_with_a_problem(string rest, int status, string code)
    {
        using var client = await ConnectAsync();
        await client.SendAsync(Encoding.ASCII.GetBytes($"{Head}Connection: close\r\n{rest}"));

        var answer = await ReadToEndAsync(client);

        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.Contains("application/problem+json", answer, StringComparison.Ordinal);
        Assert.Contains($"\"code\":\"{code}\"", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connections_that_announce_much_and_send_little_hold_little_memory()
    {
        await DeliveredAsync();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var clients = new List<Socket>();
        try
        {
            for (var i = 0; i < 200; i++)
                clients.Add(await BeginAsync());
            foreach (var client in clients)
                await client.SendAsync("{\"type\":\"t"u8.ToArray());
            await DeliveredAsync();

            var grown = GC.GetTotalMemory(forceFullCollection: true) - before;

            Assert.True(grown < 20_000_000, $"200 connections hold {grown:N0} bytes.");
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    [Fact]
    public async Task Connections_that_break_in_the_middle_of_a_body_leave_the_app_answering()
    {
        for (var i = 0; i < 50; i++)
        {
            using var client = await BeginAsync();
            await client.SendAsync("{\"type\":\"t"u8.ToArray());
            // Half are reset, half are closed in order.
            if (i % 2 == 0)
                client.LingerState = new LingerOption(true, 0);
            else
                client.Shutdown(SocketShutdown.Send);
        }

        await DeliveredAsync();

        // Kestrel itself may log that nothing is left to drain.
        Assert.DoesNotContain("The function SegmentWebhook failed", _app.Logs.At(LogLevel.Error));
    }

    private static byte[] Body(IEnumerator<JsonObject> messages, Random random)
    {
        var shape = random.Next(4);
        var parts = new List<string>();
        for (var left = shape < 2 ? 1 : random.Next(1, 5); left > 0 && messages.MoveNext(); left--)
            parts.Add(messages.Current.ToJsonString());
        var joined = string.Join(',', parts);
        return Encoding.UTF8.GetBytes(shape switch { < 2 => joined, 2 => $"{{\"batch\":[{joined}]}}", _ => $"[{joined}]" });
    }

    private static void CheckAnswer(int status, string? type, string answer)
    {
        Assert.True(status == 200 || status is >= 400 and < 500, $"Status {status}");
        var json = JsonNode.Parse(answer)!;
        if (status == 200)
        {
            Assert.All(Results(json), result => Assert.Contains((string?)result["status"], Statuses));
            return;
        }

        Assert.Equal("application/problem+json", type);
        Assert.Equal(status, (int?)json["status"]);
        Assert.False(string.IsNullOrEmpty((string?)json["code"]), "No code");
        Assert.False(string.IsNullOrEmpty((string?)json["detail"]), "No detail");
    }

    /// <summary>Iterable was told what the messages say, about the users they name, and nothing else.</summary>
    private static void CheckCalls(JsonDocument? body, string answer, IReadOnlyList<SandboxCall> calls, ref int compared)
    {
        var results = Results(JsonNode.Parse(answer)!).ToList();
        Assert.Equal(results.Count(result => (string?)result["status"] is "delivered" or "failed"), calls.Count);
        if (calls.Count == 0)
            return;

        Assert.NotNull(body);
        var root = body.RootElement;
        var several = root.ValueKind == JsonValueKind.Array ? root : Expectation.Get(root, "type") is null ? Expectation.Get(root, "batch") : null;
        var messages = several is { ValueKind: JsonValueKind.Array } array ? array.EnumerateArray().ToList() : [root];
        Assert.Equal(messages.Count, results.Count);
        foreach (var (message, result) in messages.Zip(results))
        {
            var repeated = Expectation.Names(message).Where(EnvelopeFields.Contains).GroupBy(name => name).Any(group => group.Count() > 1);
            if (repeated)
                Assert.Equal("repeated_field", (string?)result["code"]);
        }

        foreach (var call in calls)
        {
            using var sent = JsonDocument.Parse(call.Body);
            Assert.Contains(messages, message => IsOf(sent.RootElement, call.Endpoint, message));
            compared++;
        }
    }

    private static bool IsOf(JsonElement sent, string endpoint, JsonElement message)
    {
        var address = Expectation.Get(sent, "user") ?? sent;
        var userId = Expectation.Text(Expectation.Get(message, "userId"));
        if ((string.IsNullOrEmpty(userId?.Trim(' ', '\t', '\r', '\n')) ? null : userId) != Expectation.Text(Expectation.Get(address, "userId")))
            return false;
        if (endpoint != "events/track" || Expectation.Text(Expectation.Get(message, "type")) != "track")
            return true;

        var properties = Expectation.Get(message, "properties") is { ValueKind: JsonValueKind.Object } fields ? Expectation.Normalize(fields, rewriteDates: true) : "{}";
        return Expectation.Text(Expectation.Get(message, "event")) == Expectation.Text(Expectation.Get(sent, "eventName"))
            && properties == Expectation.Normalize(Expectation.Get(sent, "dataFields")!.Value, rewriteDates: false);
    }

    private static IEnumerable<JsonNode> Results(JsonNode answer)
        => answer["results"] is JsonArray results ? results.Select(result => result!) : answer["status"]!.GetValueKind() == JsonValueKind.String ? [answer] : [];

    private async Task RefusedAsync(int status, string code, string body)
    {
        var (actual, type, answer) = await PostAsync(Encoding.UTF8.GetBytes(body));

        CheckAnswer(actual, type, answer);
        Assert.Equal((status, code), (actual, (string?)JsonNode.Parse(answer)!["code"]));
    }

    private async Task DeliveredAsync()
        => Assert.Equal(200, (await PostAsync("""{"type":"track","event":"E","userId":"u1"}"""u8.ToArray())).Status);

    private async Task<(int Status, string? Type, string Answer)> PostAsync(byte[] body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_app.App.Urls.First() + "/api/segment")) { Content = new ByteArrayContent(body) };
        request.Headers.Add("X-Signature", WebhookSignature.Sign(Signed(body), Secret));
        request.Headers.Add("X-Segment-Secret", HeaderSecret);
        using var response = await _app.Client.SendAsync(request);
        return ((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType, await response.Content.ReadAsStringAsync());
    }

    /// <summary>What Segment signs: the body, or the first message of an array.</summary>
    private static byte[] Signed(byte[] body)
    {
        try
        {
            var reader = new Utf8JsonReader(body, isFinalBlock: false, default);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray || !reader.Read())
                return body;
            var start = (int)reader.TokenStartIndex;
            return reader.TrySkip() ? body[start..(int)reader.BytesConsumed] : body;
        }
        catch (JsonException)
        {
            return body;
        }
    }

    private async Task<Socket> ConnectAsync()
    {
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(IPAddress.Loopback, new Uri(_app.App.Urls.First()).Port);
        return client;
    }

    /// <summary>A request of which the app awaits the body: it has asked for it.</summary>
    private async Task<Socket> BeginAsync()
    {
        var client = await ConnectAsync();
        await client.SendAsync(Encoding.ASCII.GetBytes($"{Head}Content-Length: {512 * 1024}\r\nExpect: 100-continue\r\n\r\n"));
        var buffer = new byte[256];
        var length = await client.ReceiveAsync(buffer);
        Assert.StartsWith("HTTP/1.1 100", Encoding.ASCII.GetString(buffer, 0, length), StringComparison.Ordinal);
        return client;
    }

    private static async Task<string> ReadToEndAsync(Socket client)
    {
        using var stream = new NetworkStream(client);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync();
    }
}
