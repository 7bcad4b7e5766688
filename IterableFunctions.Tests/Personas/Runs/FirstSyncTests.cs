using IterableFunctions.Benchmarks;
using Xunit.Abstractions;

namespace IterableFunctions.Tests.Personas.Runs;

/// <summary>The benchmark <c>first-sync</c>, small and at higher rates: workers that are killed on the way. The rate that it uses is no test's business.</summary>
public sealed class FirstSyncTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Everybody_is_told_once_though_workers_die_on_the_way()
    {
        (bool Bulk, bool Track, bool OnAzurite)[] ways = [(true, true, false), (false, true, false), (true, false, false), (false, false, true)];
        await Task.WhenAll(ways.Select(async way =>
        {
            using var printed = new StringWriter();
            var isDone = await FirstSyncBenchmark.RunAsync(members: way.OnAzurite ? 100 : 3000, kills: 2, way.Bulk, way.Track, faster: 10, way.OnAzurite, printed);
            Assert.True(isDone, printed.ToString());
            lock (output)
                output.WriteLine(printed.ToString());
        }));
    }
}
