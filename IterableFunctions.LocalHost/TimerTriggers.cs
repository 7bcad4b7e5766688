using System.Threading.Channels;
using Microsoft.Azure.Functions.Worker;
using NCrontab;

namespace IterableFunctions.LocalHost;

/// <summary>Fires timers by their schedule on the app's clock, and at once when asked. One loop a timer, so that none overlaps itself.</summary>
public sealed partial class TimerTriggers(
    FunctionCatalog catalog, IServiceScopeFactory scopes, TimeProvider clock, ILogger<TimerTriggers> logger) : TriggerLoops
{
    private readonly Dictionary<string, FunctionTimer> _timers = catalog.Functions
        .Where(function => function.Trigger is TimerTrigger)
        .Select(function => new FunctionTimer(function, (TimerTrigger)function.Trigger))
        .ToDictionary(timer => timer.Function.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Runs this timer's function as soon as it is not running. False if there is no such timer.</summary>
    public bool RunNow(string name) => _timers.TryGetValue(name, out var timer) && timer.Requests.Writer.TryWrite(true);

    protected override Task RunAsync(CancellationToken stopping) => Task.WhenAll(_timers.Values.Select(timer => RunAsync(timer, stopping)));

    private async Task RunAsync(FunctionTimer timer, CancellationToken stopping)
    {
        var next = timer.NextAfter(clock.GetUtcNow());
        if (timer.Trigger.RunOnStartup)
            await FireAsync(timer, next, stopping);
        while (!stopping.IsCancellationRequested)
        {
            var wait = next - clock.GetUtcNow();
            if (wait <= TimeSpan.Zero)
                await FireAsync(timer, next = timer.NextAfter(clock.GetUtcNow()), stopping);
            else if (timer.Requests.Reader.TryRead(out _))
                await FireAsync(timer, next, stopping);
            else
                await WaitAsync(timer, wait, stopping);
        }
    }

    private async Task WaitAsync(FunctionTimer timer, TimeSpan wait, CancellationToken stopping)
    {
        using var woken = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        // At least once a minute it looks at the clock again, which may have been set, or have slept with the machine.
        var delay = wait < TimeSpan.FromMinutes(1) ? wait : TimeSpan.FromMinutes(1);
        await Task.WhenAny(timer.Requests.Reader.WaitToReadAsync(woken.Token).AsTask(), Task.Delay(delay, clock, woken.Token));
        await woken.CancelAsync();
    }

    private async Task FireAsync(FunctionTimer timer, DateTimeOffset next, CancellationToken stopping)
    {
        var now = clock.GetUtcNow().UtcDateTime;
        var info = new TimerInfo
        {
            IsPastDue = false,
            ScheduleStatus = new ScheduleStatus { Last = timer.LastRun, Next = next.UtcDateTime, LastUpdated = now },
        };
        timer.LastRun = now;
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            await timer.Function.InvokeAsync(scope.ServiceProvider, parameter =>
                parameter.ParameterType == typeof(TimerInfo) ? info : stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // It was told to.
        }
        catch (Exception failure)
        {
            Log.Failed(logger, failure, timer.Function.Name);
        }
    }

    private sealed class FunctionTimer(Function function, TimerTrigger trigger)
    {
        private readonly CrontabSchedule _schedule = CrontabSchedule.TryParse(
            trigger.Schedule, new() { IncludingSeconds = trigger.Schedule.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length == 6 })
            ?? throw new StartException($"The schedule of the function {function.Name}, '{trigger.Schedule}', is not an NCRONTAB expression.");

        public Function Function { get; } = function;

        public TimerTrigger Trigger { get; } = trigger;

        public Channel<bool> Requests { get; } = Channel.CreateUnbounded<bool>();

        public DateTime LastRun { get; set; }

        public DateTimeOffset NextAfter(DateTimeOffset time) => new(_schedule.GetNextOccurrence(time.UtcDateTime), TimeSpan.Zero);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "The timer {Name} failed")]
        public static partial void Failed(ILogger logger, Exception failure, string name);
    }
}
