using IterableFunctions.Iterable;

namespace IterableFunctions.Intake;

/// <summary>Sorts calls into lanes: those that may be about the same user, by userId or email, keep their order in one lane.</summary>
internal static class UserLanes
{
    public static IReadOnlyCollection<List<T>> Of<T>(IEnumerable<T> items, Func<T, IterableRequest> request)
    {
        var lanes = new Dictionary<string, Lane<T>>();
        var order = 0;
        foreach (var item in items)
        {
            var (userId, email) = (request(item).UserId, request(item).Email?.ToLowerInvariant());
            var first = userId is null ? null : lanes.GetValueOrDefault("u" + userId)?.Root;
            var second = email is null ? null : lanes.GetValueOrDefault("e" + email)?.Root;
            var lane = first ?? second ?? new Lane<T>();
            if (second is not null && second != lane)
                second.JoinTo(lane);
            lane.Items.Add((order++, item));
            if (userId is not null)
                lanes["u" + userId] = lane;
            if (email is not null)
                lanes["e" + email] = lane;
        }

        return [.. lanes.Values.Select(lane => lane.Root).Distinct().Select(lane => lane.Items.OrderBy(item => item.Order).Select(item => item.Item).ToList())];
    }

    private sealed class Lane<T>
    {
        private Lane<T>? _joined;

        public List<(int Order, T Item)> Items { get; } = [];

        public Lane<T> Root => _joined is null ? this : _joined.Root;

        public void JoinTo(Lane<T> other)
        {
            other.Items.AddRange(Items);
            _joined = other;
        }
    }
}
