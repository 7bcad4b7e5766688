using System.Buffers;
using IterableFunctions.Iterable.Limits;
using IterableFunctions.Sending;

namespace IterableFunctions.Iterable;

/// <summary>
/// Sends calls about different users together: <c>users/update</c> as <c>users/bulkUpdate</c>, <c>events/track</c> as <c>events/trackBulk</c>. Whoever Iterable does not take in bulk is sent alone, for the
/// answer to a single call says why.
/// </summary>
public sealed class BulkSender(IterableClient client, TimeProvider time)
{
    /// <summary>What one call may hold. Iterable publishes 4 MB, and no number of items; Segment and others send 1,000.</summary>
    private const int MostItems = 1_000, MostBytes = 4_000_000;

    /// <summary>What surrounds the items.</summary>
    private const int Overhead = 64;

    /// <summary>Calls at the same time that are sent alone after all.</summary>
    private const int Concurrency = 16;

    /// <summary>How long the first waits for others.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(250);

    private readonly Lock _lock = new();
    private readonly List<Batch> _open = [];

    /// <summary>Sends a call with others.</summary>
    /// <param name="call">A single call.</param>
    /// <param name="within">The time that there is.</param>
    /// <param name="cancellation">Ends the wait, not the call.</param>
    public Task<Delivery> SendAsync(IterableRequest call, TimeSpan within, CancellationToken cancellation)
    {
        var item = new Item(call, time.GetTimestamp(), within);
        Batch batch;
        lock (_lock)
        {
            if (_open.Find(open => open.Takes(item)) is { } open)
            {
                batch = open;
            }
            else
            {
                batch = new(call.Endpoint);
                _open.Add(batch);
                _ = LingerAsync(batch);
            }

            batch.Add(item);
            if (!batch.IsFull)
                return item.Delivery.Task.WaitAsync(cancellation);
            _open.Remove(batch);
        }

        _ = Task.Run(() => FlushAsync(batch), CancellationToken.None);
        return item.Delivery.Task.WaitAsync(cancellation);
    }

    private async Task LingerAsync(Batch batch)
    {
        await Task.Delay(Linger);
        lock (_lock)
        {
            if (!_open.Remove(batch))
                return;
        }

        await FlushAsync(batch);
    }

    private async Task FlushAsync(Batch batch)
    {
        try
        {
            var delivery = await client.SendAsync(batch.ToRequest(), Urgency.Background, batch.Items.Min(Left), CancellationToken.None);
            IReadOnlyList<Item> alone = delivery switch
            {
                Delivery.Partly partly => batch.FailedIn(partly),
                // One item of it may be the reason.
                Delivery.Refused => batch.Items,
                _ => [],
            };
            foreach (var item in batch.Items.Except(alone))
                item.Delivery.TrySetResult(delivery is Delivery.Partly ? Delivery.Delivered.Instance : delivery);
            await Parallel.ForEachAsync(alone, new ParallelOptions { MaxDegreeOfParallelism = Concurrency }, async (item, cancelled) =>
                item.Delivery.TrySetResult(Left(item) is { Ticks: > 0 } left ? await client.SendAsync(item.Call, Urgency.Background, left, cancelled) : new Delivery.NotSent("NoTimeLeft", TimeSpan.Zero)));
        }
        catch (Exception e)
        {
            foreach (var item in batch.Items)
                item.Delivery.TrySetException(e);
        }
    }

    private TimeSpan Left(Item item) => item.Within - time.GetElapsedTime(item.Since);

    /// <summary>A call that waits for its batch.</summary>
    private sealed class Item(IterableRequest call, long since, TimeSpan within)
    {
        public IterableRequest Call => call;

        public long Since => since;

        public TimeSpan Within => within;

        /// <summary>What an answer would name it by.</summary>
        public IEnumerable<string> Identifiers => new[] { call.Email?.ToLowerInvariant(), call.UserId }.OfType<string>();

        public TaskCompletionSource<Delivery> Delivery { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Calls of different users: an answer names users, so each may be in it once.</summary>
    private sealed class Batch(IterableEndpoint of)
    {
        private readonly HashSet<string> _identifiers = new(StringComparer.Ordinal);
        private int _bytes = Overhead;

        public List<Item> Items { get; } = [];

        public bool IsFull => Items.Count == MostItems;

        private bool IsOfUsers => of == IterableEndpoint.UpdateUser;

        public bool Takes(Item item) => of == item.Call.Endpoint && !IsFull && _bytes + item.Call.Body.Length + 1 <= MostBytes && !item.Identifiers.Any(_identifiers.Contains);

        public void Add(Item item)
        {
            Items.Add(item);
            _bytes += item.Call.Body.Length + 1;
            _identifiers.UnionWith(item.Identifiers);
        }

        public IterableRequest ToRequest()
        {
            var json = new ArrayBufferWriter<byte>(_bytes);
            json.Write(IsOfUsers ? "{\"users\":["u8 : "{\"events\":["u8);
            foreach (var (index, item) in Items.Index())
            {
                if (index > 0)
                    json.Write(","u8);
                json.Write(item.Call.Body.Span);
            }

            json.Write("]}"u8);
            return Items[0].Call with { Endpoint = IsOfUsers ? IterableEndpoint.UpdateUsers : IterableEndpoint.TrackEvents, Body = json.WrittenMemory, UserId = null, Email = null };
        }

        /// <summary>Those that an answer names; all, where it counts more than it names.</summary>
        public IReadOnlyList<Item> FailedIn(Delivery.Partly answer)
        {
            var named = answer.Failed.ToHashSet(StringComparer.OrdinalIgnoreCase);
            Item[] failed = [.. Items.Where(item => item.Identifiers.Any(named.Contains))];
            return failed.Length >= answer.FailCount ? failed : Items;
        }
    }
}
