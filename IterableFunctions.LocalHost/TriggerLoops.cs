namespace IterableFunctions.LocalHost;

/// <summary>
/// Loops that run from when everything has started until something is about to stop, so that no function meets a process
/// that only half stands: the sandbox, for one, is served by it.
/// </summary>
public abstract class TriggerLoops : IHostedLifecycleService, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _loops = Task.CompletedTask;

    /// <summary>Runs until told to stop, and then returns once every function that it runs has ended.</summary>
    protected abstract Task RunAsync(CancellationToken stopping);

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _loops = Task.Run(() => RunAsync(_stopping.Token), CancellationToken.None);
        return Task.CompletedTask;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        // A function that does not heed its token is left behind.
        await _loops.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _stopping.Dispose();
        GC.SuppressFinalize(this);
    }
}
