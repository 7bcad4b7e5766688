using System.Text.Json;
using IterableFunctions.Iterable;
using IterableFunctions.Segment;

namespace IterableFunctions.Personas.Profiles;

/// <summary>What a call sets at Iterable, as far as an older call must not undo it.</summary>
/// <param name="Addressed">The identifiers that it reaches its user by, each of which another call may use alone.</param>
/// <param name="Fields">The user fields that it sets, an object; null where it sets none.</param>
/// <param name="Cart">The items of the cart that it sets, an array, empty where it clears the cart; null where it does neither.</param>
public sealed record SentCall(IReadOnlyList<string> Addressed, JsonElement? Fields, JsonElement? Cart)
{
    private static readonly JsonElement NoItems = JsonElement.Parse("[]"u8);

    /// <summary>Null for a call that nothing can undo: events only add. In an email-based project one is remembered all the same, for before the first its user is made sure of.</summary>
    public static SentCall? Of(IterableRequest request, ProjectType project)
    {
        if (request.Endpoint == IterableEndpoint.UpdateUser)
            return new(AddressOf(request, project), Member(request, "dataFields"u8), null);
        if (request.Endpoint == IterableEndpoint.UpdateCart)
            return new(AddressOf(request, project), null, Member(request, "items"u8) ?? NoItems);
        if (request.Endpoint == IterableEndpoint.TrackPurchase)
            return new(AddressOf(request, project), null, NoItems);
        return project == ProjectType.Email && request is { Email: not null } ? new(AddressOf(request, project), null, null) : null;
    }

    /// <summary>
    /// In a hybrid project userId and email are one user's, and either alone reaches it. In an email-based one the email decides, as one userId may stand on several
    /// users; in a userId-based one the userId.
    /// </summary>
    public static IReadOnlyList<string> AddressOf(IterableRequest request, ProjectType project)
    {
        var userId = request.UserId is { } id ? $"{ExternalId.UserIdType}:{id}" : null;
        var email = request.Email is { } address ? $"{ExternalId.EmailType}:{address.ToLowerInvariant()}" : null;
        return project switch
        {
            ProjectType.Email => email is not null ? [email] : userId is not null ? [userId] : [],
            ProjectType.UserId => userId is not null ? [userId] : [],
            _ => [.. new[] { userId, email }.OfType<string>()],
        };
    }

    private static JsonElement? Member(IterableRequest request, ReadOnlySpan<byte> name)
    {
        using var body = JsonDocument.Parse(request.Body, new JsonDocumentOptions { MaxDepth = 2 * JsonTokens.MaxDepth });
        return body.RootElement.TryGetProperty(name, out var member) ? member.Clone() : null;
    }
}
