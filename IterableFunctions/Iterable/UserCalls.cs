using System.Text.Json;

namespace IterableFunctions.Iterable;

/// <summary>Calls about a user that no message becomes by itself.</summary>
public static class UserCalls
{
    /// <summary>Deletes a user at Iterable, and keeps their data away in future.</summary>
    /// <param name="userId">By which the user is known; or null.</param>
    /// <param name="email">By which the user is known; or null.</param>
    public static IterableRequest Forget(string? userId, string? email) => new()
    {
        Endpoint = IterableEndpoint.ForgetUser,
        Body = Address(userId, email),
        MessageId = "forget",
        UserId = userId,
        Email = email,
        Timestamp = default,
    };

    /// <summary>Makes sure that the user of an event is there: in an email-based project an event of somebody unknown creates nobody, and is lost.</summary>
    public static IterableRequest Create(IterableRequest before) => before with { Endpoint = IterableEndpoint.UpdateUser, Body = Address(before.UserId, before.Email) };

    private static byte[] Address(string? userId, string? email)
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            if (email is not null)
                writer.WriteString("email"u8, email);
            if (userId is not null)
                writer.WriteString("userId"u8, userId);
            writer.WriteEndObject();
        }

        return json.ToArray();
    }
}
