using System.Diagnostics;

namespace IterableFunctions.Tests;

/// <summary>What <c>dotnet publish</c> makes is what is deployed. It takes a minute, so it runs with <c>LONG_TESTS=1</c> only.</summary>
public sealed class PublishTests
{
    [SkippableFact]
    public async Task The_package_has_what_the_host_loads_and_no_settings_of_ones_own()
    {
        Skip.IfNot(Environment.GetEnvironmentVariable("LONG_TESTS") == "1", "LONG_TESTS=1 publishes the app.");
        var folder = Directory.CreateTempSubdirectory("publish-");
        using var publish = Process.Start(new ProcessStartInfo("dotnet", ["publish", "IterableFunctions", "-c", "Release", "-o", folder.FullName]) { WorkingDirectory = Repository.Root, RedirectStandardOutput = true })!;
        var said = await publish.StandardOutput.ReadToEndAsync();
        await publish.WaitForExitAsync();
        Assert.True(publish.ExitCode == 0, said);

        string[] needed = ["host.json", "worker.config.json", "functions.metadata", "extensions.json", "IterableFunctions.dll", "IterableFunctions.runtimeconfig.json", Path.Combine(".azurefunctions", "Azure.Storage.Queues.dll")];
        Assert.All(needed, file => Assert.True(File.Exists(Path.Combine(folder.FullName, file)), file));
        Assert.Empty(folder.GetFiles("local.settings*.json", SearchOption.AllDirectories));
        // Compiled ahead, it is more than twice as large as what is built.
        Assert.True(new FileInfo(Path.Combine(folder.FullName, "IterableFunctions.dll")).Length > 1.5 * new FileInfo(typeof(App).Assembly.Location).Length);
        folder.Delete(recursive: true);
    }
}
