using System.Diagnostics;
using Azure.Storage.Queues;
using IterableFunctions.LocalHost;

namespace IterableFunctions.Tests.LocalHost;

/// <summary>The built local host, as a process of its own.</summary>
public sealed class ProcessTests : IAsyncLifetime
{
    /// <summary>It takes a second; a machine with too much to do takes many.</summary>
    private static readonly TimeSpan _endsWithin = TimeSpan.FromMinutes(2);

    private readonly int _port = LoopbackPort.Free();
    private readonly AzuritePorts _azurite = AzuritePorts.Free();
    private readonly string _folder = Directory.CreateTempSubdirectory("local-host-").FullName;

    public Task InitializeAsync() => Task.CompletedTask;

    /// <summary>An Azurite that listens no more may still write its last.</summary>
    public async Task DisposeAsync()
    {
        for (var watch = Stopwatch.StartNew(); ; await Task.Delay(100))
        {
            try
            {
                Directory.Delete(_folder, recursive: true);
                return;
            }
            catch (IOException) when (watch.Elapsed < _endsWithin)
            {
                // Not yet.
            }
        }
    }

    [SkippableFact]
    public async Task It_ends_with_its_Azurite_on_SIGTERM_and_keeps_what_was_stored()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no SIGTERM.");
        var queue = new QueueClient(_azurite.ConnectionString, "kept");
        using (var first = await RunAsync())
        {
            await queue.CreateAsync();
            await queue.SendMessageAsync("kept");
            await EndAsync(first, "TERM");
            Assert.Equal(0, first.ExitCode);
        }

        using var second = await RunAsync();
        Assert.Equal("kept", (await queue.ReceiveMessageAsync()).Value.MessageText);
        await EndAsync(second, IgnoresInterrupts ? "TERM" : "INT");
    }

    [SkippableFact]
    public async Task Its_Azurite_ends_even_when_it_is_killed()
    {
        Skip.If(OperatingSystem.IsWindows(), "Windows has no SIGKILL.");
        using var process = await RunAsync();
        await EndAsync(process, "KILL");
    }

    [Theory]
    [InlineData(2, "There is no option --bogus.", "--bogus")]
    [InlineData(2, "--urls http://0.0.0.0:7071 is not a loopback address", "--urls", "http://0.0.0.0:7071")]
    public async Task What_it_cannot_start_with_is_said_in_one_line(int exitCode, string sentence, params string[] args)
    {
        using var process = Start(args);
        var said = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(exitCode, process.ExitCode);
        Assert.StartsWith(sentence, Assert.Single(said.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_in_use_is_said_in_one_line()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, _port);
        listener.Start();
        using var process = Start("--urls", $"http://127.0.0.1:{_port}");
        var said = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(1, process.ExitCode);
        Assert.StartsWith($"Something listens on port {_port} already", Assert.Single(said.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    /// <summary>What a shell runs in the background ignores SIGINT, and so does whatever that starts.</summary>
    private static bool IgnoresInterrupts => File.Exists("/proc/self/status")
        && (Convert.ToUInt64(File.ReadLines("/proc/self/status").First(line => line.StartsWith("SigIgn:", StringComparison.Ordinal))["SigIgn:".Length..].Trim(), 16) & 0b10) != 0;

    private async Task<Process> RunAsync()
    {
        var process = Start("--urls", $"http://127.0.0.1:{_port}");
        using var client = new HttpClient();
        for (var patience = 0; patience < 3000 && !process.HasExited; patience++)
        {
            try
            {
                await client.GetStringAsync(new Uri($"http://127.0.0.1:{_port}/api/health"));
                return process;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(100);
            }
        }

        process.Kill(entireProcessTree: true);
        throw new TimeoutException($"It did not start: {await process.StandardError.ReadToEndAsync()}");
    }

    private async Task EndAsync(Process process, string signal)
    {
        Assert.Equal(3, (await _azurite.ListenedToAsync()).Count);
        var watch = Stopwatch.StartNew();
        using var kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]);
        using var patience = new CancellationTokenSource(_endsWithin);
        await process.WaitForExitAsync(patience.Token);
        while ((await _azurite.ListenedToAsync()).Count > 0)
        {
            Assert.True(watch.Elapsed < _endsWithin, "Azurite should have ended.");
            await Task.Delay(100);
        }
    }

    private Process Start(params string[] args)
    {
        // The output folder of the project itself, not the copy beside the tests: bin/{configuration}/net10.0.
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        var dll = Path.Combine(output.Parent!.Parent!.Parent!.Parent!.FullName, "IterableFunctions.LocalHost", "bin", output.Parent.Name, output.Name, "IterableFunctions.LocalHost.dll");
        var process = Process.Start(new ProcessStartInfo("dotnet", [dll, .. args])
        {
            WorkingDirectory = _folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["AzureWebJobsStorage"] = "UseDevelopmentStorage=true",
                ["LocalHost__AzuritePort"] = $"{_azurite.Blob}",
                ["LocalHost__DataFolder"] = _folder,
            },
        })!;
        process.BeginOutputReadLine();
        return process;
    }
}
