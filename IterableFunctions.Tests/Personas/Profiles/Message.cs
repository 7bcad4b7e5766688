using System.Text;
using IterableFunctions.Iterable;
using IterableFunctions.Iterable.Mapping;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Segment;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Tests.Personas.Profiles;

/// <summary>Messages for profiles, read from the JSON that Segment posts.</summary>
internal static class Message
{
    public static readonly DateTime Arrival = new(2026, 3, 1, 12, 0, 0, DateTimeKind.Utc);

    public static ProfileMessage Of(string json, DateTime? arrived = null) => TryOf(json, arrived) ?? throw new InvalidOperationException("No profile takes this message.");

    public static ProfileMessage? TryOf(string json, DateTime? arrived = null, ProjectType project = ProjectType.Hybrid)
    {
        var options = new IterableOptions { ProjectType = project };
        using var tokens = JsonTokens.Read(Encoding.UTF8.GetBytes(json), out var rejection);
        Assert.Null(rejection);
        var message = SegmentMessage.Read(tokens!.Root, arrived ?? Arrival, out rejection);
        Assert.Null(rejection);
        var sent = new Mapper(Options.Create(options), Options.Create(new PagesOptions())).Map(message!) as Mapping.Send;
        return ProfileMessage.Of(message!, arrived ?? Arrival, sent?.Request, options);
    }

    /// <summary>A track: "u:ann a:cookie e:ann@example.com" are its ids.</summary>
    public static ProfileMessage Track(string messageId, string ids, string name = "Video Played", string time = "2026-03-01T10:00:00Z")
        => Of($$"""{"type":"track","messageId":"{{messageId}}","event":"{{name}}","timestamp":"{{time}}",{{Ids(ids)}},"properties":{"n":1} }""");

    /// <summary>An identify with traits, an object's members.</summary>
    public static ProfileMessage Identify(string messageId, string ids, string traits, string time = "2026-03-01T10:00:00Z")
        => Of($$"""{"type":"identify","messageId":"{{messageId}}","timestamp":"{{time}}",{{Ids(ids)}},"traits":{ {{traits}} } }""");

    private static string Ids(string ids)
    {
        var external = new List<string>();
        var fields = new List<string>();
        foreach (var id in ids.Split(' '))
        {
            var value = id[2..];
            if (id[0] == 'u')
                fields.Add($"\"userId\":\"{value}\"");
            else if (id[0] == 'a' && !fields.Exists(field => field.StartsWith("\"anonymousId", StringComparison.Ordinal)))
                fields.Add($"\"anonymousId\":\"{value}\"");
            else
                external.Add($$"""{"id":"{{value}}","type":"{{id[0] switch { 'e' => "email", 'a' => "anonymous_id", _ => "phone" }}}"}""");
        }

        if (external.Count > 0)
            fields.Add($$"""   "context":{"externalIds":[{{string.Join(',', external)}}]}""");
        return string.Join(',', fields);
    }
}
