using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace IterableFunctions;

/// <summary>What the app consists of, for whichever process hosts it: the Functions worker or the local host.</summary>
public static class App
{
    /// <summary>The Functions worker, to be built: what <c>Program</c> runs, and what a test looks into.</summary>
    public static FunctionsApplicationBuilder CreateWorker(string[] args)
    {
        var builder = FunctionsApplication.CreateBuilder(args);
        builder.ConfigureFunctionsWebApplication();
        builder.Services.AddIterableFunctions();
        return builder;
    }

    /// <summary>Registers every service that the functions need. Configuration comes from the host's <c>IConfiguration</c>.</summary>
    public static IServiceCollection AddIterableFunctions(this IServiceCollection services)
    {
        services.AddSingleton(TimeProvider.System);
        return services;
    }
}
