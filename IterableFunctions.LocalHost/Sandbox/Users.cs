using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IterableFunctions.LocalHost.Sandbox;

/// <summary>One user of the project. Values are kept as the JSON text that came, by top-level field.</summary>
internal sealed class Profile(DateTimeOffset createdAt)
{
    public string? Email { get; set; }

    public string? UserId { get; set; }

    public Dictionary<string, byte[]> Fields { get; } = new(StringComparer.Ordinal);

    public List<StoredEvent> Events { get; } = [];

    public DateTimeOffset CreatedAt { get; } = createdAt;

    public DateTimeOffset UpdatedAt { get; set; } = createdAt;

    /// <summary>
    /// Writes fields. "Data is merged - missing fields are not deleted"; <c>mergeNestedObjects</c> merges "top-level objects
    /// instead of overwriting them" (Iterable API docs, users/update). Decided, since the docs are silent: the merge is one
    /// level deep, as the wording says, and null removes a field from the profile while its type stays.
    /// </summary>
    public void Write(JsonElement fields, bool mergeNestedObjects)
    {
        foreach (var property in fields.EnumerateObject())
        {
            if (property.NameEquals("email"u8) || property.NameEquals("userId"u8))
                continue; // They identify, and Users has dealt with them.
            if (property.Value.ValueKind == JsonValueKind.Null)
                Fields.Remove(property.Name);
            else if (mergeNestedObjects && property.Value.ValueKind == JsonValueKind.Object
                && Fields.TryGetValue(property.Name, out var existing) && JsonNode.Parse(existing) is JsonObject target)
                Fields[property.Name] = Merge(target, property.Value);
            else
                Fields[property.Name] = JsonMarshal.GetRawUtf8Value(property.Value).ToArray();
        }
    }

    private static byte[] Merge(JsonObject target, JsonElement source)
    {
        foreach (var property in source.EnumerateObject())
        {
            if (property.Value.ValueKind == JsonValueKind.Null)
                target.Remove(property.Name);
            else
                target[property.Name] = JsonNode.Parse(JsonMarshal.GetRawUtf8Value(property.Value));
        }
        return JsonSerializer.SerializeToUtf8Bytes(target);
    }
}

/// <summary>Why a user cannot be written or found.</summary>
internal enum RefusalReason
{
    MissingIdentifier,
    InvalidEmail,
    InvalidUserId,
    Forgotten,
    Conflict,
    Unknown,
}

/// <summary>A refusal and the identifier that it concerns: the item's own, by which bulk answers name it, or the malformed one.</summary>
internal sealed record Refusal(RefusalReason Reason, string Identifier, bool IsEmail);

/// <summary>Whom a call means: an existing profile or none yet, and the identifiers it shall have afterwards.</summary>
internal readonly record struct Resolution(Profile? Profile, string? Email, string? UserId, Refusal? Refusal);

/// <summary>
/// The project's users, found by email and userId under the rules of the project's type. Iterable's help: "Project Types
/// and Unique Identifiers", "Creating and Identifying Users".
/// </summary>
internal sealed class Users(SandboxProjectType type)
{
    private readonly IdentifierIndex _byEmail = new();
    private readonly IdentifierIndex _byUserId = new();
    private readonly HashSet<Profile> _all = [];
    private readonly HashSet<string> _forgottenEmails = new(StringComparer.Ordinal);
    private readonly HashSet<string> _forgottenUserIds = new(StringComparer.Ordinal);

    public IReadOnlyCollection<Profile> All => _all;

    public Profile? ByEmail(string? email) => email is null ? null : _byEmail.Newest(Identifiers.Normalize(email)!);

    public Profile? ByUserId(string? userId) => userId is null ? null : _byUserId.Newest(userId);

    /// <summary>Every user with this userId: in email-based projects several may share it.</summary>
    public IReadOnlyList<Profile> AllByUserId(string userId) => _byUserId.All(userId);

    public IReadOnlyList<Profile> AllByEmail(string email) => _byEmail.All(Identifiers.Normalize(email)!);

    public bool IsForgottenEmail(string? email) => email is not null && _forgottenEmails.Contains(Identifiers.Normalize(email)!);

    public bool IsForgottenUserId(string? userId) => userId is not null && _forgottenUserIds.Contains(userId);

