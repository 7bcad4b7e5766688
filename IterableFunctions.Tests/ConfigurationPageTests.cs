using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Tests;

/// <summary><c>docs/configuration.md</c> says what the options classes say, and the sample settings start the app.</summary>
public sealed class ConfigurationPageTests
{
    private static readonly Dictionary<string, string[]> Rows = Repository.Read("docs/configuration.md").Split('\n')
        .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
        .Select(line => line.Trim('|').Split('|').Select(cell => cell.Trim()).ToArray())
        .ToDictionary(cells => cells[0].Trim('`'), cells => cells[1..]);

    public static TheoryData<string> Settings => [.. Options().Select(option => option.Setting)];

    [Theory]
    [MemberData(nameof(Settings))]
    public void Setting_stands_there_with_its_type_its_default_and_an_example_that_the_app_takes(string setting)
    {
        var (_, property, instance) = Options().Single(option => option.Setting == setting);
        Assert.True(Rows.TryGetValue(setting, out var row), $"{setting} is missing.");
        var (type, standard, example) = (row[0], row[1], row[2]);

        Assert.Contains(type, Types(property.PropertyType));
        switch (property.GetValue(instance))
        {
            case null or "":
                Assert.DoesNotMatch("^`(?!https)", standard);
                break;
            case var value:
                Assert.Equal($"`{Text(value)}`", standard);
                break;
        }

        Assert.Empty(Problems(setting, example.Trim('`')));
    }

    [Fact]
    public void No_setting_stands_there_that_the_app_does_not_have()
    {
        var sections = Options().Select(option => option.Setting.Split("__")[0]).ToHashSet();
        Assert.Empty(Rows.Keys.Where(setting => sections.Contains(setting.Split("__")[0])).Except(Options().Select(option => option.Setting)));
    }

    [Fact]
    public void The_sample_settings_stand_there_and_start_the_app()
    {
        var sample = JsonNode.Parse(Repository.Read("local.settings.sample.json"))!["Values"]!.AsObject().ToDictionary(value => value.Key, value => (string?)value.Value);
        Assert.Empty(sample.Keys.Except(Rows.Keys));
        // A secret is a text of one's own; a key without blanks.
        Assert.Empty(Check(sample.ToDictionary(value => value.Key, value => value.Key == "Iterable__ApiKey" ? "key" : value.Value)));
    }

    private static IReadOnlyList<string> Problems(string setting, string value)
    {
        var settings = new Dictionary<string, string?>
        {
            ["Segment__SharedSecret"] = "s",
            ["Segment__HeaderSecret"] = "s",
            ["Segment__WriteKey"] = "k",
            ["Iterable__ApiKey"] = "k",
            ["Iterable__ProjectType"] = setting == "Iterable__PreferUserId" ? "Email" : "Hybrid",
            ["AzureWebJobsStorage"] = "UseDevelopmentStorage=true",
            [setting] = value,
        };
        return Check(settings);
    }

    private static IReadOnlyList<string> Check(Dictionary<string, string?> settings)
    {
        using var worker = Worker(settings);
        return App.CheckSettings(worker.Services);
    }

    /// <summary>Every setting of every options class that the app binds, with an instance that holds the defaults.</summary>
    private static IEnumerable<(string Setting, PropertyInfo Property, object Instance)> Options()
        => from service in new ServiceCollection().AddIterableFunctions()
           let type = service.ServiceType
           where type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IConfigureOptions<>)
           let options = type.GenericTypeArguments[0]
           where options.Assembly == typeof(App).Assembly
           let section = (string)options.GetField("Section")!.GetRawConstantValue()!
           from property in options.GetProperties()
           where property.CanWrite
           select ($"{section}__{property.Name}", property, Activator.CreateInstance(options)!);

    private static IHost Worker(Dictionary<string, string?> settings)
    {
        var builder = App.CreateWorker([]);
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key.Replace("__", ":", StringComparison.Ordinal), setting.Value)));
        return builder.Build();
    }

    private static string[] Types(Type type)
        => type == typeof(bool) ? ["`true` or `false`"]
            : type == typeof(int) ? ["whole number"]
            : type == typeof(TimeSpan) ? ["time"]
            : type.IsEnum && Enum.GetNames(type) is [.. var first, var last] ? [$"{string.Join(", ", first.Select(name => $"`{name}`"))} or `{last}`"]
            : ["text", "address"];

    private static string Text(object value) => value switch
    {
        bool yes => yes ? "true" : "false",
        TimeSpan { Days: 0, Milliseconds: not 0 } time => time.ToString("hh':'mm':'ss'.'FFFFFFF", CultureInfo.InvariantCulture),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString()!,
    };
}
