using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using IterableFunctions.LocalHost;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace IterableFunctions.Benchmarks;

/// <summary>From the start of a process to its first 200: the local host, storage running, and by turns an ASP.NET app that has nothing to do.</summary>
internal static class StartupBenchmark
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static async Task<int> RunAsync(string[] args)
    {
        var (runs, app) = (9, Path.Combine(AppContext.BaseDirectory, "IterableFunctions.LocalHost.dll"));
        for (var rest = args; rest.Length > 0; rest = rest[2..])
        {
            switch (rest)
            {
                case ["--runs", var text, ..] when int.TryParse(text, CultureInfo.InvariantCulture, out runs) && runs is > 0 and <= 100:
                    break;
                case ["--app", var file, ..] when File.Exists(file):
                    app = file;
                    break;
                default:
                    Console.Error.WriteLine("Usage: startup [--runs N] [--app IterableFunctions.LocalHost.dll], N from 1 to 100; the file is a published one, say");
                    return 2;
            }
        }

        var folder = Directory.CreateTempSubdirectory("startup-");
        await using var azurite = new Azurite(HostSettings.AzuriteFolder, Path.Combine(folder.FullName, "azurite"), AzuritePorts.Free());
        await azurite.StartAsync();
        // What is started inherits it.
        Environment.SetEnvironmentVariable("AzureWebJobsStorage", azurite.ConnectionString);
        Environment.SetEnvironmentVariable("LocalHost__DataFolder", folder.FullName);

        var (ours, theirs) = (new List<double>(), new List<double>());
        // The first of each only fills the file cache.
        for (var run = 0; run <= runs; run++)
        {
            var (us, them) = (await MeasureAsync(address => ChildProcess.StartProgram(app, "--urls", address)), await MeasureAsync(address => ChildProcess.Start("serve-empty", address)));
            if (run == 0)
                continue;
            ours.Add(us);
            theirs.Add(them);
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"process start to first 200, median of {runs}, {Environment.ProcessorCount} cores"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"local host: {Median(ours):F0} ms"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"empty ASP.NET app: {Median(theirs):F0} ms"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"ratio: {Median(ours) / Median(theirs):F2}"));
        await azurite.StopAsync();
        folder.Delete(recursive: true);
        return 0;
    }

    /// <summary>As <c>dotnet new web</c> makes it, but silent.</summary>
    public static async Task<int> ServeEmptyAsync(string url)
    {
        var builder = WebApplication.CreateBuilder(["--urls", url]);
        builder.Logging.ClearProviders();
        await using var app = builder.Build();
        app.MapGet("/api/health", () => "alive");
        await app.RunAsync();
        return 0;
    }

    private static async Task<double> MeasureAsync(Func<string, ChildProcess> start)
    {
        var address = $"http://127.0.0.1:{LoopbackPort.Free()}";
        using var client = new HttpClient();
        var started = Stopwatch.GetTimestamp();
        using var process = start(address);
        while (true)
        {
            try
            {
                using var answer = await client.GetAsync(new Uri($"{address}/api/health"));
                if (answer.StatusCode == HttpStatusCode.OK)
                    return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
            }
            catch (HttpRequestException e) when (e.InnerException is SocketException && !process.HasExited && Stopwatch.GetElapsedTime(started) < Patience)
            {
                await Task.Delay(5);
            }
        }
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
