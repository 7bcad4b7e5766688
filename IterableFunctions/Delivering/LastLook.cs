using IterableFunctions.Iterable;

namespace IterableFunctions.Delivering;

/// <summary>
/// What a call goes through just before each attempt to send it, at once, from the queue or as a dead letter: it may leave out what has become out of date since the call was made.
/// </summary>
/// <param name="request">The call.</param>
/// <param name="cancellation">Ends the attempt.</param>
/// <returns>The call to send, or null where nothing of it is left to say.</returns>
public delegate ValueTask<IterableRequest?> LastLook(IterableRequest request, CancellationToken cancellation);
