using IterableFunctions.Iterable;

namespace IterableFunctions.Delivering;

/// <summary>
/// What a call goes through once it has arrived, or may have: on its way it may have been overtaken by newer ones, and then has undone what they set.
/// </summary>
/// <param name="request">The call.</param>
/// <param name="cancellation">Ends the look.</param>
/// <returns>A call that says once more what is newer, or null where nothing is. It is as old as the one that it mends, so it can be looked back on, and wait, like that one.</returns>
public delegate ValueTask<IterableRequest?> LookBack(IterableRequest request, CancellationToken cancellation);
