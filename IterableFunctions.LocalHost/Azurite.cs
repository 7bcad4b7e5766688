using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace IterableFunctions.LocalHost;

/// <summary>The loopback ports that Azurite listens on.</summary>
public sealed record AzuritePorts(int Blob, int Queue, int Table)
{
    // Every installation of Azurite has this account and this key: they are in its documentation.
    private const string Account = "devstoreaccount1";
    private const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    /// <summary>Those that <c>UseDevelopmentStorage=true</c> stands for.</summary>
    public static AzuritePorts Default { get; } = From(10000);

    public string ConnectionString =>
        $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={Key};"
        + $"BlobEndpoint=http://127.0.0.1:{Blob}/{Account};"
        + $"QueueEndpoint=http://127.0.0.1:{Queue}/{Account};"
        + $"TableEndpoint=http://127.0.0.1:{Table}/{Account};";

    public static AzuritePorts Free() => From(LoopbackPort.Free(inARow: 3));

    public static AzuritePorts From(int first) => new(first, first + 1, first + 2);

    /// <summary>Those of them on which something listens.</summary>
    public async Task<IReadOnlyList<int>> ListenedToAsync(CancellationToken cancellationToken = default)
    {
        List<int> listenedTo = [];
        foreach (var port in (int[])[Blob, Queue, Table])
        {
            if (await LoopbackPort.ListensAsync(port, cancellationToken))
                listenedTo.Add(port);
        }

        return listenedTo;
    }
}

/// <summary>
/// Azurite, Microsoft's emulator of Azure Storage: a Node.js process that keeps its data in a folder and ends with this
/// process, however that ends. It can be stopped, killed and started again on the same ports and data.
/// </summary>
/// <param name="installFolder">Where its package is kept; installed there on first use.</param>
/// <param name="dataFolder">Where it keeps blobs, queues and tables.</param>
public sealed class Azurite(string installFolder, string dataFolder, AzuritePorts ports) : IAsyncDisposable
{
    private static readonly TimeSpan _startsWithin = TimeSpan.FromSeconds(60);

    /// <summary>What is left to this process where Azurite does not end by itself.</summary>
    private static readonly TimeSpan _killedWithin = TimeSpan.FromSeconds(1);

    private readonly string _package = Path.Combine(AppContext.BaseDirectory, "azurite");
    private Process? _process;

    public string ConnectionString => ports.ConnectionString;

    public string DataFolder { get; } = dataFolder;

    /// <summary>Azurite writes its last changes to disk when it closes. What has not been written by then is lost; on a machine that does nothing else it takes a moment.</summary>
    public TimeSpan ClosesWithin { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Null while it does not run.</summary>
    public int? ProcessId => _process is { HasExited: false } process ? process.Id : null;

    /// <summary>Installs it if need be, starts it, and returns when it answers.</summary>
    /// <exception cref="StartException">Node.js or npm is missing, or it does not start.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        var entry = await InstallAsync(cancellationToken);
        Directory.CreateDirectory(DataFolder);
        _process?.Dispose();
        var process = _process = Start("node",
            Path.Combine(_package, "azurite.mjs"), $"{ClosesWithin.TotalMilliseconds:0}", entry, "--location", DataFolder, "--silent", "--skipApiVersionCheck", "--disableTelemetry",
            "--blobHost", "127.0.0.1", "--blobPort", $"{ports.Blob}",
            "--queueHost", "127.0.0.1", "--queuePort", $"{ports.Queue}",
            "--tableHost", "127.0.0.1", "--tablePort", $"{ports.Table}");
        var lastWords = ReadAsync(process);

        var patience = Stopwatch.StartNew();
        while (await ports.ListenedToAsync(cancellationToken) is not { Count: 3 })
        {
            if (process.HasExited)
                throw new StartException($"Azurite ended at once: {await lastWords}");
            if (patience.Elapsed > _startsWithin)
                throw new StartException($"Azurite did not answer within {_startsWithin.TotalSeconds:0} seconds.");
            await Task.Delay(100, cancellationToken);
        }
    }

    /// <summary>Lets it write its data and end.</summary>
    public async Task StopAsync()
    {
        if (_process is not { HasExited: false } process)
            return;
        process.StandardInput.Close();
        using var patience = new CancellationTokenSource(ClosesWithin + _killedWithin);
        await process.WaitForExitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Kill();
    }

    /// <summary>Ends it at once. It writes to disk every five seconds: what is younger is lost.</summary>
    public void Kill()
    {
        if (_process is not { HasExited: false } process)
            return;
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _process?.Dispose();
        _process = null;
    }

    /// <summary>Installs the package unless it is, and returns its entry point.</summary>
    private async Task<string> InstallAsync(CancellationToken cancellationToken)
    {
        var manifest = Path.Combine(_package, "package.json");
        using var package = JsonDocument.Parse(await File.ReadAllTextAsync(manifest, cancellationToken));
        var version = package.RootElement.GetProperty("dependencies").GetProperty("azurite").GetString()!;
        var installed = Path.Combine(installFolder, version);
        var entry = Path.Combine(installed, "node_modules", "azurite", "dist", "src", "azurite.js");
        if (File.Exists(entry))
            return entry;

        // Whole or not at all, and two processes may do it at once: it is installed beside, and moved when complete.
        Directory.CreateDirectory(installFolder);
        var beside = Directory.CreateDirectory(Path.Combine(installFolder, $".{Guid.NewGuid():N}"));
        try
        {
            File.Copy(manifest, Path.Combine(beside.FullName, "package.json"));
            File.Copy(Path.Combine(_package, "package-lock.json"), Path.Combine(beside.FullName, "package-lock.json"));
            using var npm = Start(OperatingSystem.IsWindows() ? "npm.cmd" : "npm",
                "ci", "--prefix", beside.FullName, "--no-audit", "--no-fund", "--no-update-notifier", "--ignore-scripts");
            var lastWords = ReadAsync(npm);
            try
            {
                await npm.WaitForExitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                npm.Kill(entireProcessTree: true);
                await npm.WaitForExitAsync(CancellationToken.None);
                throw;
            }

            if (npm.ExitCode != 0)
                throw new StartException($"npm could not install Azurite: {await lastWords}");
            if (!Directory.Exists(installed))
                Directory.Move(beside.FullName, installed);
        }
        catch (IOException) when (File.Exists(entry))
        {
            // Another process was faster.
        }
        finally
        {
            if (beside.Exists && Directory.Exists(beside.FullName))
                beside.Delete(recursive: true);
        }

        return entry;
    }

    private static Process Start(string program, params string[] arguments)
    {
        try
        {
            return Process.Start(new ProcessStartInfo(program, arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
        }
        catch (Win32Exception)
        {
            throw new StartException(
                $"{program} was not found: local storage needs Node.js 20 or later with npm (https://nodejs.org), unless AzureWebJobsStorage names another storage account.");
        }
    }

    /// <summary>Reads what a process writes, lest it stops for want of a reader, and keeps the last lines.</summary>
    private static async Task<string> ReadAsync(Process process)
    {
        var lines = await Task.WhenAll(ReadAsync(process.StandardError), ReadAsync(process.StandardOutput));
        return lines.FirstOrDefault(line => line.Length > 0) ?? "it said nothing.";

        static async Task<string> ReadAsync(StreamReader reader)
        {
            Queue<string> last = [];
            while (await reader.ReadLineAsync() is { } line)
            {
                last.Enqueue(line.Trim());
                if (last.Count > 3)
                    last.Dequeue();
            }

            return string.Join(' ', last).Trim();
        }
    }
}
