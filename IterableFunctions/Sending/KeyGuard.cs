using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Identity;
using IterableFunctions.Storage;
using Microsoft.Extensions.Logging;

namespace IterableFunctions.Sending;

/// <summary>
/// Holds calls back while their key is refused: that is no fault of theirs, and would be no use. A row of a table tells all instances; one call in 30 s, over all of them, finds out
/// whether the key is taken again. 401 is about the key as a whole; 403 may be about what it permits, so it holds back one endpoint.
/// </summary>
/// <param name="key">The key. Only its hash leaves this class.</param>
/// <param name="name">What the key is called, for the log.</param>
/// <param name="settings">What to check when it is refused, for the log.</param>
/// <param name="table">Where instances tell each other. When storage fails, each instance decides by what it has seen itself.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Told when the key is refused, and when it is taken again.</param>
public sealed partial class KeyGuard(string key, string name, string settings, RefusedKeyTable table, TimeProvider time, ILogger<KeyGuard> logger)
{
    /// <summary>Time between two calls that find out.</summary>
    public static readonly TimeSpan Probing = TimeSpan.FromSeconds(30);

    /// <summary>How old may be what is known of the table, where calls are made.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(10);

    /// <summary>The longest that a call waits which a refused key holds back.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(15);

    /// <summary>What is held back comes back after a quarter of the time that the key has been refused, but not before and not after.</summary>
    private static readonly (TimeSpan Shortest, TimeSpan Longest) Wait = (Probing, LongestWait);

    private const string Everything = "everything";

    /// <summary>With its name, for two services may have been given the same key.</summary>
    private readonly string _key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{name}\n{key}")).AsSpan(0, 8));
    private readonly Lock _lock = new();
    private Dictionary<string, RefusedKey> _refused = [];
    private int _changes;
    private long _readAt;
    private Task _reading = Task.CompletedTask;

    /// <summary>Since when calls are held back; null when they are not. As this instance knows, which may be some seconds late.</summary>
    public DateTimeOffset? RefusedSince
    {
        get
        {
            ReadUnlessFresh();
            lock (_lock)
                return _refused.Count == 0 ? null : _refused.Values.Min(refused => refused.Since);
        }
    }

    /// <summary>Whether a call may be made.</summary>
    /// <param name="endpoint">Its path.</param>
    /// <param name="cancellation">Ends the look.</param>
    /// <returns>Null when it may; else how long it should wait.</returns>
    public async ValueTask<TimeSpan?> EnterAsync(string endpoint, CancellationToken cancellation)
    {
        ReadUnlessFresh();
        RefusedKey? refused;
        DateTimeOffset now;
        lock (_lock)
        {
            if (_refused.Count == 0 || (refused = Find(endpoint)) is null)
                return null;
            now = time.GetUtcNow();
            if (now < refused.NextProbe)
                return WaitAfter(now - refused.Since);
            // One call of this instance tries for it.
            refused = refused with { NextProbe = now + Probing };
            _changes++;
            _refused[refused.Scope] = refused;
        }

        return await ClaimProbeAsync(refused, cancellation) ? null : WaitAfter(now - refused.Since);
    }

    /// <summary>A call was answered with 401 or 403.</summary>
    public async Task RefusedAsync(string endpoint, int status, CancellationToken cancellation)
    {
        var scope = status == 403 ? ScopeOf(endpoint) : Everything;
        var now = time.GetUtcNow();
        RefusedKey refused;
        lock (_lock)
        {
            if (_refused.ContainsKey(scope))
                return;
            _changes++;
            _refused[scope] = refused = new(scope, now, now + Probing, status, ETag.All);
        }

        Log.Refused(logger, name, status, scope, settings);
        await QuietlyAsync(async () =>
        {
            if (await table.AddAsync(_key, refused, cancellation) is { } added)
                Remember(added);
            else
                await ReadAsync(cancellation);
        });
    }

    /// <summary>A call was answered otherwise: the key is taken.</summary>
    public async ValueTask AcceptedAsync(string endpoint, CancellationToken cancellation)
    {
        RefusedKey? refused;
        lock (_lock)
        {
            if (_refused.Count == 0 || (refused = Find(endpoint)) is null)
                return;
            _changes++;
            _refused.Remove(refused.Scope);
        }

        Log.Accepted(logger, name, refused.Scope, time.GetUtcNow() - refused.Since);
        await QuietlyAsync(() => table.DeleteAsync(_key, refused.Scope, cancellation));
    }

    private async Task ReadAsync(CancellationToken cancellation)
    {
        Volatile.Write(ref _readAt, time.GetTimestamp());
        int changes;
        lock (_lock)
            changes = _changes;
        var rows = await table.ReadAsync(_key, cancellation);
        lock (_lock)
        {
            // What this instance has learnt meanwhile is newer than what was read.
            if (changes == _changes)
                _refused = rows.ToDictionary(row => row.Scope);
        }
    }

    private async Task<bool> ClaimProbeAsync(RefusedKey refused, CancellationToken cancellation)
    {
        try
        {
            if (await table.ReplaceAsync(_key, refused, cancellation) is not { } claimed)
            {
                await ReadAsync(cancellation);
                return false;
            }

            Remember(claimed);
            return true;
        }
        catch (Exception e) when (IsStorageFailure(e))
        {
            return true;
        }
    }

    private void Remember(RefusedKey refused)
    {
        lock (_lock)
        {
            if (!_refused.ContainsKey(refused.Scope))
                return;
            _changes++;
            _refused[refused.Scope] = refused;
        }
    }

    /// <summary>Beside the calls, which do not wait for storage.</summary>
    private void ReadUnlessFresh()
    {
        if (time.GetElapsedTime(Volatile.Read(ref _readAt)) < Fresh)
            return;
        lock (_lock)
        {
            if (_reading.IsCompleted)
                _reading = Task.Run(() => QuietlyAsync(() => ReadAsync(CancellationToken.None)));
        }
    }

    private async Task QuietlyAsync(Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (Exception e) when (IsStorageFailure(e))
        {
            Log.NotTold(logger, name, e.GetType().Name);
        }
    }

    private static bool IsStorageFailure(Exception e) => e is RequestFailedException or AggregateException or OperationCanceledException or AuthenticationFailedException;

    private RefusedKey? Find(string endpoint) => _refused.GetValueOrDefault(Everything) ?? _refused.GetValueOrDefault(ScopeOf(endpoint));

    private static string ScopeOf(string endpoint) => endpoint.Trim('/').Replace('/', '-');

    private static TimeSpan WaitAfter(TimeSpan refusedFor)
        => refusedFor / 4 is var wait && wait < Wait.Shortest ? Wait.Shortest : wait < Wait.Longest ? wait : Wait.Longest;

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "The {Key} is refused ({Status}) for {Scope}. Calls wait in the queue; one in 30 s tries. Check {Settings}")]
        public static partial void Refused(ILogger logger, string key, int status, string scope, string settings);

        [LoggerMessage(2, LogLevel.Information, "The {Key} is taken again for {Scope}, after {RefusedFor}")]
        public static partial void Accepted(ILogger logger, string key, string scope, TimeSpan refusedFor);

        [LoggerMessage(3, LogLevel.Warning, "Other instances may not know yet whether the {Key} is refused: storage failed ({Failure})")]
        public static partial void NotTold(ILogger logger, string key, string failure);
    }
}
