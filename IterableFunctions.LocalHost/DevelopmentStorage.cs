namespace IterableFunctions.LocalHost;

/// <summary>Starts Azurite before anything else starts, unless something listens where it would, and ends it after everything else.</summary>
public sealed class DevelopmentStorage(HostSettings settings, AzuritePorts ports) : IHostedService, IAsyncDisposable
{
    private readonly Azurite _azurite = new(HostSettings.AzuriteFolder, Path.Combine(settings.DataFolder, "azurite"), ports);

    /// <summary>Whether this process runs Azurite itself.</summary>
    public bool Started => _azurite.ProcessId is not null;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        switch (await ports.ListenedToAsync(cancellationToken))
        {
            case { Count: 0 }:
                await _azurite.StartAsync(cancellationToken);
                break;
            case { Count: < 3 } some:
                throw new StartException(
                    $"Something that is not Azurite listens on port {string.Join(" and ", some)}: end it, or let Azurite use other ports with LocalHost__AzuritePort.");
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => _azurite.StopAsync();

    public ValueTask DisposeAsync() => _azurite.DisposeAsync();
}
