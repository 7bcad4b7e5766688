using System.Reflection;
using IterableFunctions.LocalHost;
using Microsoft.Azure.Functions.Worker;
using HttpTrigger = IterableFunctions.LocalHost.HttpTrigger;

namespace IterableFunctions.Tests;

/// <summary>Who can call what.</summary>
public sealed class AccessTests
{
    /// <summary>Webhooks check their sender themselves; health tells nothing that is anybody's.</summary>
    private static readonly string[] Open = ["Health", "HealthReady", "IterableWebhook", "SegmentWebhook"];

    private static readonly IReadOnlyList<Function> Functions = FunctionCatalog.Find(typeof(App).Assembly.GetTypes()).Functions;

    [Fact]
    public void Everything_that_shows_or_changes_data_needs_a_function_key()
        => Assert.Equal(Open, Functions.Where(function => Level(function) == AuthorizationLevel.Anonymous).Select(function => function.Name).Order(StringComparer.Ordinal));

    [Fact]
    public void The_page_on_security_names_every_call()
    {
        var page = Repository.Read("docs/security.md");
        foreach (var function in Functions)
        {
            if (function.Trigger is not HttpTrigger http)
                continue;
            foreach (var method in http.Methods)
                Assert.Contains($"`{method.ToUpperInvariant()} /api/{http.Route}`", page, StringComparison.Ordinal);
        }
    }

    private static AuthorizationLevel? Level(Function function)
        => function.Method.GetParameters().Select(parameter => parameter.GetCustomAttribute<HttpTriggerAttribute>()?.AuthLevel).FirstOrDefault(level => level is not null);
}
