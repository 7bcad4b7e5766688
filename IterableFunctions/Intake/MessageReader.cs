using IterableFunctions.Iterable;
using IterableFunctions.Iterable.Mapping;
using IterableFunctions.Personas;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Segment;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Intake;

/// <summary>Says of each message what is to be done with it: forward it, record it, both, or neither.</summary>
public sealed class MessageReader(Mapper mapper, IOptions<IterableOptions> iterable, IOptions<PersonasOptions> personas, TimeProvider time)
{
    private readonly IterableOptions _iterable = iterable.Value;
    private readonly bool _records = personas.Value.Enabled;

    /// <param name="json">The message.</param>
    /// <param name="signed">Whether Segment has signed this one itself: what is not may add to a person, and never delete one.</param>
    /// <param name="forward">Whether it is forwarded, or recorded only.</param>
    internal Draft Read(JsonPart json, bool signed, bool forward)
    {
        var now = time.GetUtcNow().UtcDateTime;
        var message = SegmentMessage.Read(json, now, out var rejection);
        if (message is null)
        {
            var messageId = SegmentMessage.PeekMessageId(json);
            return new() { MessageId = messageId, Result = MessageResult.Of(rejection!, messageId) };
        }

        if (_records && message.Type == MessageType.Delete)
            return Delete(message, signed);

        var mapping = mapper.Map(message);
        var request = forward ? (mapping as Mapping.Send)?.Request : null;
        // What can never succeed is not recorded: its corrected repeat would be taken for a duplicate.
        var recordable = _records && mapping is not Mapping.Reject { OnlyAddressMissing: false } ? ProfileMessage.Of(message, now, request, _iterable) : null;
        return new()
        {
            MessageId = message.MessageId,
            Request = request,
            Warning = (mapping as Mapping.Send)?.Warning,
            Recordable = recordable,
            Result = mapping switch
            {
                Mapping.Send when forward => null,
                Mapping.Send when recordable is null => Ignored(message, "It carries no identifier that a person could be recognised by, and ?forward=false keeps it from Iterable."),
                Mapping.Send => Recorded(message, "?forward=false keeps it from Iterable."),
                Mapping.Ignore ignore => Ignored(message, ignore.Reason),
                Mapping.Reject reject when recordable is not null && message.Type != MessageType.Identify => Recorded(message, reject.Rejection.Detail),
                Mapping.Reject reject => MessageResult.Of(reject.Rejection, message.MessageId),
                _ => throw new InvalidOperationException("A mapping is one of three."),
            },
        };
    }

    private static Draft Delete(SegmentMessage message, bool signed)
    {
        var id = message.UserId is { IsBlank: false } userId ? ExternalId.UserId(userId.ToString()) : default(ExternalId?);
        return new()
        {
            MessageId = message.MessageId,
            Deletes = signed ? id : null,
            Result = !signed ? Ignored(message, "A deletion counts only when it is signed itself, and of an array Segment signs the first message alone.")
                : id is null ? MessageResult.Of(new Rejection("missing_identifier", "A deletion needs the \"userId\" of the person."), message.MessageId)
                : new(MessageStatus.Deleted, message.MessageId),
        };
    }

    private static MessageResult Ignored(SegmentMessage message, string reason) => new(MessageStatus.Ignored, message.MessageId) { Reason = reason };

    private static MessageResult Recorded(SegmentMessage message, string reason) => new(MessageStatus.Recorded, message.MessageId) { Reason = reason };
}
