using System.Buffers.Text;
using System.Text;
using Azure.Core;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;

namespace IterableFunctions.LocalHost;

/// <summary>What <c>host.json</c> says under <c>extensions.queues</c>; the defaults are the host's own.</summary>
public sealed record QueueLimits
{
    public int BatchSize { get; init; } = 16;

    /// <summary>The next batch is fetched when no more than this many messages are being worked on.</summary>
    public int NewBatchThreshold { get; init; } = 8;

    /// <summary>How long a message stays invisible after a failure.</summary>
    public TimeSpan VisibilityTimeout { get; init; }

    /// <summary>After this many failures a message is moved to the poison queue.</summary>
    public int MaxDequeueCount { get; init; } = 5;

    public TimeSpan MaxPollingInterval { get; init; } = TimeSpan.FromMinutes(1);

    public string MessageEncoding { get; init; } = "base64";
}

/// <summary>Drains the queues that functions are triggered by, as the Functions host does.</summary>
public sealed class QueueTriggers(
    FunctionCatalog catalog, HostSettings host, IServiceScopeFactory scopes, IConfiguration settings, ILogger<QueueTriggers> logger) : TriggerLoops
{
    private readonly QueueListener[] _listeners = [.. Listeners(catalog, host, scopes, settings, logger)];

    protected override Task RunAsync(CancellationToken stopping) => Task.WhenAll(_listeners.Select(listener => listener.RunAsync(stopping)));

    private static IEnumerable<QueueListener> Listeners(
        FunctionCatalog catalog, HostSettings host, IServiceScopeFactory scopes, IConfiguration settings, ILogger logger)
    {
        var limits = settings.GetSection("AzureFunctionsJobHost:extensions:queues").Get<QueueLimits>() ?? new();
        return from function in catalog.Functions
               let trigger = function.Trigger as QueueTrigger
               where trigger is not null
               select new QueueListener(function, Client(trigger, ""), Client(trigger, "-poison"), limits, host.QueueLease, scopes, logger);

        QueueClient Client(QueueTrigger trigger, string suffix)
        {
            try
            {
                // Base64 is decoded here, for what is not base64 has to be seen to be moved away. Retries are short: the loop has its own patience.
                return new(settings[trigger.Connection], trigger.Queue + suffix, new QueueClientOptions
                {
                    MessageEncoding = QueueMessageEncoding.None,
                    Retry = { Mode = RetryMode.Fixed, MaxRetries = 2, Delay = TimeSpan.FromMilliseconds(200), NetworkTimeout = TimeSpan.FromSeconds(10) },
                });
            }
            catch (Exception unreadable) when (unreadable is FormatException or ArgumentException)
            {
                throw new StartException($"{trigger.Connection} is not a connection string of a storage account, which the queue {trigger.Queue} needs.");
            }
        }
    }
}

