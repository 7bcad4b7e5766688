using IterableFunctions.Iterable;
using IterableFunctions.Personas.Profiles;

namespace IterableFunctions.Personas.Sync;

/// <summary>A user at Iterable whom a person's values are told of.</summary>
/// <param name="Identifier">What the telling is kept under.</param>
/// <param name="UserId">That calls carry; or null.</param>
/// <param name="Email">That calls carry; or null.</param>
public sealed record Addressee(string Identifier, string? UserId, string? Email)
{
    public static string OfEmail(string email) => $"{ExternalId.EmailType}:{email}";

    public static string OfUserId(string userId) => $"{ExternalId.UserIdType}:{userId}";
}

/// <summary>
/// The users at Iterable that a person stands for: one for each email, as three emails are three users there, and one by user_id where there is no email. Iterable takes a userId on one user
/// only, so one email carries it, the same for good. In a userId-based project there is one user, by user_id.
/// </summary>
public static class Addressees
{
    /// <summary>Whether there is any, so that Iterable can be told of the person.</summary>
    public static bool Exist(ProfileDocument document, ProjectType project)
    {
        foreach (var known in document.Ids)
        {
            if (known.Id.Type == ExternalId.UserIdType || (known.Id.Type == ExternalId.EmailType && project != ProjectType.UserId))
                return true;
        }

        return false;
    }

    /// <summary>The carrier of the userId first; none for a person without user_id and email.</summary>
    public static IReadOnlyList<Addressee> Of(ProfileDocument document, ProjectType project)
    {
        var userId = document.Ids.Where(known => known.Id.Type == ExternalId.UserIdType).Select(known => known.Id.Value).FirstOrDefault();
        if (project == ProjectType.UserId)
            return userId is null ? [] : [new(Addressee.OfUserId(userId), userId, null)];
        string[] emails = [.. document.Ids.Where(known => known.Id.Type == ExternalId.EmailType).Select(known => known.Id.Value)];
        if (emails.Length == 0)
            return userId is null ? [] : [new(Addressee.OfUserId(userId), userId, null)];
        var carrier = CarrierOf(document, emails);
        return [new(Addressee.OfEmail(carrier), userId, carrier), .. emails.Where(email => email != carrier).Select(email => new Addressee(Addressee.OfEmail(email), null, email))];
    }

    /// <summary>Whom a telling was for whose identifier the person may not have any more.</summary>
    public static Addressee Of(string identifier)
    {
        var (type, value) = (identifier[..identifier.IndexOf(':', StringComparison.Ordinal)], identifier[(identifier.IndexOf(':', StringComparison.Ordinal) + 1)..]);
        return type == ExternalId.EmailType ? new(identifier, null, value) : new(identifier, value, null);
    }

    private static string CarrierOf(ProfileDocument document, string[] emails) => document.Carrier is { } carrier && emails.Contains(carrier) ? carrier : emails[0];
}
