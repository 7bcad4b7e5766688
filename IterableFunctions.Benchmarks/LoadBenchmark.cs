using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using IterableFunctions.LocalHost;
using IterableFunctions.Segment;

namespace IterableFunctions.Benchmarks;

/// <summary>
/// Signed tracks and identifies, offered at a fixed rate over 64 connections: to the app with Personas off, and by turns to an endpoint that only forwards the same bytes; then to the app with Personas
/// on. All send to a server that says yes to everything. All of them, Azurite and this client share the machine.
/// </summary>
internal static class LoadBenchmark
{
    private const int OfferedTracks = 2_000;
    private const int OfferedIdentifies = 500;
    private const int Offered = OfferedTracks + OfferedIdentifies;
    private const int Connections = 64;
    private const int Turns = 3;

    public static async Task<int> RunAsync(string[] args)
    {
        if ((args is ["--seconds", var text] ? text : args.Length == 0 ? "60" : "") is var given
            && (!int.TryParse(given, CultureInfo.InvariantCulture, out var seconds) || seconds is < Turns or > 600))
        {
            Console.Error.WriteLine("Usage: load [--seconds S], from 3 to 600, split over three turns of each");
            return 2;
        }

        var bodies = Bodies();
        var folder = Directory.CreateTempSubdirectory("load-");
        await using var azurite = new Azurite(HostSettings.AzuriteFolder, Path.Combine(folder.FullName, "azurite"), AzuritePorts.Free());
        await azurite.StartAsync();
        var (iterable, app, bare, recording) = (Address(), Address(), Address(), Address());
        using (await ChildProcess.ServeAsync(iterable, "serve-iterable", Text(iterable)))
        using (var appProcess = await ServeAppAsync(app, personas: false))
        using (var bareProcess = await ChildProcess.ServeAsync(bare, "serve-bare", Text(bare), Text(iterable)))
        {
            await OfferAsync(app, bodies, TimeSpan.FromSeconds(3), appProcess);
            await OfferAsync(bare, bodies, TimeSpan.FromSeconds(3), bareProcess);
            var (ours, theirs, profiles) = (new List<Figures>(), new List<Figures>(), new List<Figures>());
            for (var turn = 0; turn < Turns; turn++)
            {
                ours.Add(await OfferAsync(app, bodies, TimeSpan.FromSeconds(seconds) / Turns, appProcess));
                theirs.Add(await OfferAsync(bare, bodies, TimeSpan.FromSeconds(seconds) / Turns, bareProcess));
            }

            // Last, for what it cannot record in time it goes on with after its turn.
            using (var recordingProcess = await ServeAppAsync(recording, personas: true))
            {
                await OfferAsync(recording, bodies, TimeSpan.FromSeconds(3), recordingProcess);
                for (var turn = 0; turn < Turns; turn++)
                    profiles.Add(await OfferAsync(recording, bodies, TimeSpan.FromSeconds(seconds) / Turns, recordingProcess));
            }

            Console.WriteLine($"offered: {OfferedTracks} tracks/s and {OfferedIdentifies} identifies/s, {Connections} connections, {Turns} turns of {seconds / Turns} s each, {Environment.ProcessorCount} cores");
            Console.WriteLine("            sustained   p50 ms   p99 ms   CPU µs/message   peak MB   queued   others");
            Print("app", ours);
            Print("bare", theirs);
            Print("profiles", profiles);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ratio of what is sustained, median of the turns: {Median(ours.Zip(theirs, (one, other) => one.Rate / other.Rate)):F2}"));
        }

        await azurite.StopAsync();
        folder.Delete(recursive: true);
        return 0;

        Task<ChildProcess> ServeAppAsync(Uri address, bool personas)
            => ChildProcess.ServeAsync(address, "serve-app", Text(address), Text(iterable), azurite.ConnectionString, folder.CreateSubdirectory(personas ? "profiles" : "app").FullName, personas ? "true" : "false");
    }