/// <summary>
/// Drains one queue. A message whose function returns is deleted; one whose function throws becomes visible again after a
/// while, and goes to the poison queue after too many failures. Its lease is renewed while its function runs; the message of a
/// process that died comes back when the lease runs out. Leases are the storage's time, so all of this goes by the system's clock.
/// </summary>
public sealed partial class QueueListener(
    Function function, QueueClient queue, QueueClient poison, QueueLimits limits, TimeSpan lease, IServiceScopeFactory scopes, ILogger logger)
{
    private static readonly TimeSpan _shortestPause = TimeSpan.FromMilliseconds(100);

    public async Task RunAsync(CancellationToken stopping)
    {
        List<Task> running = [];
        var pause = _shortestPause;
        var (ready, away) = (false, false);
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                if (!ready)
                    await queue.CreateIfNotExistsAsync(cancellationToken: stopping);
                ready = true;
                // Not cancelled: messages that were on their way would stay invisible for a whole lease.
                QueueMessage[] messages = await queue.ReceiveMessagesAsync(limits.BatchSize, lease, CancellationToken.None);
                if (away)
                    Log.Back(logger, queue.Name);
                away = false;
                running.RemoveAll(task => task.IsCompleted);
                running.AddRange(messages.Select(message => Task.Run(() => ProcessAsync(message, stopping), CancellationToken.None)));
                while (running.Count > limits.NewBatchThreshold)
                    running.Remove(await Task.WhenAny(running));
                pause = messages.Length > 0 ? _shortestPause : Shorter(pause * 2, limits.MaxPollingInterval);
                if (messages.Length == 0)
                    await Task.Delay(pause, stopping);
            }
            catch (Exception) when (stopping.IsCancellationRequested)
            {
                // Told to stop: the loop's condition sees it.
            }
            catch (Exception failure)
            {
                // Whatever it was, the loop goes on.
                if (!away)
                    Log.Away(logger, queue.Name, failure.Message.Split('\n')[0].Trim());
                (ready, away) = (false, true);
                await Task.Delay(Shorter(TimeSpan.FromSeconds(1), limits.MaxPollingInterval), stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }

        await Task.WhenAll(running);
    }

    /// <summary>Never throws: a message that cannot be settled comes back when its lease runs out.</summary>
    private async Task ProcessAsync(QueueMessage message, CancellationToken stopping)
    {
        try
        {
            if (stopping.IsCancellationRequested)
                await queue.UpdateMessageAsync(message.MessageId, message.PopReceipt, visibilityTimeout: TimeSpan.Zero, cancellationToken: CancellationToken.None);
            // More often than allowed: the processes that worked on it died each time.
            else if (message.DequeueCount > limits.MaxDequeueCount)
                await MoveToPoisonAsync(message, message.PopReceipt);
            else if (Decode(message.Body) is not { } body)
                await MoveToPoisonAsync(message, message.PopReceipt);
            else
                await RunFunctionAsync(message, body, stopping);
        }
        catch (Exception failure)
        {
            Log.NotSettled(logger, message.MessageId, queue.Name, failure.Message.Split('\n')[0].Trim());
        }
    }

    private async Task RunFunctionAsync(QueueMessage message, BinaryData body, CancellationToken stopping)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var renewal = RenewAsync(message, ended.Token);
        var succeeded = await SucceedsAsync(message, body, stopping);
        await ended.CancelAsync();
        var receipt = await renewal;
        if (succeeded)
            await queue.DeleteMessageAsync(message.MessageId, receipt, CancellationToken.None);
        else if (message.DequeueCount >= limits.MaxDequeueCount)
            await MoveToPoisonAsync(message, receipt);
        else
            await queue.UpdateMessageAsync(message.MessageId, receipt, visibilityTimeout: limits.VisibilityTimeout, cancellationToken: CancellationToken.None);
    }

    private async Task<bool> SucceedsAsync(QueueMessage message, BinaryData body, CancellationToken stopping)
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            await function.InvokeAsync(scope.ServiceProvider, parameter => parameter.ParameterType switch
            {
                var type when type == typeof(string) => body.ToString(),
                var type when type == typeof(CancellationToken) => stopping,
                _ => QueuesModelFactory.QueueMessage(message.MessageId, message.PopReceipt, body, message.DequeueCount, message.NextVisibleOn, message.InsertedOn, message.ExpiresOn),
            });
            return true;
        }
        catch (Exception failure)
        {
            Log.Failed(logger, failure, function.Name, message.MessageId, message.DequeueCount, limits.MaxDequeueCount);
            return false;
        }
    }

    /// <summary>Extends the lease until the function has ended; returns the receipt that is valid then.</summary>
    private async Task<string> RenewAsync(QueueMessage message, CancellationToken ended)
    {
        var receipt = message.PopReceipt;
        while (true)
        {
            await Task.Delay(lease / 2, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (ended.IsCancellationRequested)
                return receipt;
            try
            {
                UpdateReceipt renewed = await queue.UpdateMessageAsync(message.MessageId, receipt, visibilityTimeout: lease, cancellationToken: CancellationToken.None);
                receipt = renewed.PopReceipt;
            }
            catch (Exception failure)
            {
                Log.NotSettled(logger, message.MessageId, queue.Name, failure.Message.Split('\n')[0].Trim());
            }
        }
    }

    private async Task MoveToPoisonAsync(QueueMessage message, string receipt)
    {
        await poison.CreateIfNotExistsAsync(cancellationToken: CancellationToken.None);
        await poison.SendMessageAsync(message.Body, timeToLive: TimeSpan.FromSeconds(-1), cancellationToken: CancellationToken.None);
        await queue.DeleteMessageAsync(message.MessageId, receipt, CancellationToken.None);
        Log.Poisoned(logger, message.MessageId, poison.Name, message.DequeueCount);
    }

    private BinaryData? Decode(BinaryData body)
        => !limits.MessageEncoding.Equals("base64", StringComparison.OrdinalIgnoreCase) ? body
            : Base64.IsValid(body.ToMemory().Span) ? BinaryData.FromBytes(Convert.FromBase64String(Encoding.ASCII.GetString(body.ToMemory().Span)))
            : null;

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message = "The queue {Queue} cannot be reached, and is tried again until it can: {Reason}")]
        public static partial void Away(ILogger logger, string queue, string reason);

        [LoggerMessage(Level = LogLevel.Information, Message = "The queue {Queue} can be reached again")]
        public static partial void Back(ILogger logger, string queue);

        [LoggerMessage(Level = LogLevel.Warning, Message = "Message {Id} of the queue {Queue} could not be updated: {Reason}")]
        public static partial void NotSettled(ILogger logger, string id, string queue, string reason);

        [LoggerMessage(Level = LogLevel.Error, Message = "The function {Name} failed on message {Id}, attempt {Attempt} of {Attempts}")]
        public static partial void Failed(ILogger logger, Exception failure, string name, string id, long attempt, int attempts);

        [LoggerMessage(Level = LogLevel.Error, Message = "Message {Id} was moved to the queue {Poison} after {Attempts} attempts")]
        public static partial void Poisoned(ILogger logger, string id, string poison, long attempts);
    }
}
