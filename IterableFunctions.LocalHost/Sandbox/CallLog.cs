namespace IterableFunctions.LocalHost.Sandbox;

/// <summary>One call that has arrived, and what became of it.</summary>
public sealed record SandboxCall
{
    /// <summary>Grows by one with every call; the newest is the greatest.</summary>
    public required long Number { get; init; }

    /// <summary>When it was received.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>HTTP method.</summary>
    public required string Method { get; init; }

    /// <summary>Such as <c>users/update</c>; <c>unknown</c> for paths that are no endpoint.</summary>
    public required string Endpoint { get; init; }

    /// <summary>Below <c>/api/</c>, as it was sent, without the query.</summary>
    public required string Path { get; init; }

    /// <summary>The user's email as the call gave it; of the first item in a bulk call. Null when it gave none or could not be read.</summary>
    public string? Email { get; init; }

    /// <summary>The user's userId, likewise.</summary>
    public string? UserId { get; init; }

    /// <summary>The event's name; <c>purchase</c> for a purchase; null for other calls.</summary>
    public string? EventName { get; init; }

    /// <summary>Users or events in the call: 1, or the length of a bulk call; 0 when it could not be read.</summary>
    public int Items { get; init; }

    /// <summary>HTTP status of the answer; 0 when none was given.</summary>
    public required int Status { get; init; }

    /// <summary>Iterable's code in the answer, if any.</summary>
    public string? Code { get; init; }

    /// <summary>Iterable's message in the answer, or what became of a call without one.</summary>
    public string? Message { get; init; }

    /// <summary>The fault that met the call, if any.</summary>
    public FaultMode? Fault { get; init; }

    /// <summary>Did it change the project?</summary>
    public bool TookEffect { get; init; }

    /// <summary>The request's body, cut off at <see cref="SandboxOptions.RememberedBytesPerCall"/>.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The answer's body, cut off likewise.</summary>
    public ReadOnlyMemory<byte> AnswerBody { get; init; }

    /// <summary>An error status, or no answer at all. A bulk call with failed items is not refused: it is answered with 200.</summary>
    public bool Refused => Status is < 200 or >= 300;
}

/// <summary>The newest calls, in a ring.</summary>
internal sealed class CallLog(int capacity)
{
    private readonly SandboxCall[] _ring = new SandboxCall[capacity];
    private long _added;

    public void Add(SandboxCall call) => _ring[_added++ % capacity] = call;

    public void Replace(SandboxCall call)
    {
        // The newest are the likeliest to be replaced: a call whose answer hung or broke.
        for (var i = _added - 1; i >= First; i--)
        {
            if (_ring[i % capacity].Number == call.Number)
            {
                _ring[i % capacity] = call;
                return;
            }
        }
    }

    /// <summary>At most <paramref name="most"/> of the newest calls with a greater number, oldest first.</summary>
    public IReadOnlyList<SandboxCall> After(long number, int most)
    {
        var calls = new List<SandboxCall>();
        for (var i = _added - 1; i >= First && calls.Count < most && _ring[i % capacity].Number > number; i--)
            calls.Add(_ring[i % capacity]);
        calls.Reverse();
        return calls;
    }

    private long First => Math.Max(0, _added - capacity);
}
