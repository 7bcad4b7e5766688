using Microsoft.Extensions.DependencyInjection;

namespace IterableFunctions;

/// <summary>What the app consists of, for whichever process hosts it: the Functions worker or the local host.</summary>
public static class App
{
    /// <summary>Registers every service that the functions need. Configuration comes from the host's <c>IConfiguration</c>.</summary>
    public static IServiceCollection AddIterableFunctions(this IServiceCollection services)
    {
        services.AddSingleton(TimeProvider.System);
        return services;
    }
}
