using IterableFunctions.LocalHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
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

    private static Microsoft.Extensions.Hosting.IHost CreateWorker()
    {
        var builder = App.CreateWorker([]);
        builder.Configuration.AddInMemoryCollection(HostSettings.Read([], []).Values);
        return builder.Build();
    }
}
