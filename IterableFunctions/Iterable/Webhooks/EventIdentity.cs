using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using IterableFunctions.Segment;

namespace IterableFunctions.Iterable.Webhooks;

/// <summary>
/// The Segment <c>messageId</c> of a system webhook's event. Iterable gives events no id of their own (its <c>messageId</c> is that of a send, which opens and clicks repeat),
/// so this is a hash of what tells one event from another. A repeat of a webhook has the same body and comes to the same id, by which Segment drops it.
/// </summary>
/// <remarks>
/// Two events that say the same in the same second, such as two clicks on one link, are one: Iterable's times have whole seconds, and nothing else tells them apart.
/// </remarks>
internal static class EventIdentity
{
    /// <summary>What tells apart events of one type about one message to one recipient in one second: the link, the button, the lists.</summary>
    private static readonly byte[][] _distinguishing =
    [
        .. new[]
        {
            "linkId", "canonicalUrlId", "linkUrl", "url", "clickedUrl", "embeddedTargetUrl", "hrefIndex",
            "embeddedButtonId", "embeddedSessionId", "embeddedImpressionPlacementId", "inboxSessionId", "actionIdentifier", "deleteAction", "closeAction",
            "emailListIds", "channelIds", "messageTypeIds",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    /// <summary>45 characters; Segment takes fewer than 100.</summary>
    /// <param name="webhook">The event.</param>
    /// <param name="source">
    /// Names the Segment source: Segment looks for duplicates over all sources, so two apps that take the same webhooks for two sources must not share ids.
    /// </param>
    public static string MessageId(SystemWebhook webhook, string source)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(hash, Encoding.UTF8.GetBytes(source));
        Add(hash, Encoding.UTF8.GetBytes(webhook.Type.ToLowerInvariant()));
        Add(hash, webhook.UserId.Text);
        Add(hash, Encoding.UTF8.GetBytes(webhook.EmailText?.ToLowerInvariant() ?? ""));
        var (message, time) = (webhook.Fields["messageId"u8], webhook.Fields["createdAt"u8]);
        if (message.IsBlank || time.IsBlank)
        {
            // No send to go by, or no time: all that the event says then.
            AddValue(hash, webhook.Fields, sorted: false);
        }
        else
        {
            Add(hash, message.Text);
            Add(hash, time.Text);
            foreach (var field in _distinguishing)
                AddValue(hash, webhook.Fields[field], sorted: true);
        }

        return $"itbl-{Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 20))}";
    }

    /// <summary>A value in a form that does not depend on the order of members; nor on that of elements, where it is a set that is written as an array.</summary>
    private static void AddValue(IncrementalHash hash, JsonPart value, bool sorted)
    {
        if (value.IsObject)
        {
            var members = new SortedDictionary<string, JsonPart>(StringComparer.Ordinal);
            foreach (var member in value.Members)
            {
                if (!member.Value.IsNull)
                    members[Encoding.UTF8.GetString(member.Name)] = member.Value;
            }

            Add(hash, "object"u8, members.Count);
            foreach (var (name, member) in members)
            {
                Add(hash, Encoding.UTF8.GetBytes(name));
                AddValue(hash, member, sorted: false);
            }
        }
        else if (value.IsArray)
        {
            var elements = new List<JsonPart>();
            foreach (var element in value.Elements)
                elements.Add(element);
            Add(hash, "array"u8, elements.Count);
            foreach (var element in sorted ? elements.OrderBy(element => element.ToString(), StringComparer.Ordinal) : elements.AsEnumerable())
                AddValue(hash, element, sorted: false);
        }
        else if (value.IsString)
        {
            Add(hash, "string"u8);
            Add(hash, value.Text);
        }
        else
        {
            // A number, true, false; null is as good as not there.
            Add(hash, value.IsNull ? default : value.Raw);
        }
    }

    /// <summary>With its length before it, and with how many parts follow, so that no two texts read alike.</summary>
    private static void Add(IncrementalHash hash, ReadOnlySpan<byte> part, int following = 0)
    {
        Span<byte> numbers = stackalloc byte[2 * sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(numbers, part.Length);
        BinaryPrimitives.WriteInt32LittleEndian(numbers[sizeof(int)..], following);
        hash.AppendData(numbers);
        hash.AppendData(part);
    }
}
