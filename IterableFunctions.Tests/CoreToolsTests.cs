using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using IterableFunctions.LocalHost;
using IterableFunctions.Tests.Intake;
using IterableFunctions.Tests.Sandbox;

namespace IterableFunctions.Tests;

/// <summary><c>dotnet run --project IterableFunctions</c>: the app in the Functions host, under Core Tools.</summary>
public sealed class CoreToolsTests(OwnAzuriteFixture azurite) : IClassFixture<OwnAzuriteFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>The build that the tests belong to: bin/{configuration}/net10.0.</summary>
    private static readonly DirectoryInfo Build = new(AppContext.BaseDirectory);

    [SkippableFact]
    public async Task It_lists_its_functions_takes_a_signed_message_and_sends_it_on()
    {
        Skip.IfNot(OnPath("func"), "Azure Functions Core Tools (func) are not on PATH.");
        await using var iterable = await SandboxServer.StartAsync();
        var address = new Uri($"http://localhost:{LoopbackPort.Free()}");
        var start = Run("--port", $"{address.Port}", "--dotnet-isolated");
        start.Environment["FUNCTIONS_WORKER_RUNTIME"] = "dotnet-isolated";
        start.Environment["AzureWebJobsStorage"] = azurite.ConnectionString;
        start.Environment["Segment__SharedSecret"] = Webhook.Secret;
        start.Environment["Iterable__ApiKey"] = SandboxServer.Key;
        start.Environment["Iterable__BaseUrl"] = new Uri(iterable.Client.BaseAddress!, "sandbox").ToString();
        using var func = Process.Start(start)!;
        try
        {
            var said = Hear(func);
            using var client = new HttpClient { BaseAddress = address };
            await UntilAsync(async () => (await client.GetAsync(new Uri("api/health", UriKind.Relative))).IsSuccessStatusCode, func, said);

            var listed = (await client.GetFromJsonAsync<JsonArray>(new Uri("admin/functions", UriKind.Relative)))!.Select(function => (string)function!["name"]!);
            Assert.Equal(FunctionCatalog.Find(typeof(App).Assembly.GetTypes()).Functions.Select(function => function.Name).Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));

            var answer = await client.PostAsync("""{"type":"track","messageId":"m-func","event":"Under Core Tools","userId":"u-func"}""");
            Assert.Equal("delivered", (string?)answer.Body["status"]);
            Assert.Single(iterable.Sandbox.EventsOf(userId: "u-func"));
        }
        finally
        {
            func.Kill(entireProcessTree: true);
            await func.WaitForExitAsync();
        }
    }

    [SkippableFact]
    public async Task Func_is_started_in_the_output_folder_wherever_one_stands()
    {
        Skip.If(OperatingSystem.IsWindows(), "The stand-in for func is a shell script.");
        var folder = Directory.CreateTempSubdirectory("func-");
        var script = Path.Combine(folder.FullName, "func");
        await File.WriteAllTextAsync(script, "#!/bin/sh\nif [ \"$1\" = start ]; then echo \"$(pwd) $@\"; fi\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        var start = Run("--port", "1");
        start.Environment["PATH"] = $"{folder.FullName}{Path.PathSeparator}{start.Environment["PATH"]}";

        using var dotnet = Process.Start(start)!;
        var (output, error) = (dotnet.StandardOutput.ReadToEndAsync(), dotnet.StandardError.ReadToEndAsync());
        await dotnet.WaitForExitAsync();

        Assert.Equal("", await error);
        Assert.EndsWith($"{Path.Combine(Repository.Root, "IterableFunctions", "bin", Build.Parent!.Name, Build.Name)} start --port 1", (await output).TrimEnd(), StringComparison.Ordinal);
        folder.Delete(recursive: true);
    }

    private static ProcessStartInfo Run(params string[] args)
        => new("dotnet", ["run", "--no-build", "--configuration", Build.Parent!.Name, "--project", "IterableFunctions", "--", .. args])
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

    private static ConcurrentQueue<string> Hear(Process process)
    {
        var said = new ConcurrentQueue<string>();
        process.OutputDataReceived += (_, line) => said.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => said.Enqueue(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return said;
    }

    private static async Task UntilAsync(Func<Task<bool>> holds, Process process, ConcurrentQueue<string> said)
    {
        for (var started = Stopwatch.GetTimestamp(); ; await Task.Delay(200))
        {
            try
            {
                if (await holds())
                    return;
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }

            if (process.HasExited || Stopwatch.GetElapsedTime(started) > Patience)
                throw new TimeoutException($"It does not answer: {string.Join('\n', said)}");
        }
    }

    private static bool OnPath(string program)
        => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Any(folder => File.Exists(Path.Combine(folder, program)) || File.Exists(Path.Combine(folder, $"{program}.exe")) || File.Exists(Path.Combine(folder, $"{program}.cmd")));
}
