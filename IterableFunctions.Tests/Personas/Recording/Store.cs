using System.Text;
using Azure.Core;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using IterableFunctions.Delivering;
using IterableFunctions.Iterable;
using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Personas.Recording;
using IterableFunctions.Personas.Sync;
using IterableFunctions.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

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

    public Store(string connection, string prefix)
    {
        var tables = new TableClientOptions { Retry = { MaxRetries = 0 } };
        tables.AddPolicy(Wire.ForTables, HttpPipelinePosition.PerCall);
        var queues = new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64, Retry = { MaxRetries = 0 } };
        queues.AddPolicy(Wire.ForQueues, HttpPipelinePosition.PerCall);
        _connection = connection;
        _tables = new(connection, tables);
        var service = new QueueServiceClient(connection, queues);
        _queue = new(connection, RecordQueue.Name, new() { MessageEncoding = QueueMessageEncoding.Base64 });
        _options = Options.Create(new StorageOptions { TablePrefix = prefix });

        Identities = new(_tables, _options);
        Profiles = new(_tables, _options);
        Queue = new(service, new BlobServiceClient(connection), TimeProvider.System);
        Letters = new(_tables, _options);
        var iterable = Options.Create(new IterableOptions());
        var (members, due, looks) = (new MemberTable(_tables, _options), new DueTable(_tables, _options), new SyncQueue(service, new BlobServiceClient(connection), TimeProvider.System));
        var calendar = new Calendar(due);
        var writer = new SyncWriter(Profiles, members, calendar, looks, iterable, TimeProvider.System);
        var evaluator = new Evaluator(Catalogs = new(new(_tables, _options), TimeProvider.System), Profiles, iterable, TimeProvider.System);
        Recorder = new(new(Identities, Profiles, evaluator, writer, Queue, _cache, TimeProvider.System), _cache, Queue, TimeProvider.System, NullLogger<Recorder>.Instance);
        // No test here lets Iterable forget anybody, nor has definitions that it could be told of.
        var index = new ProfileIndex(members, due);
        Deletion = new(Identities, Profiles, index, _cache, Letters, Queue, null!, iterable);
        var teller = new Teller(null!, Profiles, members, looks, _cache, iterable, Options.Create(new DeliveringOptions()), TimeProvider.System, NullLogger<Teller>.Instance);
        _worker = new(Queue, Recorder, new(teller, looks, TimeProvider.System, NullLogger<FollowUp>.Instance), new(Identities, Profiles, index, calendar, looks, TimeProvider.System), Deletion);
    }

    public Wire Wire { get; } = new();

    public IdentityTable Identities { get; }

    public Catalogs Catalogs { get; }

    public ProfileTable Profiles { get; }

    public RecordQueue Queue { get; }

    public DeadLetterTable Letters { get; }

    public Recorder Recorder { get; }

    public Deletion Deletion { get; }

    public void Dispose()
    {
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

    /// <summary>Works off the queue until nothing is in it.</summary>
    public async Task DrainAsync()
    {
        await _queue.CreateIfNotExistsAsync();
        while ((await _queue.ReceiveMessagesAsync(1, TimeSpan.FromMinutes(5))).Value is { Length: > 0 } messages)
        {
            foreach (var message in messages)
            {
                try
                {
                    await _worker.RunAsync(message.Body.ToString(), CancellationToken.None);
                    await _queue.DeleteMessageAsync(message.MessageId, message.PopReceipt);
                }
                catch
                {
                    // It comes back at once, where with the host it takes a while.
                    await _queue.UpdateMessageAsync(message.MessageId, message.PopReceipt, visibilityTimeout: TimeSpan.Zero);
                    throw;
                }
            }
        }
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
}
