using System.Text;
using System.Text.Json.Nodes;
using IterableFunctions.Iterable;

namespace IterableFunctions.Personas.Sync;

/// <summary>A call about a person's email addressed by that alone, after Iterable has said that email and userId belong to two users (409): what is told of an email is for its user.</summary>
internal static class EmailAlone
{
    /// <summary>Null where the call is not addressed by both.</summary>
    public static IterableRequest? Of(IterableRequest request)
    {
        if (request.UserId is null || request.Email is null)
            return null;
        var body = JsonNode.Parse(request.Body.Span)!.AsObject();
        body.Remove("userId");
        body.Remove("preferUserId");
        return request with { Body = Encoding.UTF8.GetBytes(body.ToJsonString()), UserId = null };
    }
}
