using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Queries;

namespace IterableFunctions.Benchmarks;

/// <summary>
/// The query language and its evaluation on one core, over a profile of 1,000 events in 90 days:
/// <c>dotnet run -c Release --project IterableFunctions.Benchmarks -- queries</c>. Each figure is the median of rounds of
/// about 200 ms, after a warm-up.
/// </summary>
public static class QueriesBenchmark
{
    private const int Rounds = 9;

    private static readonly long Start = new DateTime(2024, 1, 1, 0, 0, 0, DateTimeKind.Utc).Ticks;

    // What a shop of some size might have: ten real-time definitions, ten hourly ones.
    private static readonly Definition[] Twenty =
    [
        Trait("orders", "event('Order Completed').count()"),
        Trait("revenue", "event('Order Completed').sum(property('total'))"),
        Trait("average_order", "event('Order Completed').avg(property('total'))"),
        Trait("last_category", "event('Product Viewed').last(property('category'))"),
        Trait("favourite_category", "event('Product Viewed').mode(property('category'), 2)"),
        Trait("first_campaign", "event('Page Viewed').first(context('campaign.source'))"),
        Trait("session_pages", "event('Page Viewed').expires_after(30 minutes).count()"),
        Audience("customers", "trait('orders') >= 1"),
        Audience("vip", "trait('revenue') > 1000 AND trait('unsubscribed').absent()"),
        Audience("pricing_visitors", "event('Page Viewed').where(property('path').starts_with('/pricing')).count() >= 3"),
        Trait("orders_30_days", "event('Order Completed').within(30 days).count()"),
        Trait("revenue_90_days", "event('Order Completed').within(90 days).sum(property('total'))"),
        Trait("categories_14_days", "event('Product Viewed').within(14 days).unique(property('category'))"),
        Trait("largest_order_60_days", "event('Order Completed').within(60 days).max(property('total'))"),
        Audience("active_7_days", "event('Page Viewed').within(7 days).count() >= 1"),
        Audience("very_active_30_days", "event('Page Viewed').within(30 days).count() >= 20"),
        Audience("lapsing", "event('Order Completed').between(30 days, 90 days).count() >= 1 AND event('Order Completed').within(30 days).count() = 0"),
        Audience("euro_buyers", "event('Order Completed').where(property('currency').one_of('EUR', 'GBP') AND property('total') >= 75).within(90 days).count() >= 2"),
        Audience("trial_ends", "trait('plan') = 'trial' AND trait('trial_ends_at').within_next(3 days)"),
        Audience("win_back", "trait('vip') = true AND NOT trait('active_7_days') = true"),
    ];

    private static readonly Definition[] Funnels =
    [
        Audience("abandoned", "event('Product Added').where(event('Order Completed').within(parent: 1 day).count() = 0).within(7 days).count() >= 1"),
        Audience("returned_same", "event('Product Added').where(event('Order Completed').where(property('currency') = property(parent: 'currency')).within(parent: 1 day).count() >= 1).within(30 days).count() >= 1"),
    ];

    // Every child is compared with every parent before it: the one case whose cost is a square.
    private static readonly Definition[] Worst =
    [
        Audience("same_currency", "event('Product Added').where(event('Order Completed').where(property('currency') = property(parent: 'currency')).count() >= 1).count() >= 1"),
    ];

    public static int Run(string[] args)
    {
        var events = Events(1000);
        Parse();
        Leaves(events);
        FoldAndEvaluate("20 definitions", Twenty, events);
        FoldAndEvaluate("20 definitions and 2 funnels", [.. Twenty, .. Funnels], events);
        FoldAndEvaluate("a funnel that compares each of 1,400 parents with 1,400 children", Worst, Events(10_000));
        return 0;
    }

    private static void Parse()
    {
        const string Typical = "event('Order Completed').where(property('currency').one_of('EUR','GBP') AND property('total') >= 75).within(90 days).count() >= 2 AND NOT trait('unsubscribed') = true";
        Report("parse a typical definition", $"{Typical.Length} characters", Median(() => QueryParser.ParseAudience(Typical)));
        Report("parse and compile 20 definitions", "", Median(() => DefinitionSet.Compile(Twenty)));
    }

    private static void Leaves(ProfileEvent[] events)
    {
        var set = DefinitionSet.Compile(Twenty);
        var hour = HourAfter(events);
        Console.WriteLine();
        Console.WriteLine($"{"state bytes",11}  {"evaluations/s",14}  leaf");
        var bytes = 0;
        var seconds = 0.0;
        foreach (var leaf in set.Leaves)
        {
            var state = leaf.Build(events);
            var built = state.IsFromRows ? leaf.Build(events, capped: false) : state;
            var one = Median(() => leaf.ValueAt(built, hour.Number));
            bytes += state.Size;
            seconds += one;
            Console.WriteLine($"{(state.IsFromRows ? "from rows" : state.Size),11}  {1 / one,14:N0}  {leaf.Text}");
        }
        Console.WriteLine($"{bytes / set.Leaves.Length,11}  {set.Leaves.Length / seconds,14:N0}  all {set.Leaves.Length} together, per leaf");
        Console.WriteLine();
    }

