using System.Diagnostics;
using System.Globalization;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Azure.Storage.Blobs;
using Azure.Storage.Queues;
using IterableFunctions.Benchmarks.InMemory;
using IterableFunctions.LocalHost;
using IterableFunctions.LocalHost.Sandbox;
using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Personas.Runs;
using IterableFunctions.Personas.Sync;
using IterableFunctions.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IterableFunctions.Benchmarks;

/// <summary>
/// The first sync of an audience that everybody is in: one worker after another, each killed on the way but the last, against the sandbox at Iterable's rates. Prints how much of the rate was used,
/// what was refused, and that everybody was told.
/// </summary>
internal static class FirstSyncBenchmark
{
    private const string Key = "everybody";
    private const string ApiKey = "key";

    /// <summary>Messages of the queues at the same time: as many as the host takes.</summary>
    private const int Concurrency = 6;

    /// <summary>Until then a worker finds out what rate it may have.</summary>
    private static readonly TimeSpan Start = TimeSpan.FromSeconds(10);

    public static async Task<int> RunAsync(string[] args)
    {
        var (members, kills, bulk, track, faster, azurite) = (20_000, 0, true, false, 1, false);
        for (var i = 0; i < args.Length; i++)
        {
            var value = i + 1 < args.Length ? args[i + 1] : "";
            var isRead = args[i] switch
            {
                "--members" => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out members) && members is >= 1 and <= 10_000_000,
                "--kills" => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out kills) && kills <= 100,
                "--faster" => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out faster) && faster is >= 1 and <= 100,
                "--single" => !(bulk = false),
                "--track" => track = true,
                "--azurite" => azurite = true,
                _ => false,
            };
            if (!isRead)
            {
                Console.Error.WriteLine("Usage: first-sync [--members N] [--kills K] [--single] [--track] [--azurite] [--faster X]");
                return 2;
            }

            i += args[i] is "--single" or "--track" or "--azurite" ? 0 : 1;
        }

        return await RunAsync(members, kills, bulk, track, faster, azurite, Console.Out) ? 0 : 1;
    }

    /// <param name="members">How many are to be told.</param>
    /// <param name="kills">How often the worker dies, at even distances.</param>
    /// <param name="bulk">Whether Iterable is told in bulk.</param>
    /// <param name="track">Whether it is told events, else fields.</param>
    /// <param name="faster">How many times Iterable's rates are allowed.</param>
    /// <param name="onAzurite">Whether storage is Azurite, else memory.</param>
    /// <param name="output">For the figures.</param>
    /// <returns>Whether everybody was told, and once.</returns>
    public static async Task<bool> RunAsync(int members, int kills, bool bulk, bool track, int faster, bool onAzurite, TextWriter output)
    {
        var (endpoint, setting, rate) = (bulk, track) switch
        {
            (true, false) => ("users/bulkUpdate", "UpdateUsers", 5),
            (true, true) => ("events/trackBulk", "TrackEvents", 10),
            (false, false) => ("users/update", "UpdateUser", 500),
            (false, true) => ("events/track", "TrackEvent", 2000),
        };
        rate *= faster;
        await using var web = Build();
        using var sandbox = new SandboxIterable(new()
        {
            ApiKey = ApiKey,
            RateLimitOverrides = new Dictionary<string, RateLimit?> { [endpoint] = RateLimit.PerSecondOf(rate) },
            RememberedCalls = 4 * members,
            RememberedBytesPerCall = 0,
        });
        web.MapSandbox(sandbox);
        await web.StartAsync();
        var folder = Directory.CreateTempSubdirectory("first-sync-");
        await using var azurite = new Azurite(HostSettings.AzuriteFolder, folder.FullName, AzuritePorts.Free());
        if (onAzurite)
            await azurite.StartAsync();
        var world = new World($"{web.Urls.First()}/sandbox", onAzurite ? azurite.ConnectionString : null, bulk, track, $"Limits:{setting}", rate);
        await world.FillAsync(members);

        // What a worker was at when it was killed has to wait for the end of its leases.
        var patience = (4.0 * members / (rate * (bulk ? 1000 : 1))) + 900;
        var began = Stopwatch.GetTimestamp();
        var starts = new List<DateTimeOffset>();
        for (var life = 0; life <= kills; life++)
        {
            starts.Add(DateTimeOffset.UtcNow);
            await using var worker = world.Begin();
            var until = members * (life + 1L) / (kills + 1);
            await worker.WorkAsync(() => Told() >= until || Stopwatch.GetElapsedTime(began).TotalSeconds > patience);
        }

        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        SandboxCall[] calls = [.. sandbox.Calls.Where(call => call.Endpoint == endpoint)];
        var settled = calls.Where(call => starts.Last(start => start <= call.At) is var start && call.At - start > Start).ToArray();
        var span = starts.Select((start, index) => (index + 1 < starts.Count ? starts[index + 1] : calls[^1].At) - start - Start).Where(left => left > TimeSpan.Zero).Sum(left => left.TotalSeconds);
        // Events of the same id are one, as in Iterable.
        var people = track ? sandbox.Events.Select(one => one.UserId).ToList() : [.. sandbox.Users.Where(user => user.DataFields.ContainsKey(Key)).Select(user => user.UserId)];
        var told = people.Distinct().Count();
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            {members:N0} members, {(bulk ? "bulk" : "single")}, {(track ? "events" : "fields")}, {(onAzurite ? "Azurite" : "memory")}, {kills} kills, {Environment.ProcessorCount} cores
              told           {told:N0} in {seconds:F0} s, {told / seconds:N0} a second; {people.Count - told:N0} of them twice
              calls          {calls.Length:N0} of {endpoint}, {calls.Sum(call => call.Items):N0} {(track ? "events" : "users")} in them
              rate           {rate} calls/s allowed; used from {Start.TotalSeconds:F0} s after each start on: {(span > 0 ? $"{settled.Length / span / rate:P0} over {span:F0} s" : "it ended before")}
              refused (429)  {calls.Count(call => call.Status == 429)}, of them later than that: {settled.Count(call => call.Status == 429)}
            """));
        await web.StopAsync();
        // It writes there as long as it runs.
        await azurite.StopAsync();
        folder.Delete(recursive: true);
        return told == members && people.Count == told;

        // Nobody else is there.
        int Told() => track ? sandbox.Counts.Events : sandbox.Counts.Users;
    }

    private static WebApplication Build()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        return builder.Build();
    }

    /// <summary>Storage that outlives workers.</summary>
    private sealed class World(string iterable, string? storage, bool bulk, bool track, string limit, int rate)
    {
        private readonly InMemoryStorage _memory = new(TimeProvider.System);

        public Worker Begin() => new(this);

        /// <summary>Writes profiles as if each had sent something a while ago, and the definition with its run.</summary>
        public async Task FillAsync(int members)
        {
            await using var app = Services(null);
            var (profiles, index) = (app.GetRequiredService<ProfileTable>(), app.GetRequiredService<MemberTable>());
            var ago = DateTime.UtcNow.AddDays(-1).Ticks;
            var random = new Random(1);
            var ids = Enumerable.Range(0, members).Select(number => (number, Id: string.Create(CultureInfo.InvariantCulture, $"{random.NextInt64():x16}{number:x16}"))).ToArray();
            await Parallel.ForEachAsync(ids, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (one, cancelled) =>
            {
                var document = new ProfileDocument
                {
                    Ids = [new(ExternalId.UserId($"u{one.number}"), ago)],
                    Traits = ProfileDocument.Tombstone.Traits.Add("plan", new("\"pro\""u8.ToArray(), ago, 1)),
                    LastMessage = ago,
                    Created = ago,
                };
                await index.AddAsync(MemberTable.Everybody, one.Id, isAddressable: true, cancelled);
                await profiles.CommitAsync(new(one.Id, document, null), document, [], cancelled);
            });
            var run = await app.GetRequiredService<Backfills>().StartAsync(Key, resend: false, default);
            var stored = await app.GetRequiredService<Catalogs>().ReloadAsync(default);
            var definition = new DefinitionRecord { Key = Key, Kind = DefinitionKind.Audience, Name = "Everybody", Query = "trait('plan') = 'pro'", SendIdentify = !track, SendTrack = track, Run = run };
            await app.GetRequiredService<DefinitionTable>().ReplaceAsync(stored, stored.Catalog.With(definition), Key, default);
        }

        public QueueClient Queue(string name) => storage is null ? _memory.QueuesThrough().GetQueueClient(name) : new(storage, name, new() { MessageEncoding = QueueMessageEncoding.Base64 });

        /// <param name="life">Dead, it lets nothing through; null for one that does not die.</param>
        public ServiceProvider Services(Life? life)
        {
            var services = new ServiceCollection();
            services.AddLogging();
            services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(
            [
                new("AzureWebJobsStorage", storage ?? "UseDevelopmentStorage=true"),
                new("Iterable:ApiKey", ApiKey),
                new("Iterable:BaseUrl", iterable),
                new("Segment:SharedSecret", "secret"),
                new("Personas:BackfillDelay", "00:00:00"),
                new("Personas:Bulk", bulk ? "FirstSync" : "Never"),
                new(limit, $"{rate}"),
            ]).Build());
            services.AddIterableFunctions();
            if (storage is null)
            {
                services.AddSingleton(_memory.TablesThrough(life is null ? null : life.PassAsync));
                services.AddSingleton(_memory.QueuesThrough(life is null ? null : life.PassAsync));
            }
            else
            {
                services.AddSingleton(new TableServiceClient(storage, Mortal(new TableClientOptions(), life)));
                services.AddSingleton(new QueueServiceClient(storage, Mortal(new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 }, life)));
            }

            services.AddHttpClient("IterableClient").AddHttpMessageHandler(() => new MortalCalls(life));
            return services.BuildServiceProvider();
        }

        private static TOptions Mortal<TOptions>(TOptions options, Life? life)
            where TOptions : ClientOptions
        {
            options.AddPolicy(new MortalStorage(life), HttpPipelinePosition.PerRetry);
            return options;
        }
    }

    /// <summary>One process after the other: works off the queues until it is killed, and whatever it was at comes back.</summary>
    private sealed class Worker(World world) : IAsyncDisposable
    {
        private readonly Life _life = new();
        private ServiceProvider? _app;

        public async Task WorkAsync(Func<bool> isEnough)
        {
            _app = world.Services(_life);
            Task[] loops =
            [
                DrainAsync(RecomputeQueue.Name, message => _app.GetRequiredService<RunWorker>().RunAsync(message, default)),
                DrainAsync(SyncQueue.Name, message => _app.GetRequiredService<Looker>().RunAsync(message, default)),
            ];
            while (!isEnough())
                await Task.Delay(200);
            _life.End();
            await Task.WhenAll(loops);
        }

        public async ValueTask DisposeAsync()
        {
            if (_app is not null)
                await _app.DisposeAsync();
        }

        private async Task DrainAsync(string name, Func<string, Task> work)
        {
            var queue = world.Queue(name);
            await queue.CreateIfNotExistsAsync();
            var running = new List<Task>();
            while (!_life.IsOver)
            {
                running.RemoveAll(task => task.IsCompleted);
                var received = running.Count < Concurrency ? (await queue.ReceiveMessagesAsync(Concurrency - running.Count, TimeSpan.FromHours(1))).Value : [];
                running.AddRange(received.Select(async message =>
                {
                    try
                    {
                        await work(message.Body.ToString());
                        await queue.DeleteMessageAsync(message.MessageId, message.PopReceipt);
                    }
                    catch (Exception)
                    {
                        // As a message whose lease has ended.
                        await queue.UpdateMessageAsync(message.MessageId, message.PopReceipt, visibilityTimeout: TimeSpan.Zero);
                    }
                }));
                await Task.WhenAny([Task.Delay(50), .. running]);
            }

            await Task.WhenAll(running);
        }
    }

    /// <summary>Of a process: afterwards nothing that it meant to do happens.</summary>
    private sealed class Life
    {
        private volatile bool _isOver;

        public bool IsOver => _isOver;

        public void End() => _isOver = true;

        public Task PassAsync(bool isTable, Action operation)
        {
            Check();
            operation();
            return Task.CompletedTask;
        }

        public void Check() => ObjectDisposedException.ThrowIf(_isOver, this);
    }

    private sealed class MortalStorage(Life? life) : HttpPipelineSynchronousPolicy
    {
        public override void OnSendingRequest(HttpMessage message) => life?.Check();
    }

    private sealed class MortalCalls(Life? life) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            life?.Check();
            return base.SendAsync(request, cancellationToken);
        }
    }
}
