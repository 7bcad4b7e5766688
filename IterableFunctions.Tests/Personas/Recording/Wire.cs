using Azure.Core;
using Azure.Core.Pipeline;

namespace IterableFunctions.Tests.Personas.Recording;

/// <summary>The process is gone: nothing that it meant to do happens.</summary>
public sealed class ProcessDiedException : Exception;

/// <summary>
/// Stands between the app and storage: counts operations as storage bills them (a transaction of many rows is one), and can end the process at any of them, before it
/// reaches storage or before its answer comes back.
/// </summary>
internal sealed class Wire
{
    private readonly Lock _lock = new();
    private int _left = int.MaxValue;
    private bool _answerLost;

    public int Tables { get; private set; }

    public int Queues { get; private set; }

    public int Calls { get; private set; }

    public bool IsDead { get; private set; }

    /// <summary>Ends the process at an operation, counted from now on.</summary>
    /// <param name="operation">1 for the next.</param>
    /// <param name="answerLost">Whether storage still does it.</param>
    public void DieAt(int operation, bool answerLost) => (_left, _answerLost) = (operation, answerLost);

    public void Reset() => (Tables, Queues) = (0, 0);

    /// <summary>For storage in memory, where nothing else would let others go on in between.</summary>
    public async Task PassAsync(bool isTable, Action operation)
    {
        await Task.Yield();
        var dies = Dies(() => (Tables, Queues) = isTable ? (Tables + 1, Queues) : (Tables, Queues + 1));
        if (dies && !_answerLost)
            throw new ProcessDiedException();
        operation();
        if (dies)
            throw new ProcessDiedException();
    }

    /// <summary>For calls to others.</summary>
    public async Task<T> CallAsync<T>(Func<Task<T>> call)
    {
        var dies = Dies(() => Calls++);
        if (dies && !_answerLost)
            throw new ProcessDiedException();
        var answer = await call();
        return dies || IsDead ? throw new ProcessDiedException() : answer;
    }

    public HttpPipelinePolicy ForTables => new Policy(this, () => Tables++);

    public HttpPipelinePolicy ForQueues => new Policy(this, () => Queues++);

    /// <summary>A call to Iterable.</summary>
    public async Task<HttpResponseMessage> CallAsync(Func<Task<HttpResponseMessage>> call)
    {
        var dies = Dies(() => { });
        if (dies && !_answerLost)
            throw new ProcessDiedException();
        var response = await call();
        return dies ? throw new ProcessDiedException() : response;
    }

    private bool Dies(Action count)
    {
        lock (_lock)
        {
            if (IsDead)
                throw new ProcessDiedException();
            count();
            if (--_left > 0)
                return false;
            IsDead = true;
            return true;
        }
    }

    private sealed class Policy(Wire wire, Action count) : HttpPipelinePolicy
    {
        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            var dies = wire.Dies(count);
            if (dies && !wire._answerLost)
                throw new ProcessDiedException();
            await ProcessNextAsync(message, pipeline);
            if (dies)
                throw new ProcessDiedException();
        }

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => throw new NotSupportedException("The app does not block.");
    }
}