    private static void FoldAndEvaluate(string title, Definition[] definitions, ProfileEvent[] events)
    {
        var set = DefinitionSet.Compile(definitions);
        var states = LeafStates.None;
        foreach (var e in events)
            states = set.Fold(states, e).States;
        var hour = HourAfter(events);
        var rows = set.RowsNeeded(states, hour, EvaluationScope.All)
            .Select(need => KeyValuePair.Create(need.Event, (IReadOnlyList<ProfileEvent>)[.. events.Where(e => e.Name == need.Event && e.Timestamp >= need.FromTicks)]));
        var profile = new ProfileView { States = states, Traits = Traits(), History = new EventHistory(rows) };
        var order = new ProfileEvent
        {
            Name = "Order Completed",
            Timestamp = hour.Ticks,
            MessageId = "new",
            Properties = JsonDocument.Parse("""{"order_id":"o-1","total":99.95,"currency":"EUR","products":[{"sku":"a","price":9.5},{"sku":"b","price":90.45}]}""").RootElement,
        };

        Report($"fold an order, {title}", "", Median(() => set.Fold(states, order).States));
        Report($"evaluate the real-time ones, {title}", "", Median(() => set.Evaluate(profile, hour, EvaluationScope.RealTime)));
        Report($"evaluate all at a full hour, {title}", "", Median(() => set.Evaluate(profile, hour, EvaluationScope.All)));
        Report($"fold an order and evaluate all, {title}", "", Median(() => set.Evaluate(profile with { States = set.Fold(states, order).States }, hour, EvaluationScope.All)));
    }

    private static ProfileEvent[] Events(int count)
    {
        string[] names = ["Page Viewed", "Page Viewed", "Page Viewed", "Product Viewed", "Product Viewed", "Product Added", "Order Completed"];
        string[] categories = ["shoes", "shirts", "hats", "bags", "coats"];
        var random = new Random(7);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            var properties = string.Create(CultureInfo.InvariantCulture,
                $$"""{"path":"{{(random.Next(4) == 0 ? "/pricing" : "/home")}}","category":"{{categories[random.Next(5)]}}","currency":"{{(random.Next(2) == 0 ? "EUR" : "USD")}}","total":{{random.Next(1000, 20000) / 100m}},"order_id":"o-{{i}}"}""");
            return new ProfileEvent
            {
                Name = names[random.Next(names.Length)],
                Timestamp = Start + (long)(random.NextDouble() * 90 * TimeSpan.TicksPerDay),
                MessageId = "ajs-next-" + i,
                Properties = JsonDocument.Parse(properties).RootElement,
                Context = JsonDocument.Parse("""{"campaign":{"source":"newsletter"},"page":{"url":"https://example.com/"}}""").RootElement,
            };
        }).OrderBy(e => e.Timestamp)];
    }

    private static Dictionary<string, JsonElement> Traits() => JsonDocument.Parse("""{"plan":"trial","trial_ends_at":"2024-04-01T12:00:00Z","country":"DE"}""")
        .RootElement.EnumerateObject().ToDictionary(property => property.Name, property => property.Value);

    private static Hour HourAfter(ProfileEvent[] events) => Hour.Containing(events[^1].Timestamp).Next;

    /// <summary>Seconds of one call.</summary>
    private static double Median<T>(Func<T> work)
    {
        var calls = 1;
        // The warm-up also finds how many calls fill a round; it runs long enough for the JIT to settle.
        for (var warm = Stopwatch.StartNew(); warm.ElapsedMilliseconds < 400;)
        {
            var took = Time(work, calls);
            calls = Math.Clamp((int)(calls * 0.2 / Math.Max(took, 1e-6)), 1, 50_000_000);
        }
        var rounds = new double[Rounds];
        for (var i = 0; i < Rounds; i++)
            rounds[i] = Time(work, calls) / calls;
        Array.Sort(rounds);
        return rounds[Rounds / 2];
    }

    private static double Time<T>(Func<T> work, int calls)
    {
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < calls; i++)
            work();
        return watch.Elapsed.TotalSeconds;
    }

    private static void Report(string what, string detail, double seconds) =>
        Console.WriteLine($"{seconds * 1e6,10:N2} µs  {what}{(detail.Length > 0 ? $" ({detail})" : "")}");

    private static Definition Trait(string key, string query) => new(key, DefinitionKind.ComputedTrait, query);

    private static Definition Audience(string key, string query) => new(key, DefinitionKind.Audience, query);
}
