using System.Collections.Concurrent;
using System.Net;
using IterableFunctions.LocalHost.Sandbox;
using IterableFunctions.Tests.Intake;
using IterableFunctions.Tests.Personas.Profiles;
using IterableFunctions.Tests.Personas.Recording;
using IterableFunctions.Tests.Sandbox;
using Xunit.Abstractions;

namespace IterableFunctions.Tests.Faults;

/// <summary>Two processes of the app on the same storage take messages about the same persons at the same time. LONG_TESTS=1 runs more seeds and more persons.</summary>
public sealed class TwoProcessesTests(OwnAzuriteFixture azurite, ITestOutputHelper output) : IClassFixture<OwnAzuriteFixture>
{
    private static readonly int Persons = Shop.IsLong ? 12 : 3;

    public static TheoryData<int> Seeds => [.. Shop.Seeds];

    [Fact]
    public async Task Message_that_comes_ten_times_at_once_counts_once_whatever_its_timestamp_and_whoever_takes_it()
    {
        await using var app = await StartAsync();
        var persons = Enumerable.Range(0, Persons).ToList();
        // The same time, another, none.
        string[] times = [.. Enumerable.Repeat("2025-03-01T10:00:00Z", 4), .. Enumerable.Range(1, 4).Select(n => $"2025-03-01T10:00:0{n}Z"), "", ""];
        var copies = persons.SelectMany(person => times.Select((time, copy) => (
            Process: copy % 2,
            Text: $$"""{"type":"track","messageId":"m-{{person}}","event":"Video Played","userId":"u-{{person}}","anonymousId":"a-{{person}}","timestamp":"{{time}}","context":{"traits":{"email":"p{{person}}@example.com"} } }"""
                .Replace(",\"timestamp\":\"\"", "", StringComparison.Ordinal))));

        await Task.WhenAll(copies.Select(copy => app.PostAsync(copy.Process, copy.Text)));
        await app.Shop.DrainedAsync();

        Assert.Equal(
            string.Join("---\n", persons.Select(person => $"anonymous_id:a-{person} email:p{person}@example.com user_id:u-{person}\n\nevent:m-{person}\n1 seen\nm-{person}\n").Order()),
            await DescribeAsync(app.Prefix));
        Assert.Equal(persons.Select(person => $"m-{person}").Order(), app.Shop.Iterable.Events.Select(each => each.Id).Order());
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Persons_whom_both_meet_are_in_the_end_as_if_nothing_had_disturbed_one_though_the_other_is_killed(int seed)
    {
        await using var app = await StartAsync();
        var random = new Random(seed);
        string[] messages = [.. Enumerable.Range(0, Persons).SelectMany(Messages)];
        string[] shuffled = [.. messages];
        random.Shuffle(shuffled);
        var answered = 0;

        var posting = Parallel.ForEachAsync(shuffled.Select(text => (Text: text, Process: random.Next(2), IsTwice: random.Next(4) == 0)), new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = app.Shop.Cancellation }, async (message, _) =>
        {
            await Task.WhenAll(app.PostAsync(message.Process, message.Text), message.IsTwice ? app.PostAsync(1 - message.Process, message.Text) : Task.CompletedTask);
            Interlocked.Increment(ref answered);
        });
        await app.Shop.UntilAsync(() => answered > messages.Length / 2);
        app.Processes[1].Kill();
        await app.Processes[1].StartAsync(app.Shop.Cancellation);
        await posting;
        await app.Shop.DrainedAsync();

        // The two must not take its work from the queue that all of them have.
        foreach (var process in app.Processes)
            process.Kill();
        Assert.Equal(await SequentiallyAsync(messages), await DescribeAsync(app.Prefix));
        output.WriteLine($"two processes, seed {seed}: {messages.Length} messages about {Persons} persons, {app.Repeated} repeated");
    }

    [Fact]
    public async Task Two_hundred_messages_of_one_person_at_once_are_all_answered_in_time_and_none_is_lost()
    {
        await using var app = await StartAsync(patience: TimeSpan.FromMinutes(1));
        // What a process does for the first time takes longer.
        await PostAsync(app, "warm", persons: 20);

        // What the machine does besides holds up messages of many persons as well. It may be in the way just now and not a moment before, so one of some tries has to tell.
        var (tries, said) = (0, "");
        for (var isInTime = false; !isInTime; tries++)
        {
            Assert.True(tries < 5, said);
            var (many, one) = (await PostAsync(app, $"apart{tries}", persons: 20), await PostAsync(app, $"hot{tries}", persons: 1));
            said = $"Of one person the slowest answer took {one.Slowest}, and {one.Repeated} messages were sent again; of many {many.Slowest}, and {many.Repeated}.";
            isInTime = one.Repeated <= many.Repeated && one.Slowest < TimeSpan.FromSeconds(Math.Max(5, 3 * many.Slowest.TotalSeconds));
        }

        await app.Shop.DrainedAsync();
        var persons = (await DescribeAsync(app.Prefix)).Split("---\n");
        for (var at = 0; at < tries; at++)
        {
            Assert.Equal(200, app.Shop.Iterable.EventsOf(userId: $"u-hot{at}-0").Count);
            var person = persons.Single(person => person.Contains($"u-hot{at}-0", StringComparison.Ordinal));
            Assert.Contains("200 seen", person, StringComparison.Ordinal);
            Assert.Equal(200, person.Split('\n')[2].Split(' ').Length);
        }
    }

