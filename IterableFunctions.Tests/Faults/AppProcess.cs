using System.Collections.Concurrent;
using System.Diagnostics;
using IterableFunctions.LocalHost;
using IterableFunctions.Tests.Sandbox;

namespace IterableFunctions.Tests.Faults;

/// <summary>
/// The built local host as a process of its own, to be killed and started again on the same address. Its storage and its Iterable outlive it, and so does the Segment source beside that.
/// </summary>
/// <param name="storage">A connection string.</param>
/// <param name="sandbox">Plays Iterable and Segment.</param>
/// <param name="settings">Named as environment variables are; several processes that are one app have the same. Null for some of its own.</param>
internal sealed class AppProcess(string storage, Uri sandbox, IReadOnlyDictionary<string, string?>? settings = null) : IDisposable
{
    /// <summary>How long it may take to answer after its start, on a machine that does other things.</summary>
    private static readonly TimeSpan StartsWithin = TimeSpan.FromMinutes(5);

    private readonly string _folder = Directory.CreateTempSubdirectory("app-process-").FullName;
    private readonly IReadOnlyDictionary<string, string?> _settings = settings ?? Shop.NewSettingsWithShortLease();
    private readonly ConcurrentQueue<string> _said = [];
    private Process? _process;

    public Uri Address { get; } = new($"http://127.0.0.1:{LoopbackPort.Free()}");

    /// <summary>Starts it, and returns when it answers.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        _process?.Dispose();
        // The output folder of the project itself, not the copy beside the tests: bin/{configuration}/net10.0.
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        var dll = Path.Combine(output.Parent!.Parent!.Parent!.Parent!.FullName, "IterableFunctions.LocalHost", "bin", output.Parent.Name, output.Name, "IterableFunctions.LocalHost.dll");
        var start = new ProcessStartInfo("dotnet", [dll, "--urls", Address.ToString()]) { WorkingDirectory = _folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in _settings)
            start.Environment[name] = value;
        start.Environment["AzureWebJobsStorage"] = storage;
        start.Environment["LocalHost__DataFolder"] = _folder;
        start.Environment["Iterable__ApiKey"] = SandboxServer.Key;
        start.Environment["Iterable__BaseUrl"] = sandbox.ToString();
        start.Environment["Iterable__WebhookSecret"] = HostSettings.DefaultWebhookSecret;
        start.Environment["Segment__SharedSecret"] = HostSettings.DefaultSharedSecret;
        start.Environment["Segment__WriteKey"] = SandboxServer.Key;
        start.Environment["Segment__BaseUrl"] = $"{sandbox}/segment";
        // A warning for each call that fails would be most of what this process does.
        start.Environment["Logging__LogLevel__IterableFunctions"] = "Error";
        _process = Process.Start(start)!;
        _process.OutputDataReceived += Hear;
        _process.ErrorDataReceived += Hear;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();

        using var client = new HttpClient { BaseAddress = Address };
        var started = TimeProvider.System.GetTimestamp();
        while (!await AnswersAsync(client, cancellation))
        {
            if (_process.HasExited || TimeProvider.System.GetElapsedTime(started) > StartsWithin)
                throw new TimeoutException($"It did not start: {string.Join(' ', _said)}");
            await Task.Delay(50, cancellation);
        }
    }

    /// <summary>Ends it at once, in the middle of whatever it does: SIGKILL.</summary>
    public void Kill()
    {
        if (_process is not { HasExited: false })
            return;
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        Kill();
        _process?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<bool> AnswersAsync(HttpClient client, CancellationToken cancellation)
    {
        try
        {
            await client.GetStringAsync(new Uri("api/health", UriKind.Relative), cancellation);
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private void Hear(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is not null && _said.Count < 100)
            _said.Enqueue(line.Data);
    }
}
