using System.Text;
using System.Text.Json.Nodes;
using IterableFunctions.Segment;

namespace IterableFunctions.Iterable;

/// <summary>A call addressed by one identifier alone, after Iterable has said that its email and userId belong to two users (409). Null where it is not addressed by both.</summary>
internal static class Readdressed
{
    /// <summary>What a message says is said of its userId.</summary>
    public static IterableRequest? ByUserId(IterableRequest request) => Without("email", request) is { } body ? request with { Body = body, Email = null } : null;

    /// <summary>What is told of an email is for its user.</summary>
    public static IterableRequest? ByEmail(IterableRequest request) => Without("userId", request) is { } body ? request with { Body = body, UserId = null } : null;

    private static byte[]? Without(string identifier, IterableRequest request)
    {
        if (request.UserId is null || request.Email is null)
            return null;
        var body = JsonNode.Parse(request.Body.Span, documentOptions: new() { MaxDepth = 2 * JsonTokens.MaxDepth })!.AsObject();
        // Commerce calls hold the address in "user".
        var address = body["user"]?.AsObject() ?? body;
        if (!address.Remove(identifier))
            return null;
        if (identifier == "userId")
            address.Remove("preferUserId");
        return Encoding.UTF8.GetBytes(body.ToJsonString());
    }
}
