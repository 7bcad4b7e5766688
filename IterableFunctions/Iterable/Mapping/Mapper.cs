using System.Text;
using IterableFunctions.Segment;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Iterable.Mapping;

/// <summary>
/// Turns Segment messages into Iterable calls, as Segment's Iterable destination does. <c>docs/mapping.md</c> lists the rules, and where and why they
/// depart from it.
/// </summary>
/// <remarks>No I/O and no clock: the same message always comes to the same call.</remarks>
public sealed class Mapper(IOptions<IterableOptions> iterable, IOptions<PagesOptions> pages)
{
    private readonly IterableOptions _iterable = iterable.Value;
    private readonly PagesOptions _pages = pages.Value;

    public Mapping Map(SegmentMessage message)
    {
        if (message.Type is MessageType.Group or MessageType.Alias)
            return new Mapping.Ignore($"Iterable has nothing that {(message.Type == MessageType.Group ? "a group" : "an alias")} call could become.");
        if (message.Type == MessageType.Delete)
            return new Mapping.Ignore("Deletion requests are not forwarded to Iterable.");
        if (Integrations.Exclude(message))
            return new Mapping.Ignore("The message's \"integrations\" exclude Iterable.");
        if (CameFromIterable(message))
            return new Mapping.Ignore("The message came from Iterable, so it is not sent back.");

        var recipient = Recipient.Of(message, _iterable);
        var mapping = Map(message, recipient);
        return recipient.Check() is { } rejection ? new Mapping.Reject(rejection) { OnlyAddressMissing = mapping is not Mapping.Reject } : mapping;
    }

    private Mapping Map(SegmentMessage message, Recipient recipient)
    {
        using var body = new JsonBody();
        return message.Type switch
        {
            MessageType.Identify => Identify.Map(message, recipient, body),
            MessageType.Track => Track.Map(message, recipient, body),
            _ => PageViewed.Map(message, recipient, _pages, body),
        };
    }

    internal static bool CameFromIterable(SegmentMessage message)
        => Ascii.EqualsIgnoreCase(message.Context["integration"u8]["name"u8].Text, "Iterable"u8);

    /// <summary>Puts a written body and its message together.</summary>
    internal static Mapping Send(IterableEndpoint endpoint, SegmentMessage message, Recipient recipient, JsonBody body, string? warning = null)
        => new Mapping.Send(
            new IterableRequest
            {
                Endpoint = endpoint,
                Body = body.ToArray(),
                MessageId = message.MessageId,
                UserId = recipient.UserId,
                Email = recipient.Email,
                Timestamp = message.Timestamp,
            },
            warning);
}
