using IterableFunctions.Iterable;
using IterableFunctions.Iterable.Mapping;
using IterableFunctions.Segment;

namespace IterableFunctions.Personas.Profiles;

/// <summary>The external ids that a message carries.</summary>
internal static class ExternalIds
{
    /// <summary>Longest type and value that are taken, in characters; longer ones identify nobody.</summary>
    private const int LongestType = 100, LongestValue = 1000;

    /// <summary>
    /// By priority, each once, without blocked values: <c>userId</c>; the email where the mapping finds it, and <c>traits.email</c>; <c>anonymousId</c>; and
    /// <c>context.externalIds</c>, of the collection users.
    /// </summary>
    public static IReadOnlyList<ExternalId> Of(SegmentMessage message, IterableOptions options)
    {
        var ids = new List<ExternalId>();
        var recipient = Recipient.Of(message, options);
        if (recipient.UserId is { } userId)
            Add(ExternalId.UserId(userId));
        if (recipient.Email is { } email)
            Add(ExternalId.Email(email));
        if (message.Traits["email"u8] is { IsString: true } trait && trait.Text.Contains((byte)'@'))
            Add(ExternalId.Email(trait.ToString()));
        // Events that came from Iterable have the email as anonymousId where no userId is known; it is no device of theirs.
        if (message.AnonymousId is { IsString: true } or { IsNumber: true } && !Mapper.CameFromIterable(message))
            Add(ExternalId.AnonymousId(message.AnonymousId.ToString()));
        foreach (var entry in message.Context["externalIds"u8].Elements)
        {
            if (entry["id"u8] is { IsBlank: false } id && entry["type"u8] is { IsString: true, IsBlank: false } type
                && (entry["collection"u8].IsNothing || entry["collection"u8].Text.SequenceEqual("users"u8)))
            {
                Add(ExternalId.Of(type.ToString(), id.ToString()));
            }
        }

        // Stable, so that of one type the first found is the last dropped.
        return [.. ids.Order(Comparer<ExternalId>.Create(ExternalId.ByPriority))];

        void Add(ExternalId id)
        {
            if (!id.IsBlocked && id.Type.Length <= LongestType && id.Value.Length <= LongestValue && !ids.Contains(id))
                ids.Add(id);
        }
    }
}
