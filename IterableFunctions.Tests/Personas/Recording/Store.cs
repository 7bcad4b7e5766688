using System.Diagnostics.Metrics;
using System.Text;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using IterableFunctions.Delivering;
using IterableFunctions.Iterable;
using IterableFunctions.Iterable.Limits;
using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Personas.Recording;
using IterableFunctions.Personas.Sync;
using IterableFunctions.Sending;
using IterableFunctions.Storage;
using IterableFunctions.Tests.Sandbox;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace IterableFunctions.Tests.Personas.Recording;

/// <summary>What one process records with, on tables that it may share with others. A new one knows nothing but what is in storage.</summary>
internal sealed class Store : IDisposable
{
    private readonly string _connection;
    private readonly TableServiceClient _tables;
    private readonly QueueClient _queue;
    private readonly IOptions<StorageOptions> _options;
    private readonly RecordWorker _worker;
    private readonly ProfileCache _cache = new();
    private readonly FakeTimeProvider? _clock;
    private readonly ServiceProvider _meters = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly QueueClient _lookQueue;
    private readonly Looker _looker;
    private readonly DefinitionTable _definitions;

    /// <param name="connection">Of the storage that it shares.</param>
    /// <param name="prefix">Of its tables.</param>
    /// <param name="sandbox">What plays Iterable; null where nobody is told anything.</param>
    /// <param name="clock">Null for the real one. The queues' clock is the real one always, so a test that moves its own has queue messages at once.</param>
    public Store(string connection, string prefix, SandboxServer? sandbox = null, FakeTimeProvider? clock = null)
    {
        TimeProvider time = clock ?? TimeProvider.System;
        _clock = clock;
        var tables = new TableClientOptions { Retry = { MaxRetries = 0 } };
        tables.AddPolicy(Wire.ForTables, HttpPipelinePosition.PerCall);
        var queues = new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64, Retry = { MaxRetries = 0 } };
        queues.AddPolicy(Wire.ForQueues, HttpPipelinePosition.PerCall);
        if (clock is not null)
            queues.AddPolicy(new AtOnce(), HttpPipelinePosition.PerCall);
        _connection = connection;
        _tables = new(connection, tables);
        var service = new QueueServiceClient(connection, queues);
        _queue = new(connection, RecordQueue.Name, new() { MessageEncoding = QueueMessageEncoding.Base64 });
        _lookQueue = new(connection, SyncQueue.Name, new() { MessageEncoding = QueueMessageEncoding.Base64 });
        _options = Options.Create(new StorageOptions { TablePrefix = prefix });

