using System.Text;
using IterableFunctions.Segment;

namespace IterableFunctions.Iterable.Mapping;

/// <summary>track → <c>events/track</c>, except for the events that Iterable has calls of its own for.</summary>
internal static class Track
{
    public static Mapping Map(SegmentMessage message, Recipient recipient, JsonBody body)
    {
        var name = message.Event;
        if (!name.IsString || name.IsBlank)
            return new Mapping.Reject("missing_event", $"A track message needs the event's name in \"event\", as a string. Here it is {(name.IsString ? "blank" : name.Describe())}.");

        if (OrderCompleted.Is(name))
            return OrderCompleted.Map(message, recipient, body);
        if (CartUpdated.Is(name) && CartUpdated.Products(message) is { IsArray: true } products)
            return CartUpdated.Map(message, recipient, products, body);

        body.StartObject();
        recipient.WriteAddress(body);
        body.Name("eventName"u8);
        body.Raw(name.Raw);
        WriteTime(message, body);

        body.Name("dataFields"u8);
        body.StartObject();
        if (recipient.EmailIsAField)
        {
            foreach (var property in message.Properties.Members)
            {
                if (!recipient.Replaces(property))
                    body.Member(property);
            }
        }
        else
        {
            body.Members(message.Properties);
        }

        recipient.WriteEmailField(body);
        body.EndObject();

        body.EndObject();
        return Mapper.Send(IterableEndpoint.TrackEvent, message, recipient, body);
    }

    /// <summary>
    /// The members <c>createdAt</c>, in whole seconds (Iterable's documents say "Unix timestamp", its own integrations send seconds), and <c>id</c>: an event
    /// that arrives again overwrites itself.
    /// </summary>
    internal static void WriteTime(SegmentMessage message, JsonBody body)
    {
        body.Name("createdAt"u8);
        body.Number(UnixSeconds(message.Timestamp));
        WriteId(message.MessageId, body);
    }

    internal static void WriteId(string id, JsonBody body)
    {
        body.Name("id"u8);
        body.String(Encoding.UTF8.GetBytes(CallId.Of(id)));
    }

    internal static long UnixSeconds(DateTime utc) => (long)Math.Floor((utc - DateTime.UnixEpoch).TotalSeconds);
}