    /// <summary>Whom an update means. Changes nothing.</summary>
    /// <param name="update">The user object of the call.</param>
    /// <param name="number">The call's number; placeholder emails are made from it, so that a replay makes the same.</param>
    public Resolution ForUpdate(UserUpdate update, long number)
    {
        var (email, userId) = (Identifiers.Normalize(update.Email), update.UserId);
        var fieldEmail = Identifiers.Normalize(FieldOf(update, "email"));
        var fieldUserId = FieldOf(update, "userId");
        if (Malformed(email, userId) is { } malformed)
            return new(null, null, null, malformed);
        // "Malformed email addresses found either at the top level of a passed-in user object, or in dataFields."
        if (Malformed(fieldEmail, fieldUserId) is { } inFields && (fieldEmail ?? fieldUserId) is not null)
            return new(null, null, null, inFields);

        return type switch
        {
            SandboxProjectType.Hybrid => Hybrid(email, userId, email ?? fieldEmail, userId ?? fieldUserId),
            SandboxProjectType.Email => EmailBased(email, userId, userId ?? fieldUserId, update.PreferUserId, number),
            _ => UserIdBased(email, userId, email ?? fieldEmail),
        };
    }

    /// <summary>Whom an event means: the profile, or the identifiers of one to create, or a refusal.</summary>
    public Resolution ForEvent(string? email, string? userId)
    {
        email = Identifiers.Normalize(email);
        if (Malformed(email, userId) is { } malformed)
            return new(null, null, null, malformed);
        if (type == SandboxProjectType.UserId && userId is null)
            return new(null, null, null, new(RefusalReason.MissingIdentifier, email!, IsEmail: true));
        if (Forgotten(email, userId) is { } forgotten)
            return new(null, null, null, forgotten);

        // The email identifies first. events/track documents no conflict (409), so an event changes no identity: when email
        // and userId belong to different users, the email's user gets it.
        var found = type switch
        {
            SandboxProjectType.Email => email is not null ? ByEmail(email) : ByUserId(userId),
            SandboxProjectType.UserId => ByUserId(userId),
            _ => ByEmail(email) ?? ByUserId(userId),
        };
        // Segment's docs of its Iterable destination: in email-based projects an event creates no profile, in the others it does.
        if (found is null && type == SandboxProjectType.Email)
            return new(null, null, null, new(RefusalReason.Unknown, email ?? userId!, email is not null));
        return found is null ? new(null, email, userId, null) : new(found, found.Email, found.UserId, null);
    }

    /// <summary>Makes a resolution real: creates the profile if there is none, and gives it its identifiers.</summary>
    public Profile Commit(Resolution resolution, DateTimeOffset at)
    {
        var profile = resolution.Profile;
        if (profile is null)
        {
            profile = new Profile(at);
            _all.Add(profile);
        }
        SetEmail(profile, resolution.Email);
        SetUserId(profile, resolution.UserId);
        profile.UpdatedAt = at;
        return profile;
    }

    public void SetEmail(Profile profile, string? email)
    {
        if (profile.Email == email)
            return;
        if (profile.Email is not null)
            _byEmail.Remove(profile.Email, profile);
        profile.Email = email;
        if (email is not null)
            _byEmail.Add(email, profile);
    }

    public void SetUserId(Profile profile, string? userId)
    {
        if (profile.UserId == userId)
            return;
        if (profile.UserId is not null)
            _byUserId.Remove(profile.UserId, profile);
        profile.UserId = userId;
        if (userId is not null)
            _byUserId.Add(userId, profile);
    }

    public void Remove(Profile profile)
    {
        SetEmail(profile, null);
        SetUserId(profile, null);
        _all.Remove(profile);
    }

    /// <summary>Keeps data about these identifiers from ever being taken again. Only what identifies in this type of project counts.</summary>
    public void Forget(string? email, string? userId)
    {
        if (email is not null && type != SandboxProjectType.UserId)
            _forgottenEmails.Add(Identifiers.Normalize(email)!);
        if (userId is not null && type != SandboxProjectType.Email)
            _forgottenUserIds.Add(userId);
    }

    public static Refusal? Malformed(string? email, string? userId) => (email, userId) switch
    {
        (null, null) => new(RefusalReason.MissingIdentifier, "", IsEmail: true),
        ({ } given, _) when !Identifiers.IsEmail(given) => new(RefusalReason.InvalidEmail, given, IsEmail: true),
        (_, { } given) when !Identifiers.IsUserId(given) => new(RefusalReason.InvalidUserId, given, IsEmail: false),
        _ => null,
    };

