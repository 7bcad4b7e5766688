namespace IterableFunctions.LocalHost;

/// <summary>Starts Azurite before anything else starts, unless something listens where it would, and ends it after everything else.</summary>
public sealed class DevelopmentStorage(HostSettings settings, AzuritePorts ports) : IHostedService, IAsyncDisposable
{
    private readonly Azurite _azurite = new(HostSettings.AzuriteFolder, Path.Combine(settings.DataFolder, "azurite"), ports);

    /// <summary>Whether this process runs Azurite itself.</summary>
    public bool Started => _azurite.ProcessId is not null;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var taken = await ports.ListenedToAsync(cancellationToken);
        // Another local host may be starting its Azurite just now, which takes one port after the other.
        for (var patience = 0; taken.Count is 1 or 2 && patience < 30; patience++)
        {
            await Task.Delay(100, cancellationToken);
            taken = await ports.ListenedToAsync(cancellationToken);
        }

        if (taken.Count == 0)
            await _azurite.StartAsync(cancellationToken);
        else if (taken.Count < 3)
            throw new StartException(
                $"Something that is not Azurite listens on port {string.Join(" and ", taken)}: end it, or let Azurite use other ports with LocalHost__AzuritePort.");
    }

    public Task StopAsync(CancellationToken cancellationToken) => _azurite.StopAsync();

    public ValueTask DisposeAsync() => _azurite.DisposeAsync();
}
