using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using IterableFunctions.LocalHost;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace IterableFunctions.Tests.LocalHost;

public sealed class QueueTriggersTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private readonly Ledger _ledger = new();
    private readonly string _queueName = AzuriteFixture.Unique("queue");

    [Fact]
    public async Task A_message_that_succeeds_is_deleted()
    {
        await using var app = await StartAsync(typeof(Noting));
        await Queue().SendMessageAsync("héllo");
        Assert.Equal("héllo, attempt 1", await _ledger.NextAsync());
        await EmptiesAsync();
    }

    [Fact]
    public async Task A_message_that_fails_too_often_goes_to_the_poison_queue_as_it_was()
    {
        await using var app = await StartAsync(typeof(Failing));
        await Queue().SendMessageAsync("bad");
        Assert.Equal(["bad", "bad"], [await _ledger.NextAsync(), await _ledger.NextAsync()]);
        Assert.Equal("bad", await PoisonedAsync(Queue("-poison")));
        await EmptiesAsync();
        Assert.True(_ledger.IsEmpty);
    }

    [Fact]
    public async Task A_message_that_is_not_base64_goes_to_the_poison_queue_unseen()
    {
        await using var app = await StartAsync(typeof(Noting));
        await Queue(encoding: QueueMessageEncoding.None).SendMessageAsync("{ not base64 }");
        Assert.Equal("{ not base64 }", await PoisonedAsync(Queue("-poison", QueueMessageEncoding.None)));
        await EmptiesAsync();
        Assert.True(_ledger.IsEmpty);
    }

    [Fact]
    public async Task No_more_messages_are_worked_on_at_once_than_the_host_would()
    {
        // All there before the first look: after a batch of one, another of two would be right.
        await Queue().CreateIfNotExistsAsync();
        for (var i = 0; i < 6; i++)
            await Queue().SendMessageAsync("held");
        await using var app = await StartAsync(typeof(Holding), settings: new() { ["AzureFunctionsJobHost__extensions__queues__batchSize"] = "2", ["AzureFunctionsJobHost__extensions__queues__newBatchThreshold"] = "1" });
        Assert.Equal(["began", "began"], [await _ledger.NextAsync(), await _ledger.NextAsync()]);
        await Task.Delay(500);
        Assert.True(_ledger.IsEmpty);
        _ledger.Held.SetResult();
        await EmptiesAsync();
    }

    [Fact]
    public async Task A_lease_is_renewed_while_the_function_runs()
    {
        // Renewed after half of it, so a machine may stand still for four seconds.
        await using var app = await StartAsync(typeof(Holding), lease: "00:00:08");
        await Queue().SendMessageAsync("long");
        Assert.Equal("began", await _ledger.NextAsync());
        await Task.Delay(TimeSpan.FromSeconds(10));
        _ledger.Held.SetResult();
        Assert.Equal("ended", await _ledger.NextAsync());
        await EmptiesAsync();
        Assert.True(_ledger.IsEmpty);
    }

    [Fact]
    public async Task The_message_of_a_process_that_ended_comes_back_when_its_lease_has_run_out()
    {
        var lost = await StartAsync(typeof(Holding), lease: "00:00:08", configure: services =>
            services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromMilliseconds(100)));
        await Queue().SendMessageAsync("lost");
        Assert.Equal("began", await _ledger.NextAsync());
        // It does not wait for the function, which never ends.
        await lost.DisposeAsync();

        await using var app = await StartAsync(typeof(Noting));
        Assert.Equal("lost, attempt 2", await _ledger.NextAsync());
        await EmptiesAsync();
    }

    [Fact]
    public async Task Queues_are_drained_again_after_the_storage_was_away()
    {
        await using var own = AzuriteFixture.Own();
        await own.StartAsync();
        var queue = new QueueClient(own.ConnectionString, _queueName, new() { MessageEncoding = QueueMessageEncoding.Base64 });
        await using var app = await StartAsync(typeof(Noting), storage: own.ConnectionString);
        await queue.SendMessageAsync("before");
        Assert.Equal("before, attempt 1", await _ledger.NextAsync());
        await EmptiesAsync(queue);
        await own.StopAsync();
        for (var patience = 0; !Warnings().Any(); patience++)
        {
            Assert.True(patience < 3000, "It should be seen by now that the storage is away.");
            await Task.Delay(100);
        }

        await own.StartAsync();
        await queue.SendMessageAsync("after");
        Assert.Equal("after, attempt 1", await _ledger.NextAsync());
        Assert.Single(Warnings());

        // A server warns of a machine that stood still, too.
        IEnumerable<string> Warnings() => app.Logs.At(LogLevel.Warning).Where(line => line.StartsWith($"The queue {_queueName} cannot be reached", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Storage_that_cannot_be_used_is_said_at_the_start()
    {
        var refused = await Assert.ThrowsAsync<StartException>(() => StartAsync(typeof(Noting), storage: "no connection string"));
        Assert.Equal($"AzureWebJobsStorage is not a connection string of a storage account, which the queue {_queueName} needs.", refused.Message);
    }

    private Task<RunningApp> StartAsync(
        Type functions, string? lease = null, string? storage = null, Dictionary<string, string?>? settings = null, Action<IServiceCollection>? configure = null)
    {
        Queue().CreateIfNotExists();
        return RunningApp.StartAsync(
            storage ?? azurite.ConnectionString,
            [functions],
            new Dictionary<string, string?>
            {
                ["Test__Queue"] = _queueName,
                ["LocalHost__QueueLease"] = lease,
                ["AzureFunctionsJobHost__extensions__queues__visibilityTimeout"] = "00:00:01",
                ["AzureFunctionsJobHost__extensions__queues__maxDequeueCount"] = "2",
                ["AzureFunctionsJobHost__extensions__queues__maxPollingInterval"] = "00:00:00.5",
            }.Concat(settings ?? []).GroupBy(setting => setting.Key).ToDictionary(same => same.Key, same => same.Last().Value),
            services =>
            {
                services.AddSingleton(_ledger);
                configure?.Invoke(services);
            });
    }

    private QueueClient Queue(string suffix = "", QueueMessageEncoding encoding = QueueMessageEncoding.Base64)
        => new(azurite.ConnectionString, _queueName + suffix, new() { MessageEncoding = encoding });

    private Task EmptiesAsync() => EmptiesAsync(Queue());

    private static async Task EmptiesAsync(QueueClient queue)
    {
        for (var patience = 0; (await queue.GetPropertiesAsync()).Value.ApproximateMessagesCount > 0; patience++)
        {
            Assert.True(patience < 3000, "The queue should be empty by now.");
            await Task.Delay(100);
        }
    }

    private static async Task<string> PoisonedAsync(QueueClient poison)
    {
        for (var patience = 0; patience < 3000; patience++)
        {
            if (await poison.ExistsAsync() && (await poison.ReceiveMessageAsync()).Value is { } message)
                return message.Body.ToString();
            await Task.Delay(100);
        }

        throw new TimeoutException("Nothing came to the poison queue.");
    }

    private sealed class Noting(Ledger ledger)
    {
        [Function("Noting")]
        public void Run([QueueTrigger("%Test:Queue%")] QueueMessage message) => ledger.Note($"{message.MessageText}, attempt {message.DequeueCount}");
    }

    private sealed class Failing(Ledger ledger)
    {
        [Function("Failing")]
        public Task RunAsync([QueueTrigger("%Test:Queue%")] string message, CancellationToken cancellationToken)
        {
            ledger.Note(message);
            return Task.FromException(new InvalidOperationException($"{cancellationToken}"));
        }
    }

    private sealed class Holding(Ledger ledger)
    {
        [Function("Holding")]
        public async Task RunAsync([QueueTrigger("%Test:Queue%")] string message)
        {
            ledger.Note(message.Length > 0 ? "began" : "empty");
            await ledger.HoldAsync();
            ledger.Note("ended");
        }
    }
}
