using System.Diagnostics;
using System.Net.Sockets;

namespace IterableFunctions.Benchmarks;

/// <summary>This program again, with another command, or another one, until it is disposed of.</summary>
internal sealed class ChildProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;

    private ChildProcess(Process process) => _process = process;

    /// <summary>Processor time so far.</summary>
    public TimeSpan Cpu
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Most memory so far, in bytes.</summary>
    public long PeakMemory
    {
        get
        {
            _process.Refresh();
            return _process.PeakWorkingSet64;
        }
    }

    public bool HasExited => _process.HasExited;

    public static ChildProcess Start(params string[] args)
        => new(Process.Start(new ProcessStartInfo("dotnet", [Environment.GetCommandLineArgs()[0], .. args]) { RedirectStandardOutput = true })!);

    /// <summary>Another program, whose output nobody wants.</summary>
    public static ChildProcess StartProgram(string dll, params string[] args)
    {
        var child = new ChildProcess(Process.Start(new ProcessStartInfo("dotnet", [dll, .. args]) { RedirectStandardOutput = true })!);
        child._process.BeginOutputReadLine();
        return child;
    }

    /// <summary>Starts a server, and waits until it listens.</summary>
    public static async Task<ChildProcess> ServeAsync(Uri address, params string[] args)
    {
        var child = Start(args);
        child._process.BeginOutputReadLine();
        for (var started = Stopwatch.GetTimestamp(); ; await Task.Delay(100))
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync(address.Host, address.Port);
                return child;
            }
            catch (SocketException) when (!child._process.HasExited && Stopwatch.GetElapsedTime(started) < Patience)
            {
                // Not yet.
            }
        }
    }

    /// <summary>All that it has printed when it has ended.</summary>
    public Task<string> OutputAsync() => _process.StandardOutput.ReadToEndAsync();

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }
}