    /// <summary>
    /// Both identify. Which wins when both are sent is not documented for hybrid projects; decided: if they belong to two
    /// users, 409 (documented); if one is known, that user gets the other; if none, a user with both is created.
    /// </summary>
    private Resolution Hybrid(string? email, string? userId, string? newEmail, string? newUserId)
    {
        if (email is null && userId is null)
            return new(null, null, null, new(RefusalReason.MissingIdentifier, "", IsEmail: true));
        if (Forgotten(email ?? newEmail, userId ?? newUserId) is { } forgotten)
            return new(null, null, null, OfItem(forgotten.Reason, email, userId));

        var (byEmail, byUserId) = (ByEmail(email), ByUserId(userId));
        var profile = byEmail ?? byUserId;
        var taken = (byEmail is not null && byUserId is not null && byEmail != byUserId)
            || (ByEmail(newEmail) is { } emailOwner && emailOwner != profile)
            || (ByUserId(newUserId) is { } userIdOwner && userIdOwner != profile);
        return taken
            ? new(null, null, null, OfItem(RefusalReason.Conflict, email, userId))
            : new(profile, newEmail ?? profile?.Email, newUserId ?? profile?.UserId, null);
    }

    /// <summary>
    /// The email identifies, "userId on the profile is overwritten" and need not be unique. An email in dataFields changes
    /// nothing: that is what users/updateEmail is for. Of several users with one userId the newest is meant (decided).
    /// </summary>
    private Resolution EmailBased(string? email, string? userId, string? newUserId, bool preferUserId, long number)
    {
        if (Forgotten(email, null) is { } forgotten)
            return new(null, null, null, forgotten);
        if (email is not null)
            return new(ByEmail(email), email, newUserId ?? ByEmail(email)?.UserId, null);
        if (userId is null)
            return new(null, null, null, new(RefusalReason.MissingIdentifier, "", IsEmail: true));
        if (ByUserId(userId) is { } known)
            return new(known, known.Email, userId, null);
        if (!preferUserId)
            return new(null, null, null, new(RefusalReason.Unknown, userId, IsEmail: false));
        // "<userId>+<digits>@placeholder.email", Iterable's SDK documentation.
        var digits = (number * 2_654_435_761 % 1_000_000_000).ToString("D9", CultureInfo.InvariantCulture);
        return new(null, Identifiers.Normalize($"{userId}+{digits}@placeholder.email"), userId, null);
    }

    /// <summary>Only the userId identifies: a call that has none means nobody. The email is data, and not unique.</summary>
    private Resolution UserIdBased(string? email, string? userId, string? newEmail)
    {
        if (userId is null)
            return new(null, null, null, new(RefusalReason.MissingIdentifier, email ?? "", IsEmail: true));
        if (Forgotten(null, userId) is { } forgotten)
            return new(null, null, null, forgotten);
        var profile = ByUserId(userId);
        return new(profile, newEmail ?? profile?.Email, userId, null);
    }

    private Refusal? Forgotten(string? email, string? userId)
    {
        if (IsForgottenEmail(email))
            return new(RefusalReason.Forgotten, email!, IsEmail: true);
        return IsForgottenUserId(userId) ? new(RefusalReason.Forgotten, userId!, IsEmail: false) : null;
    }

    private static Refusal OfItem(RefusalReason reason, string? email, string? userId) =>
        email is not null ? new(reason, email, IsEmail: true) : new(reason, userId!, IsEmail: false);

    private static string? FieldOf(UserUpdate update, string name) =>
        update.DataFields is { } fields && fields.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}

/// <summary>Profiles by one identifier, which may or may not be unique; the newest holder is found first.</summary>
internal sealed class IdentifierIndex
{
    private readonly Dictionary<string, Profile> _newest = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<Profile>> _older = new(StringComparer.Ordinal);

    public Profile? Newest(string key) => _newest.GetValueOrDefault(key);

    public IReadOnlyList<Profile> All(string key) =>
        _newest.TryGetValue(key, out var newest) ? [newest, .. _older.GetValueOrDefault(key, [])] : [];

    public void Add(string key, Profile profile)
    {
        if (_newest.TryGetValue(key, out var previous))
        {
            if (!_older.TryGetValue(key, out var older))
                _older[key] = older = [];
            older.Add(previous);
        }
        _newest[key] = profile;
    }

    public void Remove(string key, Profile profile)
    {
        if (_older.TryGetValue(key, out var older))
        {
            if (!older.Remove(profile))
            {
                _newest[key] = older[^1];
                older.RemoveAt(older.Count - 1);
            }
            if (older.Count == 0)
                _older.Remove(key);
        }
        else
        {
            _newest.Remove(key);
        }
    }
}
