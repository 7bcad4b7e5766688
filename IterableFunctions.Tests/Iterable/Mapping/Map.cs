using System.Text;
using System.Text.Json.Nodes;
using IterableFunctions.Iterable;
using IterableFunctions.Iterable.Mapping;
using IterableFunctions.Segment;
using Microsoft.Extensions.Options;
using Outcome = IterableFunctions.Iterable.Mapping.Mapping;

namespace IterableFunctions.Tests.Iterable.Mapping;

/// <summary>Maps messages that are written as text.</summary>
internal static class Map
{
    /// <summary>The time of messages that have none.</summary>
    public static readonly DateTime Now = new(2024, 6, 1, 12, 0, 0, DateTimeKind.Utc);

    public static Outcome Message(string json, IterableOptions? iterable = null, PagesOptions? pages = null)
    {
        using var tokens = JsonTokens.Read(Encoding.UTF8.GetBytes(json), out var rejection);
        if (tokens is null)
            return new Outcome.Reject(rejection!);
        var message = SegmentMessage.Read(tokens.Root, Now, out rejection);
        return message is null
            ? new Outcome.Reject(rejection!)
            : new Mapper(Options.Create(iterable ?? new()), Options.Create(pages ?? new())).Map(message);
    }

    /// <summary>The request that a message becomes; the test fails when it becomes none.</summary>
    public static IterableRequest Request(string json, IterableOptions? iterable = null, PagesOptions? pages = null)
        => Assert.IsType<Outcome.Send>(Message(json, iterable, pages)).Request;

    public static JsonObject Body(string json, IterableOptions? iterable = null, PagesOptions? pages = null)
        => JsonNode.Parse(Request(json, iterable, pages).Body.Span)!.AsObject();

    public static Rejection Rejection(string json, IterableOptions? iterable = null)
        => Assert.IsType<Outcome.Reject>(Message(json, iterable)).Rejection;

    public static string Reason(string json, PagesOptions? pages = null)
        => Assert.IsType<Outcome.Ignore>(Message(json, pages: pages)).Reason;

    /// <summary>A track message with these properties.</summary>
    public static string Track(string properties, string name = "Video Played")
        => $$"""{"type":"track","event":"{{name}}","messageId":"m-1","userId":"u-1","timestamp":"2024-03-05T06:07:08.999Z","properties":{{properties}}}""";

    /// <summary>An identify message with these traits.</summary>
    public static string Identify(string traits, string more = "")
        => $$"""{"type":"identify","messageId":"m-1","userId":"u-1","timestamp":"2024-03-05T06:07:08.999Z","traits":{{traits}}{{more}}}""";
}
