using System.Buffers;
using System.Text.Json.Serialization;

namespace IterableFunctions.Personas.Profiles;

/// <summary>An identifier that a person is recognised by: Segment's <em>external id</em>.</summary>
/// <param name="Type"><c>user_id</c>, <c>email</c>, <c>anonymous_id</c>, or the type of an entry of <c>context.externalIds</c>.</param>
/// <param name="Value">As sent; an email in lower case.</param>
public readonly record struct ExternalId(string Type, string Value)
{
    public const string UserIdType = "user_id";
    public const string EmailType = "email";
    public const string AnonymousIdType = "anonymous_id";

    private static readonly SearchValues<char> ZerosAndDashes = SearchValues.Create("0-");

    public static ExternalId UserId(string value) => new(UserIdType, value);

    public static ExternalId Email(string value) => new(EmailType, value.Trim().ToLowerInvariant());

    public static ExternalId AnonymousId(string value) => new(AnonymousIdType, value);

    /// <summary>The identifier that a type and a value name; emails in lower case.</summary>
    public static ExternalId Of(string type, string value) => type == EmailType ? Email(value) : new(type, value);

    /// <summary>How many of this type one person may have: Segment's defaults.</summary>
    [JsonIgnore]
    public int Limit => Type == UserIdType ? 1 : 5;

    /// <summary>
    /// Whether the value identifies nobody: what programs send instead of nothing, and would otherwise make one person of all that send it (Segment's suggestions for
    /// blocked values), and addresses that Iterable makes up for users without one.
    /// </summary>
    [JsonIgnore]
    public bool IsBlocked => string.IsNullOrWhiteSpace(Value)
        || (Type == EmailType && Value.Trim().EndsWith("@placeholder.email", StringComparison.OrdinalIgnoreCase))
        || Value.Trim() is "null" or "undefined" or "anonymous" or "-1"
        || !Value.AsSpan().Trim().ContainsAnyExcept(ZerosAndDashes);

    /// <summary>By priority: user_id, email, then the other types in alphabetical order.</summary>
    public static int ByPriority(ExternalId left, ExternalId right)
    {
        var ranks = Rank(left).CompareTo(Rank(right));
        return ranks != 0 ? ranks : string.CompareOrdinal(left.Type, right.Type);

        static int Rank(ExternalId id) => id.Type switch { UserIdType => 0, EmailType => 1, _ => 2 };
    }
}
