using IterableFunctions.Segment;

namespace IterableFunctions.Intake;

/// <summary>The messages of a body that holds several.</summary>
internal static class BodyMessages
{
    /// <summary>Most messages in one body. Segment's batches end at 4,000.</summary>
    public const int Max = 4_000;

    /// <summary>Reads each of an array's messages.</summary>
    /// <param name="array">The array.</param>
    /// <param name="read">What to make of one.</param>
    /// <param name="refusal">Why the body as a whole is refused; null when it is not.</param>
    public static List<T> Read<T>(JsonPart array, Func<JsonPart, T> read, out WebhookAnswer? refusal)
    {
        refusal = null;
        var messages = new List<T>();
        foreach (var message in array.Elements)
        {
            if (messages.Count == Max)
            {
                refusal = WebhookAnswer.BadRequest(new("too_many_messages", $"The body holds more than {Max} messages."));
                return [];
            }

            messages.Add(read(message));
        }

        if (messages.Count == 0)
            refusal = WebhookAnswer.BadRequest(new("no_messages", "The body holds no message."));
        return messages;
    }
}
