using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using IterableFunctions.Intake;
using IterableFunctions.LocalHost;
using Microsoft.Azure.Functions.Worker;
using HttpTrigger = IterableFunctions.LocalHost.HttpTrigger;

namespace IterableFunctions.Tests;

/// <summary><c>docs/openapi.json</c> says what the functions' metadata and the classes of their answers say.</summary>
public sealed partial class OpenApiTests
{
    private static readonly JsonNode Document = JsonNode.Parse(Repository.Read("docs/openapi.json"))!;

    public static TheoryData<string> Schemas => [.. Document["components"]!["schemas"]!.AsObject().Select(schema => schema.Key).Where(name => TypeOf(name) is { IsEnum: false })];

    [Fact]
    public void Every_route_and_method_stands_there_and_nothing_else()
    {
        var served = from function in FunctionCatalog.Find(typeof(App).Assembly.GetTypes()).Functions
                     where function.Trigger is HttpTrigger
                     let http = (HttpTrigger)function.Trigger
                     from method in http.Methods
                     select $"{method} /{http.Route} {function.Name} {(Level(function) == AuthorizationLevel.Anonymous ? "" : "functionKey")}".Trim();
        var documented = from path in Document["paths"]!.AsObject()
                         from operation in path.Value!.AsObject()
                         let security = operation.Value!["security"]!.AsArray().SelectMany(scheme => scheme!.AsObject().Select(name => name.Key)).Where(name => name == "functionKey")
                         select $"{operation.Key} {path.Key} {operation.Value!["operationId"]} {string.Join(' ', security)}".Trim();
        Assert.Equal(served.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_part_of_a_path_is_a_parameter()
    {
        foreach (var path in Document["paths"]!.AsObject())
        {
            foreach (var operation in path.Value!.AsObject())
            {
                var parameters = operation.Value!["parameters"]?.AsArray().Where(parameter => (string?)parameter!["in"] == "path").Select(parameter => (string)parameter!["name"]!) ?? [];
                Assert.Equal(PathParameter().Matches(path.Key).Select(match => match.Groups[1].Value), parameters);
            }
        }
    }

    [Fact]
    public void Whatever_takes_a_body_says_which_bodies_it_does_not_take()
    {
        var operations = Document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Select(operation => operation.Value!)).Where(operation => operation["requestBody"] is not null).ToList();
        Assert.NotEmpty(operations);
        Assert.All(operations, operation => Assert.Superset(new HashSet<string> { "400", "408", "413", "415" }, operation["responses"]!.AsObject().Select(response => response.Key).ToHashSet()));
    }

    [Theory]
    [MemberData(nameof(Schemas))]
    public void A_schema_has_the_members_that_are_written(string name)
    {
        var written = AppJson.Default.GetTypeInfo(TypeOf(name)!)!.Properties.Where(property => property.Get is not null).Select(property => property.Name);
        var schema = Document["components"]!["schemas"]![name]!;
        Assert.Equal(written.Order(StringComparer.Ordinal), schema["properties"]!.AsObject().Select(property => property.Key).Order(StringComparer.Ordinal));
        Assert.Subset(written.ToHashSet(), schema["required"]!.AsArray().Select(required => (string)required!).ToHashSet());
    }

    [Fact]
    public void The_words_for_what_became_of_a_message_are_those_that_are_written()
        => Assert.Equal(
            Enum.GetValues<MessageStatus>().Select(status => AppJsonText(status)),
            Document["components"]!["schemas"]!["MessageStatus"]!["enum"]!.AsArray().Select(word => (string)word!));

    [Fact]
    public void Every_reference_leads_somewhere()
        => Assert.All(Reference().Matches(Document.ToJsonString()).Select(match => match.Groups[1].Value).Distinct(), name => Assert.NotNull(Document["components"]!["schemas"]![name]));

    private static string AppJsonText(MessageStatus status)
        => (string)System.Text.Json.JsonSerializer.SerializeToNode(new MessageResult(status, null), AppJson.Default.MessageResult)!["status"]!;

    private static Type? TypeOf(string schema) => typeof(App).Assembly.GetTypes().SingleOrDefault(type => type.Name == schema && !type.IsNested && schema != "SegmentMessage");

    private static AuthorizationLevel? Level(Function function)
        => function.Method.GetParameters().Select(parameter => parameter.GetCustomAttribute<HttpTriggerAttribute>()?.AuthLevel).FirstOrDefault(level => level is not null);

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex PathParameter();

    [GeneratedRegex("#/components/schemas/(\\w+)")]
    private static partial Regex Reference();
}
