using System.Text.Json;

namespace IterableFunctions.Iterable;

/// <summary>The call that deletes a user at Iterable and keeps their data away in future.</summary>
public static class ForgetUser
{
    /// <param name="userId">By which the user is known; or null.</param>
    /// <param name="email">By which the user is known; or null.</param>
    public static IterableRequest Of(string? userId, string? email)
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            if (userId is not null)
                writer.WriteString("userId"u8, userId);
            if (email is not null)
                writer.WriteString("email"u8, email);
            writer.WriteEndObject();
        }

        return new() { Endpoint = IterableEndpoint.ForgetUser, Body = json.ToArray(), MessageId = "forget", UserId = userId, Email = email, Timestamp = default };
    }
}