    private static async Task<Figures> OfferAsync(Uri server, List<(byte[] Body, string Signature)> bodies, TimeSpan during, ChildProcess process)
    {
        using var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Connections }) { BaseAddress = server };
        var (latencies, queued, others, next) = (new ConcurrentBag<double[]>(), 0, 0, -1);
        var (cpu, started) = (process.Cpu, Stopwatch.GetTimestamp());
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Task.Run(async () =>
        {
            var mine = new List<double>();
            while (Interlocked.Increment(ref next) is var index)
            {
                // Each message has its time; who is late sends at once.
                var due = TimeSpan.FromSeconds(index / (double)Offered);
                if (due > during || Stopwatch.GetElapsedTime(started) > during)
                    break;
                if (due - Stopwatch.GetElapsedTime(started) is { TotalMilliseconds: > 1 } early)
                    await Task.Delay(early);
                var (body, signature) = bodies[index % bodies.Count];
                var sent = Stopwatch.GetTimestamp();
                using var content = new ByteArrayContent(body);
                content.Headers.ContentType = new("application/json");
                content.Headers.Add("X-Signature", signature);
                using var answer = await client.PostAsync(new Uri("api/segment", UriKind.Relative), content);
                mine.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
                if ((int)answer.StatusCode == 202)
                    Interlocked.Increment(ref queued);
                else if ((int)answer.StatusCode != 200)
                    Interlocked.Increment(ref others);
            }

            latencies.Add([.. mine]);
        })));
        var took = Stopwatch.GetElapsedTime(started);
        var all = latencies.SelectMany(mine => mine).Order().ToArray();
        return new((all.Length - others) / took.TotalSeconds, all[all.Length / 2], all[(int)(all.Length * 0.99)], (process.Cpu - cpu).TotalMicroseconds / all.Length, process.PeakMemory / 1e6, queued, others);
    }

    private static List<(byte[] Body, string Signature)> Bodies()
    {
        var messages = new Traffic(seed: 1).Messages(40_000).ToLookup(message => (string)message["type"]!);
        // Orders are tracks by type, but another endpoint of Iterable.
        var tracks = messages["track"].Where(message => (string?)message["event"] is not ("Order Completed" or "Cart Updated" or "Product Added" or "Product Removed")).Take(4 * OfferedTracks).ToList();
        var identifies = messages["identify"].Take(4 * OfferedIdentifies).ToList();
        return [.. Enumerable.Range(0, 4 * Offered).Select(index => Signed(index % 5 == 0 ? identifies[index / 5 % identifies.Count] : tracks[index % tracks.Count]))];
    }

    private static (byte[] Body, string Signature) Signed(JsonObject message)
    {
        var body = Encoding.UTF8.GetBytes(message.ToJsonString());
        return (body, WebhookSignature.Sign(body, HostSettings.DefaultSharedSecret));
    }

    private static void Print(string name, List<Figures> turns) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
        $"{name,-8} {Median(turns.Select(turn => turn.Rate)),9:F0}/s {Median(turns.Select(turn => turn.P50)),8:F1} {Median(turns.Select(turn => turn.P99)),8:F1} {Median(turns.Select(turn => turn.CpuMicroseconds)),16:F0} {turns.Max(turn => turn.PeakMegabytes),9:F0} {turns.Sum(turn => turn.Queued),8} {turns.Sum(turn => turn.Others),8}"));

    private static double Median(IEnumerable<double> values) => values.Order().ToArray() is var sorted ? sorted[sorted.Length / 2] : 0;

    private static Uri Address() => new($"http://127.0.0.1:{LoopbackPort.Free()}");

    private static string Text(Uri address) => address.GetLeftPart(UriPartial.Authority);

    private sealed record Figures(double Rate, double P50, double P99, double CpuMicroseconds, double PeakMegabytes, int Queued, int Others);
}
