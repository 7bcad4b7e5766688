using System.Text.Json;
using IterableFunctions.LocalHost;

namespace IterableFunctions.Tests;

/// <summary>What the Functions host loads is the app's build output: without these files it says "Running" and serves nothing.</summary>
public sealed class BuildOutputTests
{
    private readonly string _output = AppOutput();

    public static TheoryData<string> Functions => [.. FunctionCatalog.Find(typeof(App).Assembly.GetTypes()).Functions.Select(function => function.Name)];

    [Theory]
    [InlineData("host.json")]
    [InlineData("worker.config.json")]
    [InlineData("extensions.json")]
    [InlineData("functions.metadata")]
    [InlineData("IterableFunctions.dll")]
    [InlineData("IterableFunctions.runtimeconfig.json")]
    public void The_host_finds_its_file(string name) => Assert.True(new FileInfo(Path.Combine(_output, name)) is { Exists: true, Length: > 0 });

    [Fact]
    public void The_host_finds_its_extensions() => Assert.NotEmpty(Directory.GetFiles(Path.Combine(_output, ".azurefunctions"), "*.dll"));

    [Fact]
    public void The_worker_config_names_the_app()
    {
        using var config = Read("worker.config.json");
        Assert.Contains("IterableFunctions.dll", config.RootElement.GetProperty("description").GetProperty("defaultWorkerPath").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_metadata_lists_every_function_and_nothing_else()
    {
        using var metadata = Read("functions.metadata");
        Assert.Equal(
            FunctionCatalog.Find(typeof(App).Assembly.GetTypes()).Functions.Select(function => function.Name).Order(StringComparer.Ordinal),
            metadata.RootElement.EnumerateArray().Select(function => function.GetProperty("name").GetString()!).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Functions))]
    public void The_metadata_of_a_function_says_what_its_attributes_say(string name)
    {
        var function = FunctionCatalog.Find(typeof(App).Assembly.GetTypes()).Functions.Single(function => function.Name == name);
        using var metadata = Read("functions.metadata");
        var listed = metadata.RootElement.EnumerateArray().Single(listed => listed.GetProperty("name").GetString() == name);
        Assert.Equal($"{function.Method.DeclaringType!.FullName}.{function.Method.Name}", listed.GetProperty("entryPoint").GetString());

        var binding = listed.GetProperty("bindings").EnumerateArray().Single(binding => binding.GetProperty("type").GetString() == function.Trigger.Type);
        switch (function.Trigger)
        {
            case HttpTrigger http:
                Assert.Equal(http.Route, binding.TryGetProperty("route", out var route) ? route.GetString() : name);
                Assert.Equal(http.Methods, binding.TryGetProperty("methods", out var methods) ? methods.EnumerateArray().Select(method => method.GetString()!) : []);
                break;
            case TimerTrigger timer:
                Assert.Equal(timer.Schedule, binding.GetProperty("schedule").GetString());
                break;
            case QueueTrigger queue:
                Assert.Equal(queue.Queue, binding.GetProperty("queueName").GetString());
                break;
        }
    }

    private JsonDocument Read(string name) => JsonDocument.Parse(File.ReadAllText(Path.Combine(_output, name)));

    /// <summary>The app's own output in the configuration of these tests; the copy of it beside the tests is not what is deployed.</summary>
    private static string AppOutput()
    {
        var tests = new DirectoryInfo(AppContext.BaseDirectory);
        return Path.Combine(tests.Parent!.Parent!.Parent!.Parent!.FullName, "IterableFunctions", "bin", tests.Parent.Name, tests.Name);
    }
}
