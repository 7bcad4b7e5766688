using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml;

namespace IterableFunctions.Tests;

/// <summary>What <c>azd up</c> deploys, as far as it can be checked without Azure: it compiles without a warning, and its parts name each other as they are.</summary>
public sealed partial class InfraTests
{
    private static readonly string _infra = Path.Combine(Repository.Root, "infra");

    [SkippableTheory]
    [InlineData("lint")]
    [InlineData("build")]
    public async Task Bicep_has_nothing_to_say(string command)
    {
        var (exitCode, _, said) = await BicepAsync(command, Path.Combine(_infra, "main.bicep"), command == "build" ? "--stdout" : "--diagnostics-format=Default");
        Assert.Equal("", said);
        Assert.Equal(0, exitCode);
    }

    [SkippableFact]
    public async Task The_files_are_formatted()
    {
        foreach (var file in Directory.GetFiles(_infra, "*.bicep"))
            Assert.Equal(await File.ReadAllTextAsync(file), (await BicepAsync("format", file, "--stdout")).Output);
    }

    [SkippableFact]
    public async Task No_storage_account_takes_a_shared_key()
    {
        var accounts = (await ResourcesAsync()).Where(resource => (string?)resource["type"] == "Microsoft.Storage/storageAccounts").ToList();
        Assert.Equal(2, accounts.Count);
        Assert.All(accounts, account => Assert.False((bool)account["properties"]!["allowSharedKeyAccess"]!));
    }

    [SkippableFact]
    public async Task The_identity_has_the_roles_that_the_app_needs_and_no_more()
        => Assert.Equal(
            ["appi monitoringMetricsPublisher", "kv keyVaultSecretsUser", "stdata tableDataContributor", "sthost blobDataOwner", "sthost queueDataContributor", "sthost tableDataContributor"],
            (await ResourcesAsync())
                .Where(resource => (string?)resource["type"] == "Microsoft.Authorization/roleAssignments")
                .Select(role => $"{ScopeOfRole().Match((string)role["scope"]!).Groups[1].Value} {NameOfRole().Match((string)role["properties"]!["roleDefinitionId"]!).Groups[1].Value}")
                .Order(StringComparer.Ordinal));

    [Fact]
    public void Every_parameter_of_the_deployment_can_be_set_in_the_azd_environment()
    {
        var declared = Parameter().Matches(File.ReadAllText(Path.Combine(_infra, "main.bicep"))).Select(match => match.Groups[1].Value);
        var given = JsonNode.Parse(File.ReadAllText(Path.Combine(_infra, "main.parameters.json")))!["parameters"]!.AsObject().Select(parameter => parameter.Key);
        Assert.Equal(declared.Order(StringComparer.Ordinal), given.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Alerts_ask_for_metrics_that_there_are()
    {
        var page = Repository.Read("docs/operations.md");
        var asked = Metric().Matches(File.ReadAllText(Path.Combine(_infra, "alerts.bicep"))).Select(match => match.Groups[1].Value).ToList();
        Assert.Equal(3, asked.Count);
        Assert.All(asked, metric => Assert.Contains($"| `{metric}` |", page, StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task Alerts_read_further_back_than_their_queries_look()
    {
        var (_, output, _) = await BicepAsync("build", Path.Combine(_infra, "alerts.bicep"), "--stdout");
        var rules = JsonNode.Parse(output)!["variables"]!["rules"]!.AsArray();
        Assert.Equal(3, rules.Count);
        var looks = rules.SelectMany(rule => Ago().Matches((string)rule!["query"]!).Select(ago => (Hours: int.Parse(ago.Groups[1].Value, CultureInfo.InvariantCulture), Reads: XmlConvert.ToTimeSpan((string)(rule!["reads"] ?? rule["window"])!)))).ToList();
        Assert.NotEmpty(looks);
        Assert.All(looks, look => Assert.True(look.Reads > TimeSpan.FromHours(look.Hours), $"{look}"));
    }

    /// <summary>All resources of the compiled template, those of its modules included.</summary>
    private static async Task<List<JsonNode>> ResourcesAsync()
    {
        var (_, output, _) = await BicepAsync("build", Path.Combine(_infra, "main.bicep"), "--stdout");
        return [.. Resources(JsonNode.Parse(output)!)];

        static IEnumerable<JsonNode> Resources(JsonNode template)
            => (template["resources"] is JsonArray list ? list.Select(resource => resource!) : template["resources"]!.AsObject().Select(resource => resource.Value!))
                .SelectMany(resource => (string?)resource["type"] == "Microsoft.Resources/deployments" ? Resources(resource["properties"]!["template"]!) : [resource]);
    }

    private static async Task<(int ExitCode, string Output, string Error)> BicepAsync(params string[] args)
    {
        var bicep = typeof(InfraTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(metadata => metadata.Key == "Bicep").Value;
        Skip.If(string.IsNullOrEmpty(bicep), "The Bicep CLI is restored on Linux (x64) only.");
        using var process = Process.Start(new ProcessStartInfo(bicep!, args)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["DOTNET_SYSTEM_GLOBALIZATION_INVARIANT"] = "1" },
        })!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }

    [GeneratedRegex("name == \"([^\"]+)\"")]
    private static partial Regex Metric();

    [GeneratedRegex(@"ago\((\d+)h\)")]
    private static partial Regex Ago();

    [GeneratedRegex(@"'(\w+)-?\{0\}'")]
    private static partial Regex ScopeOfRole();

    [GeneratedRegex(@"variables\('role'\)\.(\w+)")]
    private static partial Regex NameOfRole();

    [GeneratedRegex(@"^param (\w+) ", RegexOptions.Multiline)]
    private static partial Regex Parameter();
}
