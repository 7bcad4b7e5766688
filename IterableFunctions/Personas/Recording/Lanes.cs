namespace IterableFunctions.Personas.Recording;

/// <summary>Work in lanes: one batch at a time in each lane, as many lanes as there are keys. What comes while a batch runs waits for the next.</summary>
/// <param name="largestBatch">Items in one batch.</param>
/// <param name="work">Works on a batch, never throws, and returns what is left of it, to be first in the next; at least one item less.</param>
internal sealed class Lanes<T>(int largestBatch, Func<IReadOnlyList<T>, Task<IReadOnlyList<T>>> work)
{
    private readonly Dictionary<string, Queue<T>> _lanes = [];

    public void Add(string key, T item)
    {
        lock (_lanes)
        {
            if (_lanes.TryGetValue(key, out var lane))
            {
                lane.Enqueue(item);
                return;
            }

            lane = new();
            lane.Enqueue(item);
            _lanes.Add(key, lane);
            _ = Task.Run(() => RunAsync(key, lane));
        }
    }

    private async Task RunAsync(string key, Queue<T> lane)
    {
        IReadOnlyList<T> left = [];
        while (Next(key, lane, left) is { Count: > 0 } batch)
            left = await work(batch);
    }

    private List<T> Next(string key, Queue<T> lane, IReadOnlyList<T> left)
    {
        List<T> batch = [.. left];
        lock (_lanes)
        {
            while (batch.Count < largestBatch && lane.TryDequeue(out var item))
                batch.Add(item);
            if (batch.Count == 0)
                _lanes.Remove(key);
        }

        return batch;
    }
}