        Identities = new(_tables, _options);
        Profiles = new(_tables, _options);
        Queue = new(service, new BlobServiceClient(connection), time);
        Letters = new(_tables, _options);
        var iterable = Options.Create(new IterableOptions());
        var (members, due, looks) = (new MemberTable(_tables, _options), new DueTable(_tables, _options), new SyncQueue(service, new BlobServiceClient(connection), time));
        var calendar = new Calendar(due);
        var writer = new SyncWriter(Profiles, members, calendar, looks, iterable, time);
        var evaluator = new Evaluator(Catalogs = new(new(_tables, _options), time), Profiles, iterable, time);
        Recorder = new(new(Identities, Profiles, evaluator, writer, Queue, _cache, time), _cache, Queue, time, NullLogger<Recorder>.Instance);
        // No test here lets Iterable forget anybody.
        var index = new ProfileIndex(members, due, iterable);
        Deletion = new(Identities, Profiles, index, _cache, Letters, Queue, null!, iterable);
        var teller = new Teller(Iterable(sandbox, time), null!, Profiles, members, looks, _cache, new(_meters.GetRequiredService<IMeterFactory>()), iterable, Options.Create(new DeliveringOptions()), time, NullLogger<Teller>.Instance);
        FollowUp = new(teller, looks, time, NullLogger<FollowUp>.Instance);
        _looker = new(Profiles, evaluator, writer, teller, looks, _cache);
        _definitions = new(_tables, _options);
        _worker = new(Queue, Recorder, FollowUp, new(Identities, Profiles, index, calendar, looks, time), Deletion);
    }

    public Wire Wire { get; } = new();

    public IdentityTable Identities { get; }

    public Catalogs Catalogs { get; }

    public ProfileTable Profiles { get; }

    public RecordQueue Queue { get; }

    public DeadLetterTable Letters { get; }

    public Recorder Recorder { get; }

    public Deletion Deletion { get; }

    public FollowUp FollowUp { get; }

    public void Dispose()
    {
        _meters.Dispose();
        Catalogs.Dispose();
        _cache.Dispose();
    }

    public Task<IterableFunctions.Personas.Recording.Recording> RecordAsync(ProfileMessage message) => Recorder.RecordAsync(message, TimeSpan.FromSeconds(30), CancellationToken.None);

    /// <summary>Creates queue and tables, so that operations can be counted.</summary>
    public async Task CreateAsync()
    {
        await _queue.CreateIfNotExistsAsync();
        await new QueueClient(_connection, SyncQueue.Name).CreateIfNotExistsAsync();
        foreach (var name in (string[])["Identities", "Profiles", "DeadLetters", "Definitions", "Members", "Due"])
            await new TableClient(_connection, _options.Value.TablePrefix + name).CreateIfNotExistsAsync();
    }

    /// <summary>Saves a definition, without a run to bring profiles up to it.</summary>
    public async Task SaveAsync(DefinitionRecord record)
    {
        var stored = await Catalogs.ReloadAsync(default);
        Assert.NotNull(await _definitions.ReplaceAsync(stored, stored.Catalog.With(record), record.Key, default));
        await Catalogs.ReloadAsync(default);
    }

    /// <summary>Works off the queues until nothing is in them: messages and merges; looks too, where there is somebody to tell.</summary>
    public async Task DrainAsync()
    {
        while (await DrainAsync(_queue, _worker.RunAsync) || (_clock is not null && await DrainAsync(_lookQueue, _looker.RunAsync)))
            _clock?.Advance(TimeSpan.FromMinutes(1));
    }

    private static async Task<bool> DrainAsync(QueueClient queue, Func<string, CancellationToken, Task> work)
    {
        await queue.CreateIfNotExistsAsync();
        var any = false;
        foreach (var message in (await queue.ReceiveMessagesAsync(1, TimeSpan.FromMinutes(5))).Value)
        {
            any = true;
            try
            {
                await work(message.Body.ToString(), CancellationToken.None);
                await queue.DeleteMessageAsync(message.MessageId, message.PopReceipt);
            }
            catch
            {
                // It comes back at once, where with the host it takes a while.
                await queue.UpdateMessageAsync(message.MessageId, message.PopReceipt, visibilityTimeout: TimeSpan.Zero);
                throw;
            }
        }

        return any;
    }

    /// <summary>All that the tables say about persons, in words that do not depend on random ids or on the order of things; and whether it is sound.</summary>
    public async Task<string> DescribeAsync()
    {
        var documents = new Dictionary<string, ProfileDocument>();
        var rows = new Dictionary<string, List<string>>();
        await foreach (var row in new TableClient(_connection, _options.Value.TablePrefix + "Profiles").QueryAsync<TableEntity>())
        {
            if (row.RowKey == "profile")
                documents[row.PartitionKey] = (await Profiles.FindAsync(row.PartitionKey, default))!.Document;
            else
                (rows.TryGetValue(row.PartitionKey, out var list) ? list : rows[row.PartitionKey] = []).Add(row.RowKey[..row.RowKey.IndexOf('|', StringComparison.Ordinal)] + (row.GetString("MessageId") is { } id ? ":" + id : ""));
        }

        var persons = new List<string>();
        foreach (var (profile, document) in documents)
        {
            var own = rows.GetValueOrDefault(profile, []);
            if (document.Kind != ProfileKind.Live)
            {
                Assert.Empty(own);
                Assert.Empty(document.AllIds);
                Assert.Empty(document.Traits);
                continue;
            }

            Assert.Empty(document.Merging);
            foreach (var known in document.Ids)
            {
                var at = (await Identities.FindAsync(known.Id, default))!.Profile;
                while (documents[at].RedirectTo is { } next)
                    at = next;
                Assert.Equal(profile, at);
            }

            var person = new StringBuilder();
            person.AppendJoin(' ', document.Ids.Select(known => $"{known.Id.Type}:{known.Id.Value}").Order()).AppendLine();
            person.AppendJoin(' ', document.Traits.Select(trait => $"{trait.Key}={Encoding.UTF8.GetString(trait.Value.Json.Span)}")).AppendLine();
            person.AppendJoin(' ', own.Where(row => row.StartsWith("event", StringComparison.Ordinal)).Order()).AppendLine();
            person.AppendLine($"{own.Count(row => row == "seen")} seen");
            person.AppendJoin(' ', document.Recent.Select(e => e.MessageId)).AppendLine();
            persons.Add(person.ToString());
        }

        Assert.All(rows.Keys, profile => Assert.Contains(profile, documents.Keys));
        return string.Join("---\n", persons.Order());
    }

    private IterableClient Iterable(SandboxServer? sandbox, TimeProvider time)
    {
        var limits = Options.Create(new LimitsOptions { UpdateUser = LimitsOptions.Highest, TrackEvent = LimitsOptions.Highest });
        var http = new HttpClient(new WireHandler(Wire)) { BaseAddress = new Uri($"{sandbox?.Client.BaseAddress ?? new("http://127.0.0.1:9/")}sandbox/") };
        http.DefaultRequestHeaders.Add("Api-Key", SandboxServer.Key);
        return new(http, new(limits, time), new("key", "", "", new(_tables, _options), time, NullLogger<KeyGuard>.Instance), time, NullLogger<IterableClient>.Instance);
    }

    private sealed class WireHandler(Wire wire) : DelegatingHandler(new SocketsHttpHandler())
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => wire.CallAsync(() => base.SendAsync(request, cancellationToken));
    }

    /// <summary>Lets queue messages be seen at once: the queue's clock is not the test's.</summary>
    private sealed class AtOnce : HttpPipelineSynchronousPolicy
    {
        public override void OnSendingRequest(HttpMessage message)
            => message.Request.Uri.Query = System.Text.RegularExpressions.Regex.Replace(message.Request.Uri.Query, "visibilitytimeout=[0-9]+", "visibilitytimeout=0");
    }
}
