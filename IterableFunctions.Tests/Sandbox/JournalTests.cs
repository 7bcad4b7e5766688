using System.Text;
using IterableFunctions.LocalHost.Sandbox;

namespace IterableFunctions.Tests.Sandbox;

/// <summary>The project outlives its process.</summary>
public sealed class JournalTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sandbox").FullName;

    private string DataFile => Path.Combine(_folder, "below", "sandbox.ndjson");

    private SandboxOptions Options => new() { ApiKey = SandboxServer.Key, DataFile = DataFile, RateLimits = false };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_restart_brings_back_users_events_types_and_what_was_forgotten()
    {
        string before;
        await using (var server = await SandboxServer.StartAsync(Options))
        {
            await server.PostAsync("users/update", "{\n  'email': 'ann@example.com',\r\n  'dataFields': {'a': 1, 'text': 'two\\nlines'}\n}");
            await server.PostAsync("users/update", "{'email':'ben@example.com','dataFields':{'a':'x'}}");
            await server.PostAsync("events/track", "{'email':'ann@example.com','eventName':'E'}");
            await server.PostAsync("events/track", "{'email':'ann@example.com','eventName':'E'}");
            await server.PostAsync("users/bulkUpdate", "{'users':[{'email':'nope'},{'userId':'u1'}]}");
            await server.PostAsync("commerce/updateCart", "{'user':{'userId':'u1'},'items':[{'id':'1','name':'n','price':1,'quantity':1}]}");
            await server.PostAsync("commerce/trackPurchase", "{'user':{'email':'ann@example.com'},'items':[],'total':1}");
            await server.PostAsync("users/update", "{'userId':'gone'}");
            await server.PostAsync("users/forget", "{'userId':'gone'}");
            await server.PostAsync("users/update", "{'userId':'a/b'}");
            await server.SendAsync(HttpMethod.Delete, "users/byUserId/a%2Fb", null);
            before = await StateAsync(server);
        }

        await using var again = await SandboxServer.StartAsync(Options);

        Assert.Equal(before, await StateAsync(again));
        Assert.Equal("RequestFieldsTypesMismatched", (await again.PostAsync("users/update", "{'userId':'u1','dataFields':{'a':'x'}}")).Code);
        Assert.Equal("ForgottenUserError", (await again.PostAsync("users/update", "{'userId':'gone'}")).Code);
        Assert.Equal(3, (await again.PostAsync("events/track", "{'email':'ann@example.com','eventName':'E'}") is { Status: 200 } ? again.Sandbox.Events : []).Count);
    }

    [Fact]
    public async Task A_confirmed_call_is_in_the_file_before_the_answer()
    {
        await using var server = await SandboxServer.StartAsync(Options);
        for (var i = 0; i < 20; i++)
        {
            await server.PostAsync("users/update", $"{{'userId':'u{i}'}}");
            // A copy of the file, as a killed process would leave it.
            var copy = Path.Combine(_folder, $"copy{i}");
            await using (var source = new FileStream(DataFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite))
            await using (var target = File.Create(copy))
                await source.CopyToAsync(target);
            using var restored = new SandboxIterable(Options with { DataFile = copy });
            Assert.Equal(i + 1, restored.Users.Count);
        }
    }

    [Theory]
    [InlineData("{\"n\":3,\"at\":\"2026-0")]
    [InlineData("{\"n\":3,\"at\":\"2026-01-01T00:00:00Z\"}")]
    [InlineData("\0\0\0\0")]
    [InlineData("\0\0\0\0\n")]
    public async Task A_torn_last_line_is_cut_off_and_writing_goes_on(string torn)
    {
        await using (var server = await SandboxServer.StartAsync(Options))
        {
            await server.PostAsync("users/update", "{'userId':'u1'}");
            await server.PostAsync("users/update", "{'userId':'u2'}");
        }
        await File.AppendAllTextAsync(DataFile, torn);

        await using (var server = await SandboxServer.StartAsync(Options))
        {
            Assert.Equal(2, server.Sandbox.Users.Count);
            await server.PostAsync("users/update", "{'userId':'u3'}");
        }
        using var again = new SandboxIterable(Options);
        Assert.Equal(["u1", "u2", "u3"], again.Users.Select(user => user.UserId).Order());
    }

    [Fact]
    public async Task Damage_in_the_middle_is_named_and_not_passed_over()
    {
        await using (var server = await SandboxServer.StartAsync(Options))
        {
            for (var i = 0; i < 3; i++)
                await server.PostAsync("users/update", $"{{'userId':'u{i}'}}");
        }
        var lines = await File.ReadAllLinesAsync(DataFile);
        lines[1] = lines[1][..10];
        await File.WriteAllLinesAsync(DataFile, lines, new UTF8Encoding(false));

        var error = Assert.Throws<InvalidDataException>(() => new SandboxIterable(Options));

        Assert.Contains("line 2", error.Message, StringComparison.Ordinal);
        Assert.Contains(DataFile, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_journal_of_long_lines_is_read_whole()
    {
        var text = new string('x', 100_000);
        await using (var server = await SandboxServer.StartAsync(Options))
        {
            for (var i = 0; i < 5; i++)
                await server.PostAsync("users/update", $"{{'userId':'u{i}','dataFields':{{'text':'{text}{i}'}}}}");
        }

        using var again = new SandboxIterable(Options);

        Assert.Equal(Enumerable.Range(0, 5).Select(i => $"{text}{i}"), again.Users.OrderBy(user => user.UserId).Select(user => (string?)user.DataFields["text"]));
    }

    [Fact]
    public async Task Refused_calls_and_reads_are_not_written()
    {
        await using (var server = await SandboxServer.StartAsync(Options))
        {
            await server.PostAsync("users/update", "{'userId':''}");
            await server.GetAsync("users/getFields");
        }

        Assert.Equal(0, new FileInfo(DataFile).Length);
    }

    [Fact]
    public void A_journal_belongs_to_one_process_at_a_time()
    {
        using var first = new SandboxIterable(Options);

        Assert.Throws<IOException>(() => new SandboxIterable(Options));
    }

    private static async Task<string> StateAsync(SandboxServer server)
    {
        var state = await server.Client.GetStringAsync("/sandbox/state?full");
        return state[state.IndexOf("\"allUsers\"", StringComparison.Ordinal)..] + (await server.GetAsync("users/getFields")).Text;
    }
}
