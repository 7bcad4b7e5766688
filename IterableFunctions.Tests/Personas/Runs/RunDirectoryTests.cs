using IterableFunctions.Benchmarks.InMemory;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Runs;
using IterableFunctions.Storage;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace IterableFunctions.Tests.Personas.Runs;

/// <summary>What runs are shown, of those that began in March 2026.</summary>
public sealed class RunDirectoryTests
{
    private static readonly DateTimeOffset _start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly RunTable _runs;
    private readonly RunDirectory _directory;

    public RunDirectoryTests()
    {
        var clock = new FakeTimeProvider(_start.AddDays(5));
        _runs = new(new InMemoryStorage(clock).TablesThrough(), Options.Create(new StorageOptions()));
        _directory = new(_runs, clock);
    }

    [Theory]
    [InlineData(20, new[] { 40 })]
    // Whether there are more is not known before somebody looks.
    [InlineData(25, new[] { 50, 0 })]
    [InlineData(63, new[] { 50, 50, 26 })]
    public async Task Runs_of_all_kinds_are_listed_page_by_page_newest_first_each_once(int hours, int[] pages)
    {
        for (var hour = 0; hour < hours; hour++)
        {
            await _runs.PutAsync(new() { Id = RunIds.OfHour(Hour.Containing(_start.AddHours(hour))), Started = _start.AddHours(hour).UtcDateTime }, default);
            await _runs.PutAsync(new() { Id = RunIds.OfBackfill("pros", resend: hour % 2 == 0, _start.AddHours(hour).AddMinutes(hour % 60)), Definition = "pros", Started = _start.AddHours(hour).UtcDateTime }, default);
        }

        var (listed, after) = (new List<RunReport>(), default(string?));
        foreach (var size in pages)
        {
            var page = await _directory.ListAsync(after, default);
            Assert.Equal(size, page.Runs.Count);
            listed.AddRange(page.Runs);
            after = page.Next;
        }

        Assert.Null(after);
        Assert.Equal(Enumerable.Range(0, hours).Reverse().SelectMany(hour => (string[])[$"{hour} hour", $"{hour} backfill"]), listed.Select(run => $"{(run.Started - _start.UtcDateTime).TotalHours} {run.Kind}"));
    }
}