    /// <summary>Posts 200 messages at once.</summary>
    private static async Task<(TimeSpan Slowest, int Repeated)> PostAsync(TwoProcesses app, string name, int persons)
    {
        var before = app.Repeated;
        var times = await Task.WhenAll(Enumerable.Range(0, 200).Select(async n =>
        {
            var started = TimeProvider.System.GetTimestamp();
            var person = $"{name}-{n % persons}";
            await app.PostAsync(n % 2, $$"""{"type":"track","messageId":"m-{{name}}-{{n}}","event":"E","userId":"u-{{person}}","anonymousId":"a-{{person}}"}""");
            return TimeProvider.System.GetElapsedTime(started);
        }));
        return (times.Max(), app.Repeated - before);
    }

    /// <summary>What is said about one person, under ids that turn out to be theirs one by one.</summary>
    private static IEnumerable<string> Messages(int person)
    {
        string[] ids =
        [
            $$""" "anonymousId":"a-{{person}}-1" """,
            $$""" "anonymousId":"a-{{person}}-2" """,
            $$""" "userId":"u-{{person}}" """,
            $$""" "anonymousId":"a-{{person}}-1","context":{"externalIds":[{"id":"p-{{person}}","type":"phone","collection":"users","encoding":"none"}]} """,
            $$""" "anonymousId":"a-{{person}}-2","context":{"externalIds":[{"id":"p-{{person}}","type":"phone","collection":"users","encoding":"none"}]} """,
            $$""" "userId":"u-{{person}}","anonymousId":"a-{{person}}-2" """,
        ];
        for (var n = 0; n < 24; n++)
        {
            var about = $$""" "messageId":"m-{{person}}-{{n}}","timestamp":"2025-03-01T10:00:{{n:D2}}Z",{{ids[n % ids.Length]}} """;
            yield return n % 5 == 2
                ? $$"""{"type":"identify",{{about}},"traits":{"plan":{{n}},"t{{n % 3}}":"{{n}}"} }"""
                : $$"""{"type":"track","event":"E{{n % 2}}","properties":{"n":{{n}} },{{about}} }""";
        }
    }

    /// <summary>What comes of messages that one process takes one by one.</summary>
    private async Task<string> SequentiallyAsync(IEnumerable<string> messages)
    {
        using var quiet = new Store(azurite.ConnectionString, AzuriteFixture.Unique("quiet"));
        await quiet.CreateAsync();
        foreach (var message in messages)
            Assert.IsType<IterableFunctions.Personas.Recording.Recording.Recorded>(await quiet.RecordAsync(Message.Of(message)));
        await quiet.DrainAsync();
        return await quiet.DescribeAsync();
    }

    private async Task<string> DescribeAsync(string prefix)
    {
        using var store = new Store(azurite.ConnectionString, prefix);
        return await store.DescribeAsync();
    }

    private async Task<TwoProcesses> StartAsync(TimeSpan? patience = null)
    {
        await azurite.ClearAsync();
        var iterable = await SandboxServer.StartAsync(new SandboxOptions { ApiKey = SandboxServer.Key, RateLimits = false, RememberedCalls = 10_000 });
        var app = new TwoProcesses(azurite.ConnectionString, iterable, output, patience ?? TimeSpan.FromSeconds(5));
        await Task.WhenAll(app.Processes.Select(process => process.StartAsync(app.Shop.Cancellation)));
        return app;
    }

    /// <summary>Two processes that are one app.</summary>
    private sealed class TwoProcesses : IAsyncDisposable
    {
        private readonly SandboxServer _iterable;
        private readonly HttpClient[] _clients;
        private int _repeated;

        public TwoProcesses(string storage, SandboxServer iterable, ITestOutputHelper output, TimeSpan patience)
        {
            _iterable = iterable;
            var settings = Shop.NewSettingsWithShortLease();
            Prefix = settings["Storage__TablePrefix"]!;
            Processes = [.. Enumerable.Range(0, 2).Select(_ => new AppProcess(storage, new Uri(iterable.Client.BaseAddress!, "sandbox"), settings))];
            _clients = [.. Processes.Select(process => new HttpClient { BaseAddress = process.Address, Timeout = patience })];
            Shop = new(storage, Processes[0].Address, iterable.Sandbox, output);
        }

        public string Prefix { get; }

        public AppProcess[] Processes { get; }

        public Shop Shop { get; }

        /// <summary>How often a message was not answered with 2xx in time, and was posted again, to the other process.</summary>
        public int Repeated => _repeated;

        public async Task PostAsync(int process, string message)
        {
            for (; !await IsTakenAsync(process, message); process = 1 - process)
            {
                Interlocked.Increment(ref _repeated);
                await Task.Delay(100, Shop.Cancellation);
            }
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var process in Processes)
                process.Dispose();
            foreach (var client in _clients)
                client.Dispose();
            Shop.Dispose();
            await _iterable.DisposeAsync();
        }

        /// <summary>An identify of somebody anonymous is refused, and taken.</summary>
        private async Task<bool> IsTakenAsync(int process, string message)
        {
            try
            {
                var answer = await _clients[process].PostAsync(message);
                return answer.Status is HttpStatusCode.OK or HttpStatusCode.Accepted || (bool?)answer.Body["recorded"] == true;
            }
            catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
            {
                return false;
            }
        }
    }
}
