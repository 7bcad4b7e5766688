using IterableFunctions.LocalHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Tests;

/// <summary>The Functions worker as Program composes it.</summary>
public sealed class CompositionTests
{
    public static TheoryData<string> FunctionClasses
        => [.. FunctionCatalog.Find(typeof(App).Assembly.GetTypes()).Functions.Select(function => function.Method.DeclaringType!.FullName!).Distinct()];

    [Theory]
    [MemberData(nameof(FunctionClasses))]
    public void The_worker_can_create_every_function_class(string name)
    {
        using var worker = CreateWorker();
        using var scope = worker.Services.CreateScope();
        var type = typeof(App).Assembly.GetType(name)!;
        Assert.IsType(type, ActivatorUtilities.CreateInstance(scope.ServiceProvider, type));
    }

    [Fact]
    public void The_worker_accepts_the_settings_of_the_local_host()
    {
        using var worker = CreateWorker();
        worker.Services.GetService<IStartupValidator>()?.Validate();
    }

    [Theory]
    [InlineData("Microsoft.AspNetCore.Hosting.Diagnostics")]
    [InlineData("Microsoft.AspNetCore.Routing.EndpointMiddleware")]
    public void The_worker_logs_no_address_of_a_request_which_may_name_a_person_or_hold_a_key(string category)
    {
        using var worker = CreateWorker();
        var loggers = worker.Services.GetRequiredService<ILoggerFactory>();
        Assert.False(loggers.CreateLogger(category).IsEnabled(LogLevel.Information));
        Assert.True(loggers.CreateLogger("IterableFunctions.Delivering.Forwarder").IsEnabled(LogLevel.Information));
    }

    private static Microsoft.Extensions.Hosting.IHost CreateWorker()
    {
        var builder = App.CreateWorker([]);
        builder.Configuration.AddInMemoryCollection(HostSettings.Read([], []).Values);
        return builder.Build();
    }
}
