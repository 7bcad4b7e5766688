using System.Threading.Channels;

namespace IterableFunctions.Tests.LocalHost;

/// <summary>Where the functions of these tests note what happened to them, in order.</summary>
public sealed class Ledger
{
    private readonly Channel<string> _entries = Channel.CreateUnbounded<string>();

    /// <summary>How many functions wait in <see cref="HoldAsync"/> until this is completed.</summary>
    public TaskCompletionSource Held { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Note(string entry) => _entries.Writer.TryWrite(entry);

    public Task HoldAsync() => Held.Task;

    /// <summary>The next entry, which has to come.</summary>
    public async Task<string> NextAsync() => await _entries.Reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromMinutes(5));

    public bool IsEmpty => !_entries.Reader.TryPeek(out _);
}
