using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Azure.Data.Tables;
using IterableFunctions.Benchmarks.InMemory;
using IterableFunctions.LocalHost;
using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Personas.Runs;
using IterableFunctions.Personas.Sync;
using IterableFunctions.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace IterableFunctions.Benchmarks;

/// <summary>
/// Members of a 30-day audience, one order each, of whom some leave at this hour; every one of them knows when it has to be looked at. Written straight into the tables as the app would have left
/// them. Iterable says yes to everything at once.
/// </summary>
internal sealed class RecomputeWorld : IAsyncDisposable
{
    private const string Windowed = "recent_buyer";

    private readonly int _profiles;
    private readonly int _leaving;
    private readonly int _parts;
    private readonly OffsetTimeProvider _clock;
    private readonly ServiceProvider _app;
    private readonly Yes _iterable = new();
    private Catalog _catalog = Catalog.Empty;

    /// <param name="profiles">How many.</param>
    /// <param name="leaving">How many of them leave the audience at this hour.</param>
    /// <param name="parts">Parts of a run at the same time; without it as many as the host takes. Parts that end together may each try to end the run, a transaction more: exact counts need 1.</param>
    public RecomputeWorld(int profiles, int leaving, int parts = 6)
    {
        (_profiles, _leaving, _parts) = (profiles, leaving, parts);
        // Two minutes past a full hour.
        var now = DateTimeOffset.UtcNow;
        _clock = new(TimeSpan.FromTicks(Hour.Containing(now).Next.Ticks - now.UtcTicks) + TimeSpan.FromMinutes(2));
        Storage = new(_clock);
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddSingleton<TimeProvider>(_clock);
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(
        [
            new("AzureWebJobsStorage", "UseDevelopmentStorage=true"),
            new("Iterable:ApiKey", "key"),
            new("Iterable:BaseUrl", "http://127.0.0.1:1"),
            new("Segment:SharedSecret", "secret"),
            new("Personas:BackfillDelay", "00:00:00"),
            // Both ways tell one by one, and as fast as they can.
            new("Personas:Bulk", "Never"),
            new("Limits:UpdateUser", "100000"),
        ]).Build());
        services.AddIterableFunctions();
        services.AddSingleton(Storage.TablesThrough());
        services.AddSingleton(Storage.QueuesThrough());
        services.AddHttpClient("IterableClient").ConfigurePrimaryHttpMessageHandler(() => _iterable);
        _app = services.BuildServiceProvider();
    }

    public InMemoryStorage Storage { get; }

    /// <summary>Calls to Iterable so far.</summary>
    public long Calls => _iterable.Calls;

    private Hour Present => Hour.Containing(_clock.GetUtcNow());

    /// <summary>Writes everything.</summary>
    public async Task BuildAsync()
    {
        await SaveAsync(new() { Key = Windowed, Kind = DefinitionKind.Audience, Name = "Recent buyer", Query = "event('Order Completed').within(30 days).count() >= 1" });
        await SaveAsync(new() { Key = "big_spender", Kind = DefinitionKind.Audience, Name = "Big spender", Query = "event('Order Completed').sum(property('total')) >= 500" });
        await SaveAsync(new() { Key = "pro", Kind = DefinitionKind.Audience, Name = "Pro", Query = "trait('plan') = 'pro'" });
        _catalog = (await _app.GetRequiredService<Catalogs>().ReloadAsync(default)).Catalog;
        foreach (var table in (string[])["Due", "Runs", "Members", "Profiles"])
            Storage.Table(table);
        foreach (var queue in (string[])["recompute", "sync"])
            Storage.Queue(queue);
        for (var i = 0; i < _profiles; i++)
            Write(i);
        // However long that took, definitions are known anew, and are not read again while the hour goes on.
        await _app.GetRequiredService<Catalogs>().ReloadAsync(default);
    }

    /// <summary>Writes those who leave at this hour once more as they were before.</summary>
    public void Restore()
    {
        for (var i = 0; i < _leaving; i++)
            Write(i);
    }

    /// <summary>The hour's run.</summary>
    /// <returns>Profiles that were looked at.</returns>
    public async Task<long> RunHourAsync()
    {
        var hour = Present;
        await _app.GetRequiredService<HourWorker>().OpenAsync(default);
        await DrainAsync();
        return await LookedAsync(RunIds.OfHour(hour));
    }

    /// <summary>A look at every profile, as a backfill has it.</summary>
    /// <returns>Profiles that were looked at.</returns>
    public async Task<long> RunAllAsync()
    {
        var run = await _app.GetRequiredService<Backfills>().StartAsync(Windowed, resend: false, default);
        await SaveAsync(_catalog[Windowed]! with { Run = run });
        await DrainAsync();
        return await LookedAsync(run);
    }

    /// <summary>How many are in the audience as Iterable knows it: what the table says, not what was called.</summary>
    public int Members()
        => Storage.Table("Profiles").Rows().Count(row => ProfileFormat.Read(Chunks.Read(row, "Document")).Told.Any(told => told.Key.Definition == Windowed && told.Value.Json.Span.SequenceEqual("true"u8)));

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task DrainAsync()
    {
        var queue = Storage.Queue(RecomputeQueue.Name);
        while (queue.Count > 0)
        {
            await Parallel.ForEachAsync(queue.Receive(Shard.Count, TimeSpan.FromHours(1)), new ParallelOptions { MaxDegreeOfParallelism = _parts }, async (one, cancelled) =>
            {
                await _app.GetRequiredService<RunWorker>().RunAsync(one.Message.Body.ToString(), cancelled);
                queue.Delete(one.Message.Id, one.PopReceipt);
            });
        }
    }

    private async Task<long> LookedAsync(string run) => (await _app.GetRequiredService<RunTable>().ProgressAsync(run, default)).Sum(part => part.Progress.Counts.Looked);

    private async Task SaveAsync(DefinitionRecord record)
    {
        var stored = await _app.GetRequiredService<Catalogs>().ReloadAsync(default);
        if (await _app.GetRequiredService<DefinitionTable>().ReplaceAsync(stored, stored.Catalog.With(record with { Changed = _clock.GetUtcNow().UtcDateTime }), record.Key, default) is null)
            throw new InvalidOperationException("Somebody else has changed the definitions.");
        await _app.GetRequiredService<Catalogs>().ReloadAsync(default);
    }

    /// <summary>A person whose order leaves the window at this hour, or at one of the next.</summary>
    private void Write(int number)
    {
        var (random, before) = (new Random(number), new Hour(Present.Number - 1));
        var id = string.Create(CultureInfo.InvariantCulture, $"{random.NextInt64(1L << 32):x8}{random.NextInt64(1L << 32):x8}{random.NextInt64(1L << 32):x8}{number:x8}");
        var ordered = number < _leaving ? new Hour(Present.Number - 721).Ticks : new Hour(Present.Number - 1 - random.Next(1, 718)).Ticks + random.NextInt64(TimeSpan.TicksPerHour);
        var email = string.Create(CultureInfo.InvariantCulture, $"user{number}@example.com");
        var states = _catalog.Set.Fold(LeafStates.None, new ProfileEvent { Name = "Order Completed", MessageId = id, Timestamp = ordered, Properties = _order.RootElement, Context = default }).States;
        var document = new ProfileDocument
        {
            Ids = [new(ExternalId.UserId($"u{number}"), ordered), new(ExternalId.Email(email), ordered)],
            Traits = ImmutableSortedDictionary<string, Trait>.Empty.WithComparers(StringComparer.Ordinal).Add("plan", new(number % 3 == 0 ? "\"team\""u8.ToArray() : "\"free\""u8.ToArray(), ordered, 1)),
            Recent = [new("Order Completed", ordered, id)],
            States = states,
            BuiltThrough = _catalog.Version,
            EvaluatedHour = before,
            Values = ImmutableSortedDictionary<string, KnownValue>.Empty.WithComparers(StringComparer.Ordinal).Add(Windowed, new("true"u8.ToArray(), ordered, _catalog[Windowed]!.Version)),
            Told = ImmutableSortedDictionary<ToldKey, Told>.Empty.WithComparers(ToldKey.Order).Add(new(Windowed, Addressee.OfEmail(email)), new(1, "true"u8.ToArray(), ToldState.Acknowledged, ordered, false)),
            Carrier = email,
            Folds = 1,
            Created = ordered,
            LastMessage = ordered,
        };
        var due = _catalog.Set.Evaluate(Reckoning.ViewOf(document, _catalog, EventHistory.None), before, EvaluationScope.All).NextHour!.Value;
        document = document with { Due = [due] };

        var row = new TableEntity();
        Chunks.Write(row, "Document", ProfileFormat.Write(document));
        Storage.Table("Profiles").Put(id, Keys.Document, KeyValuePair.Create("Document0", row["Document0"]));
        Storage.Table("Due").Put($"{Shard.Of(id)}|{due}", id, KeyValuePair.Create<string, object>("Attempts", 0));
        foreach (var definition in (string[])[MemberTable.Everybody, Windowed])
            Storage.Table("Members").Put($"{definition}|{Shard.Of(id)}", id, KeyValuePair.Create<string, object>("Addressable", true));
    }

    private static readonly JsonDocument _order = JsonDocument.Parse("""{"total":49.9,"currency":"EUR"}""");

    private sealed class Yes : HttpMessageHandler
    {
        private static readonly byte[] _answer = """{"msg":"","code":"Success","params":null}"""u8.ToArray();

        private long _calls;

        public long Calls => Interlocked.Read(ref _calls);

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _calls);
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(_answer) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } } });
        }
    }
}
