using Azure;
using IterableFunctions.Benchmarks.InMemory;
using IterableFunctions.Personas.Runs;
using IterableFunctions.Storage;
using IterableFunctions.Tests.LocalHost;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace IterableFunctions.Tests.Personas.Runs;

/// <summary>What the log says of runs that take long. They begin at two minutes past twelve, and have two parts.</summary>
public sealed class RunLogTests : IDisposable
{
    private static readonly DateTime _start = new(2026, 3, 1, 12, 2, 0, DateTimeKind.Utc);

    private readonly FakeTimeProvider _clock = new(new(_start));
    private readonly RecordedLogs _logs = new();
    private readonly LoggerFactory _loggers;
    private readonly RunTable _runs;
    private readonly RunLog _log;
    private bool _isStorageDown;

    public RunLogTests()
    {
        _loggers = new([_logs]);
        _runs = new(new InMemoryStorage(_clock).TablesThrough((_, operation) =>
        {
            if (_isStorageDown)
                throw new RequestFailedException(503, "The server is busy.");
            operation();
            return Task.CompletedTask;
        }), Options.Create(new StorageOptions()));
        _log = new(new(_runs, _clock), _clock, new Logger<RunLog>(_loggers));
    }

    private IEnumerable<string> Lines => _logs.At(LogLevel.Information);

    public void Dispose() => _loggers.Dispose();

    [Fact]
    public async Task Once_a_minute_it_is_said_how_far_a_run_is()
    {
        await BeginAsync("1");
        await SayAsync("1");
        await AdvanceAsync("1", part: 0, new() { Looked = 600, Calls = 30, Failed = 2 });

        _clock.Advance(TimeSpan.FromSeconds(60));
        await SayAsync("1");
        await SayAsync("1");
        Assert.Equal(["Run 1: 600 profiles looked at, 50 % done, 10 a second, until 2026-03-01 12:04:00Z at that rate; 30 calls to Iterable, 2 failed"], Lines);

        await AdvanceAsync("1", part: 1, new() { Looked = 300, Calls = 5 });
        _clock.Advance(TimeSpan.FromSeconds(59));
        await SayAsync("1");
        Assert.Single(Lines);

        _clock.Advance(TimeSpan.FromSeconds(1));
        await SayAsync("1");
        Assert.Equal("Run 1: 900 profiles looked at, 100 % done, 7.5 a second, until 2026-03-01 12:04:00Z at that rate; 35 calls to Iterable, 2 failed", Lines.Last());
        Assert.Equal(2, Lines.Count());
    }

    [Fact]
    public async Task Of_a_run_that_takes_less_than_a_minute_nothing_is_said()
    {
        await BeginAsync("1");
        await AdvanceAsync("1", part: 0, new() { Looked = 1 });
        for (var seconds = 0; seconds < 60; seconds++, _clock.Advance(TimeSpan.FromSeconds(1)))
            await SayAsync("1");

        Assert.Empty(Lines);
    }

    [Fact]
    public async Task Each_run_has_a_minute_of_its_own()
    {
        await BeginAsync("1");
        await BeginAsync("2");
        await AdvanceAsync("1", part: 0, new() { Looked = 1 });
        await AdvanceAsync("2", part: 0, new() { Looked = 2 });
        await SayAsync("1");
        _clock.Advance(TimeSpan.FromSeconds(30));
        await SayAsync("2");

        _clock.Advance(TimeSpan.FromSeconds(30));
        await SayAsync("1", "2");
        Assert.Equal(["Run 1: 1"], Lines.Select(Beginning));
        _clock.Advance(TimeSpan.FromSeconds(30));
        await SayAsync("1", "2");
        Assert.Equal(["Run 1: 1", "Run 2: 2"], Lines.Select(Beginning));
    }

    [Fact]
    public async Task Storage_that_fails_keeps_nobody_from_working_and_the_next_minute_has_its_line()
    {
        await BeginAsync("1");
        await AdvanceAsync("1", part: 0, new() { Looked = 1 });
        await SayAsync("1");
        _clock.Advance(TimeSpan.FromSeconds(60));
        _isStorageDown = true;
        await SayAsync("1");
        _isStorageDown = false;
        await SayAsync("1");
        Assert.Empty(Lines);

        _clock.Advance(TimeSpan.FromSeconds(60));
        await SayAsync("1");

        Assert.Equal(["Run 1: 1"], Lines.Select(Beginning));
    }

    private static string Beginning(string line) => line[..line.IndexOf(" profiles", StringComparison.Ordinal)];

    private Task BeginAsync(string run) => _runs.PutAsync(new() { Id = run, Started = _start, Shards = 2 }, default);

    private async Task AdvanceAsync(string run, int part, RunCounts counts)
        => Assert.NotNull(await _runs.AdvanceAsync(run, await _runs.FindProgressAsync(run, new(part), default), new() { IsDone = true, Counts = counts }, default));

    private async Task SayAsync(params string[] runs)
    {
        foreach (var run in runs)
            await _log.SayAsync(run, default);
    }
}
