using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;

namespace IterableFunctions.Benchmarks.InMemory;

internal sealed class InMemoryQueueService(InMemoryStorage storage, Passage? passage) : QueueServiceClient
{
    public override QueueClient GetQueueClient(string queueName) => new InMemoryQueueClient(storage, queueName, passage);
}

/// <summary>A client of one queue. Bodies are what its users see, whatever encoding a real one would wrap them in.</summary>
internal sealed class InMemoryQueueClient(InMemoryStorage storage, string name, Passage? passage) : QueueClient
{
    private readonly string _counted = $"queue {name}";

    public override string Name => name;

    public override Task<Response> CreateIfNotExistsAsync(IDictionary<string, string>? metadata = null, CancellationToken cancellationToken = default)
        => RunAsync<Response>(() =>
        {
            storage.Queue(name);
            return new Answered(201);
        }, cancellationToken);

    public override Task<Response<SendReceipt>> SendMessageAsync(
        BinaryData message, TimeSpan? visibilityTimeout = null, TimeSpan? timeToLive = null, CancellationToken cancellationToken = default)
        => RunAsync(() =>
        {
            var sent = Existing.Add(message, visibilityTimeout ?? TimeSpan.Zero);
            return Response.FromValue(QueuesModelFactory.SendReceipt(sent.Id, default, default, sent.PopReceipt, sent.VisibleAt), new Answered(201));
        }, cancellationToken);

    public override Task<Response<QueueMessage[]>> ReceiveMessagesAsync(int? maxMessages = null, TimeSpan? visibilityTimeout = null, CancellationToken cancellationToken = default)
        => RunAsync(() =>
        {
            var received = Existing.Receive(maxMessages ?? 1, visibilityTimeout ?? TimeSpan.FromSeconds(30));
            return Response.FromValue<QueueMessage[]>(
                [.. received.Select(one => QueuesModelFactory.QueueMessage(one.Message.Id, one.PopReceipt, one.Message.Body, one.Message.DequeueCount, one.Message.VisibleAt))], new Answered(200));
        }, cancellationToken);

    public override Task<Response> DeleteMessageAsync(string messageId, string popReceipt, CancellationToken cancellationToken = default)
        => RunAsync<Response>(() => Existing.Delete(messageId, popReceipt) ? new Answered(204) : throw NotOurs(messageId), cancellationToken);

    public override Task<Response<UpdateReceipt>> UpdateMessageAsync(
        string messageId, string popReceipt, string? messageText = null, TimeSpan visibilityTimeout = default, CancellationToken cancellationToken = default)
        => RunAsync(() => Existing.Update(messageId, popReceipt, visibilityTimeout) is { } receipt
            ? Response.FromValue(QueuesModelFactory.UpdateReceipt(receipt, default), new Answered(204))
            : throw NotOurs(messageId), cancellationToken);

    private RequestFailedException NotOurs(string messageId) => Existing.Has(messageId) ? Answered.Failure(400, "PopReceiptMismatch") : Answered.Failure(404, "MessageNotFound");

    private InMemoryQueue Existing => storage.FindQueue(name) ?? throw Answered.Failure(404, "QueueNotFound");

    private Task<T> RunAsync<T>(Func<T> act, CancellationToken cancellation) => storage.RunAsync(passage, _counted, act, cancellation);
}
