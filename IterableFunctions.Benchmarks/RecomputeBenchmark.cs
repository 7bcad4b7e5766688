using System.Diagnostics;
using System.Globalization;

namespace IterableFunctions.Benchmarks;

/// <summary>
/// What an hour costs that changes a part of all profiles, against a look at all of them, over the same tables in memory and in one process. Storage and Iterable take no time here: the processor
/// time is the app's and that of the tables in memory.
/// </summary>
internal static class RecomputeBenchmark
{
    public static async Task<int> RunAsync(string[] args)
    {
        var (profiles, churn) = (100_000, 0.01);
        for (var i = 0; i < args.Length; i += 2)
        {
            var isRead = i + 1 < args.Length && args[i] switch
            {
                "--profiles" => int.TryParse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out profiles) && profiles is >= 1 and <= 10_000_000,
                "--churn" => double.TryParse(args[i + 1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out churn) && churn <= 1,
                _ => false,
            };
            if (isRead)
                continue;
            Console.Error.WriteLine("Usage: recompute [--profiles N] [--churn C], N from 1 to 10000000, C from 0 to 1");
            return 2;
        }

        var leaving = (int)Math.Round(profiles * churn);
        await using (var small = new RecomputeWorld(20_000, 10_000))
        {
            // So that neither pays for the compiler, which goes on optimizing for thousands of looks; a worker that runs for hours has long stopped paying.
            await small.BuildAsync();
            await small.RunHourAsync();
            small.Restore();
            await small.RunAllAsync();
        }

        await using var world = new RecomputeWorld(profiles, leaving);
        await world.BuildAsync();
        Print($"{profiles} profiles, of whom {leaving} leave the audience at this hour; {Environment.ProcessorCount} cores");
        var hour = await MeasureAsync(world, world.RunHourAsync);
        Expect(world.Members(), profiles - leaving);
        world.Restore();
        var all = await MeasureAsync(world, world.RunAllAsync);
        Expect(world.Members(), profiles - leaving);

        Print($"                           the hour    all profiles   ratio");
        Print($"profiles looked at     {hour.Looked,12} {all.Looked,15} {Ratio(hour.Looked, all.Looked),7}");
        Print($"table transactions     {hour.Tables,12} {all.Tables,15} {Ratio(hour.Tables, all.Tables),7}");
        Print($"queue transactions     {hour.Queues,12} {all.Queues,15} {Ratio(hour.Queues, all.Queues),7}");
        Print($"calls to Iterable      {hour.Calls,12} {all.Calls,15} {Ratio(hour.Calls, all.Calls),7}");
        Print($"processor time, ms     {hour.Processor.TotalMilliseconds,12:F0} {all.Processor.TotalMilliseconds,15:F0} {Ratio(hour.Processor.Ticks, all.Processor.Ticks),7}");
        Print($"time, ms               {hour.Elapsed.TotalMilliseconds,12:F0} {all.Elapsed.TotalMilliseconds,15:F0} {Ratio(hour.Elapsed.Ticks, all.Elapsed.Ticks),7}");
        Print($"peak beyond tables, MB {hour.Peak / 1e6,12:F1} {all.Peak / 1e6,15:F1}");
        foreach (var (name, count) in hour.ByKind.OrderBy(count => count.Key, StringComparer.Ordinal))
            Print($"  {name,-20} {count,12} {all.ByKind.GetValueOrDefault(name),15}");
        return 0;
    }

    private static async Task<Cost> MeasureAsync(RecomputeWorld world, Func<Task<long>> run)
    {
        world.Storage.Forget();
        var (tables, calls) = (GC.GetTotalMemory(forceFullCollection: true), world.Calls);
        using var process = Process.GetCurrentProcess();
        var (processor, started, peak) = (process.TotalProcessorTime, Stopwatch.GetTimestamp(), 0L);
        using var done = new CancellationTokenSource();
        // Garbage that nobody has collected yet counts as well.
        var watching = Task.Run(async () =>
        {
            while (!done.IsCancellationRequested)
            {
                peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: false) - tables);
                await Task.Delay(20, done.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        });
        var looked = await run();
        var elapsed = Stopwatch.GetElapsedTime(started);
        await done.CancelAsync();
        await watching;
        process.Refresh();
        return new(looked, world.Storage.TableTransactions, world.Storage.QueueTransactions, world.Calls - calls, process.TotalProcessorTime - processor, elapsed, peak, world.Storage.Transactions.ToDictionary());
    }

    private static void Expect(int found, int expected)
    {
        if (found != expected)
            throw new InvalidOperationException($"{found} members, and not {expected}.");
    }

    private static string Ratio(long hour, long all) => hour == 0 ? "-" : (all / (double)hour).ToString("F1", CultureInfo.InvariantCulture);

    private static void Print(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

    private sealed record Cost(long Looked, long Tables, long Queues, long Calls, TimeSpan Processor, TimeSpan Elapsed, long Peak, Dictionary<string, long> ByKind);
}
