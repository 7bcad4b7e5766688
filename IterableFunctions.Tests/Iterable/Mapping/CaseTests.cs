using System.Text.Json.Nodes;
using Outcome = IterableFunctions.Iterable.Mapping.Mapping;

namespace IterableFunctions.Tests.Iterable.Mapping;

/// <summary>
/// Inputs and outputs of Segment's classic Iterable destination, where it and our contract agree. Outputs lack <c>id</c>, which is an addition of ours.
/// </summary>
public class CaseTests
{
    private static readonly string File = Path.Combine(AppContext.BaseDirectory, "Iterable", "Mapping", "mapping-cases.ndjson");

    public static TheoryData<string> Names() => [.. Cases().Select(c => (string)c["name"]!)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Message_becomes_what_the_classic_destination_makes_of_it(string name)
    {
        var expected = Cases().Single(c => (string)c["name"]! == name);
        var output = expected["output"]!;
        var outcome = Map.Message(expected["input"]!.ToJsonString());

        if (output["error"] is not null)
        {
            Assert.StartsWith((string)output["error"]!, Assert.IsType<Outcome.Reject>(outcome).Rejection.Detail, StringComparison.Ordinal);
        }
        else if (output["none"] is not null)
        {
            Assert.IsType<Outcome.Ignore>(outcome);
        }
        else
        {
            var request = Assert.IsType<Outcome.Send>(outcome).Request;
            Assert.Equal((string)output["path"]!, request.Endpoint.Path);
            var body = JsonNode.Parse(request.Body.Span)!.AsObject();
            Assert.Equal(request.Endpoint.Path is "/api/events/track" or "/api/commerce/trackPurchase", body.Remove("id"));
            Assert.True(JsonNode.DeepEquals(output["body"], body), $"expected {output["body"]!.ToJsonString()}, got {body.ToJsonString()}");
        }
    }

    private static IEnumerable<JsonObject> Cases() => System.IO.File.ReadLines(File).Select(line => JsonNode.Parse(line)!.AsObject());
}
