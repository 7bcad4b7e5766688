using System.Globalization;

namespace IterableFunctions.Benchmarks.InMemory;

/// <summary>A message of a queue in memory.</summary>
public sealed class QueuedMessage
{
    public required string Id { get; init; }

    public required BinaryData Body { get; init; }

    /// <summary>UTC.</summary>
    public DateTimeOffset VisibleAt { get; set; }

    public long DequeueCount { get; set; }

    public string PopReceipt { get; set; } = "";
}

/// <summary>A queue's messages. Safe for concurrent use; each operation is atomic.</summary>
public sealed class InMemoryQueue(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly List<QueuedMessage> _messages = [];
    private long _last;

    /// <summary>Messages in all, those that nobody sees now as well.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _messages.Count;
        }
    }

    /// <summary>When the next message can be seen; null where there is none.</summary>
    public DateTimeOffset? NextVisible
    {
        get
        {
            lock (_lock)
                return _messages.Count == 0 ? null : _messages.Min(message => message.VisibleAt);
        }
    }

    public QueuedMessage Add(BinaryData body, TimeSpan wait)
    {
        lock (_lock)
        {
            var message = new QueuedMessage { Id = Next(), Body = body, VisibleAt = time.GetUtcNow() + wait, PopReceipt = Next() };
            _messages.Add(message);
            return message;
        }
    }

    /// <summary>Takes messages that can be seen, in the order in which they became so; nobody else sees them for a while.</summary>
    public IReadOnlyList<(QueuedMessage Message, string PopReceipt)> Receive(int count, TimeSpan lease)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            QueuedMessage[] received = [.. _messages.Where(message => message.VisibleAt <= now).OrderBy(message => message.VisibleAt).Take(count)];
            foreach (var message in received)
                (message.VisibleAt, message.DequeueCount, message.PopReceipt) = (now + lease, message.DequeueCount + 1, Next());
            return [.. received.Select(message => (message, message.PopReceipt))];
        }
    }

    /// <summary>Whether a message is there, whoever has received it.</summary>
    public bool Has(string id)
    {
        lock (_lock)
            return _messages.Exists(message => message.Id == id);
    }

    /// <summary>Deletes a message. False where somebody else has received it since.</summary>
    public bool Delete(string id, string receipt)
    {
        lock (_lock)
            return _messages.RemoveAll(message => message.Id == id && message.PopReceipt == receipt) > 0;
    }

    /// <summary>Lets a message be seen after another while. Null where somebody else has received it since.</summary>
    public string? Update(string id, string receipt, TimeSpan wait)
    {
        lock (_lock)
        {
            if (_messages.Find(message => message.Id == id && message.PopReceipt == receipt) is not { } found)
                return null;
            (found.VisibleAt, found.PopReceipt) = (time.GetUtcNow() + wait, Next());
            return found.PopReceipt;
        }
    }

    private string Next() => (++_last).ToString(CultureInfo.InvariantCulture);
}
