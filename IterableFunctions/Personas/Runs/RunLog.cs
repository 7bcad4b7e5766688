using IterableFunctions.Storage;
using Microsoft.Extensions.Logging;

namespace IterableFunctions.Personas.Runs;

/// <summary>Says once a minute how far the runs are that this process works on.</summary>
public sealed partial class RunLog(TimeProvider time, ILogger<RunLog> logger)
{
    private static readonly TimeSpan Often = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private long? _said;

    /// <param name="run">The run's id.</param>
    /// <param name="shard">A part of it.</param>
    /// <param name="progress">How far that is.</param>
    public void Say(string run, Shard shard, ShardProgress progress)
    {
        lock (_lock)
        {
            if (_said is { } said && time.GetElapsedTime(said) < Often)
                return;
            _said = time.GetTimestamp();
        }

        Log.Progress(logger, run, shard.Number, progress.Counts.Looked, progress.Counts.Calls, progress.Counts.Failed, shard.PartThrough(progress.After));
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Information, "Run {Run}, shard {Shard} of 64: {Looked} profiles looked at, {Calls} calls, {Failed} failed, {Part:P0} of a backfill's part")]
        public static partial void Progress(ILogger logger, string run, int shard, long looked, long calls, long failed, double part);
    }
}
