using System.Text.Json.Nodes;
using IterableFunctions.Iterable;
using IterableFunctions.Segment;

namespace IterableFunctions.Delivering;

/// <summary>A call addressed by the userId alone, after Iterable has said that email and userId belong to two users (409).</summary>
internal static class UserIdAlone
{
    /// <summary>Null where the call is not addressed by both.</summary>
    public static IterableRequest? Of(IterableRequest request)
    {
        if (request.UserId is null || request.Email is null)
            return null;
        var body = JsonNode.Parse(request.Body.Span, documentOptions: new() { MaxDepth = 2 * JsonTokens.MaxDepth })!.AsObject();
        // Commerce calls hold the address in "user".
        var address = body["user"]?.AsObject() ?? body;
        return address.Remove("email") ? request with { Body = System.Text.Encoding.UTF8.GetBytes(body.ToJsonString()), Email = null } : null;
    }
}
