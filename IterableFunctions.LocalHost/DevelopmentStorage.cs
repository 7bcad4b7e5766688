namespace IterableFunctions.LocalHost;

/// <summary>Starts Azurite before anything else starts if the storage is <c>UseDevelopmentStorage=true</c> and nothing listens there, and ends it after everything else.</summary>
public sealed class DevelopmentStorage(HostSettings settings) : IHostedService, IAsyncDisposable
{
    private readonly Azurite _azurite = new(settings.AzuriteFolder, Path.Combine(settings.DataFolder, "azurite"), AzuritePorts.Default);

    /// <summary>Whether this process runs Azurite itself.</summary>
    public bool Started => _azurite.ProcessId is not null;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        int[] ports = [AzuritePorts.Default.Blob, AzuritePorts.Default.Queue, AzuritePorts.Default.Table];
        var listen = await Task.WhenAll(ports.Select(port => LoopbackPort.ListensAsync(port, cancellationToken)));
        if (listen.All(taken => taken))
            return;
        if (listen.Any(taken => taken))
            throw new StartException(
                $"Something listens on port {string.Join(" and ", ports.Where((_, index) => listen[index]))} but not on all of 10000, 10001 and 10002, where Azurite would: end it, or set AzureWebJobsStorage.");
        await _azurite.StartAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => _azurite.StopAsync();

    public ValueTask DisposeAsync() => _azurite.DisposeAsync();
}
