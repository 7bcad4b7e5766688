using System.Globalization;
using System.Text;
using IterableFunctions.Benchmarks.InMemory;
using IterableFunctions.Iterable;
using IterableFunctions.LocalHost.Sandbox;
using IterableFunctions.Personas;
using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Storage;
using IterableFunctions.Tests.Personas.Recording;
using Microsoft.Extensions.Time.Testing;

namespace IterableFunctions.Tests.Personas.Worlds;

/// <summary>
/// Some instances of the app, their storage, Iterable, and a clock that goes on when nothing is left to be done: fires the hour's timer, makes queue messages visible again, and lets Segment send
/// again what was not taken. Plays the Functions host with its numbers.
/// </summary>
internal sealed class World : IAsyncDisposable
{
    /// <summary>A message whose worker died comes back after this long.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(10);

    private const int MaxDequeueCount = 5;

    private static readonly string[] _queues = [RecordQueue.Name, SyncQueue.Name, RecomputeQueue.Name, RecordQueue.PoisonName, SyncQueue.PoisonName, RecomputeQueue.PoisonName];

    private readonly Random _random;
    private readonly BulkUse _bulk;
    private readonly ProjectType _project;
    private readonly List<Instance> _dead = [];
    private readonly List<(DateTimeOffset At, string Body)> _again = [];
    private readonly StringBuilder _trail = new();
    private readonly List<Task> _stalling = [];
    private int _stalled;
    private int _leastBusy = int.MaxValue;

    /// <param name="start">A full hour.</param>
    /// <param name="instances">How many work at the same time.</param>
    /// <param name="seed">Who works on what.</param>
    /// <param name="azurite">Where the tables are; null for memory.</param>
    /// <param name="project">Which identifiers reach a user.</param>
    public World(DateTime start, int instances, int seed, string? azurite = null, ProjectType project = ProjectType.Hybrid)
    {
        Clock = new(new(start));
        _random = new(seed);
        _bulk = (BulkUse)_random.Next(3);
        _project = project;
        Iterable = new(Clock, Enum.Parse<SandboxProjectType>($"{project}"));
        Storage = new(new(Clock), azurite, AzuriteFixture.Unique("w"));
        Instances = [.. Enumerable.Range(0, instances).Select(_ => NewInstance())];
        Observer = NewInstance();
        NextTimer = new DateTimeOffset(start).AddMinutes(2);
    }

    public FakeTimeProvider Clock { get; }

    public WorldIterable Iterable { get; }

    public WorldStorage Storage { get; }

    public Instance[] Instances { get; }

    /// <summary>Looks on, and never dies.</summary>
    public Instance Observer { get; }

    /// <summary>When the hour's timer fires next.</summary>
    public DateTimeOffset NextTimer { get; private set; }

    /// <summary>Whether, when the timer last fired, all that had arrived was folded, and it did its work.</summary>
    public bool WasQuietAtTimer { get; private set; }

    /// <summary>How often the timer has fired.</summary>
    public int Timers { get; private set; }

    /// <summary>Whether anything went on that makes repeated calls right: a process died, or time passed while somebody sent.</summary>
    public bool IsDisturbed { get; set; }

    public int Deaths => _dead.Count;

    /// <summary>What functions threw, apart from dying.</summary>
    public List<Exception> Failures { get; } = [];

    /// <summary>Whether queue messages are sometimes delivered twice.</summary>
    public bool Duplicates { get; init; }

    public DateTimeOffset Now => Clock.GetUtcNow();

    public string Trail => _trail.ToString();

    private bool IsIdle => _stalling.Count == 0 && _again.Count == 0 && _queues.All(queue => Storage.Memory.Queue(queue).Count == 0);

    public Instance Any => Instances[_random.Next(Instances.Length)];

    public void Note(string what)
    {
        lock (_trail)
            _trail.Append(CultureInfo.InvariantCulture, $"{Now:MM-dd HH:mm:ss} {what}\n");
    }

    /// <summary>Lets time pass, and everything happen that falls into it.</summary>
    public async Task RunUntilAsync(DateTimeOffset until)
    {
        while (true)
        {
            await DrainAsync();
            var next = Earliest([NextTimer, .. Again(), .. _queues.Select(queue => Storage.Memory.Queue(queue).NextVisible).OfType<DateTimeOffset>()]);
            if (next > until)
            {
                if (Now < until)
                    Clock.SetUtcNow(until);
                return;
            }

            if (Now < next)
                Clock.SetUtcNow(next);
            await SendAgainAsync();
            if (Now >= NextTimer)
                await FireTimerAsync();
        }
    }

    /// <summary>Lets time pass until nothing is left to be done but at a later hour.</summary>
    public async Task SettleAsync()
    {
        await DrainAsync();
        for (var rounds = 0; !IsIdle; rounds++)
        {
            await WaitAsync(Task.WhenAll(_stalling));
            _stalling.Clear();
            await ReplaceTheDeadAsync();
            if (IsIdle)
                return;
            Assert.True(rounds < 5000, "It never ends: " + string.Join(", ", _queues.Select(queue => $"{queue} {Storage.Memory.Queue(queue).Count}")));
            var next = Earliest([.. Again(), .. _queues.Select(queue => Storage.Memory.Queue(queue).NextVisible).OfType<DateTimeOffset>()]);
            await RunUntilAsync(next > Now ? next : Now);
        }
    }

    /// <summary>Lets time pass in which nothing runs: the whole app is down.</summary>
    public void BeDown(TimeSpan time)
    {
        Clock.Advance(time);
        while (NextTimer <= Now)
            NextTimer = NextTimer.AddHours(1);
    }

    /// <summary>Opens the present hour, as the timer does.</summary>
    public async Task<bool> OpenHourAsync()
    {
        var instance = Any;
        try
        {
            await WaitAsync(Task.Run(instance.OpenHourAsync));
            return true;
        }
        catch (Exception e)
        {
            Fail(instance, e);
            return false;
        }
        finally
        {
            await ReplaceTheDeadAsync();
        }
    }

    /// <summary>Posts messages to the webhook, all at the same time. What is not taken is sent again later.</summary>
    public async Task PostAsync(params string[] bodies)
    {
        await WaitAsync(Task.WhenAll([.. bodies.Select(body => PostToAsync(Any, body))]), mayStall: true);
        await ReplaceTheDeadAsync();
    }

    /// <summary>Changes a definition; whoever does so tries until it is done.</summary>
    public async Task SaveAsync(string key, bool run, bool resend, Func<Catalog, string?, Catalog> change)
    {
        for (var done = false; !done; await ReplaceTheDeadAsync())
        {
            var instance = Any;
            try
            {
                await WaitAsync(Task.Run(() => instance.SaveAsync(key, run, resend, change)));
                done = true;
            }
            catch (ProcessDiedException)
            {
                // Somebody asks again.
            }
        }
    }

    /// <summary>Lets an instance stall at an operation on storage, while the other goes on.</summary>
    public void StallAt(Instance instance, int operation, TimeSpan time) => instance.Wire.StallAt(operation, async () =>
    {
        IsDisturbed = true;
        Interlocked.Increment(ref _stalled);
        await Task.Delay(time, Clock);
        Interlocked.Decrement(ref _stalled);
    });

    /// <summary>Waits for something, and lets time pass while nothing else happens.</summary>
    /// <param name="task">What is waited for.</param>
    /// <param name="mayStall">Whether what stalls is left to itself.</param>
    public async Task WaitAsync(Task task, bool mayStall = false)
    {
        for (var (seen, idle, passed) = (Progress, 0, TimeSpan.Zero); !task.IsCompleted;)
        {
            await Task.WhenAny(task, Task.Delay(Storage.Connection is null ? 5 : 50));
            (idle, var before, seen) = (Progress == seen ? idle + 1 : 0, seen, Progress);
            var busy = Busy;
            _leastBusy = Math.Min(_leastBusy, busy);
            // What is on its way through a network, has no processor, or is at work is not waiting. Who is at work may be another test, so time goes on all the same, but no faster than it does.
            if (task.IsCompleted || idle < 3 || ThreadPool.PendingWorkItemCount > 0 || (busy > _leastBusy && idle % 20 != 0))
                continue;
            if (mayStall && Volatile.Read(ref _stalled) > 0)
            {
                _stalling.Add(task);
                return;
            }

            var step = Iterable.Waiting > 0 || Volatile.Read(ref _stalled) > 0 ? TimeSpan.FromSeconds(1) : TimeSpan.FromMilliseconds(50);
            Clock.Advance(step);
            // A lease may have ended.
            if ((passed += step) > TimeSpan.FromSeconds(10))
                IsDisturbed = true;
        }

        await task;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var instance in (Instance[])[.. Instances, .. _dead, Observer])
            await instance.DisposeAsync();
        Iterable.Dispose();
    }

    /// <summary>What stands in the documents, where they are in memory.</summary>
    public string Documents()
    {
        var text = new StringBuilder();
        foreach (var row in Storage.Memory.Table($"{Storage.Prefix}Profiles").Rows().Where(row => row.RowKey == "profile"))
        {
            var document = ProfileFormat.Read(Chunks.Read(row, "Document"));
            text.Append(CultureInfo.InvariantCulture, $"{row.PartitionKey} {document.Kind} {document.RedirectTo} {string.Join(' ', document.Ids.Select(known => known.Id))} built {document.BuiltThrough} evaluated {document.EvaluatedHour} due {string.Join(' ', document.Due)}\n");
            foreach (var (key, value) in document.Values)
                text.Append(CultureInfo.InvariantCulture, $"    {key} = {Encoding.UTF8.GetString(value.Json.Span)} of version {value.Version}\n");
            foreach (var (key, told) in document.Told)
                text.Append(CultureInfo.InvariantCulture, $"    told {key.Identifier} {key.Definition} {told.Number} {Encoding.UTF8.GetString(told.Json.Span)} {told.State} {told.Refusal}{(told.HasLanded ? " landed" : "")}{(told.IsTakeover ? " takeover" : "")}\n");
        }

        return text.ToString();
    }

    /// <summary>Threads of the pool that are at work, or would be if they had a processor, but for the caller's; and those that wait all the time, as the test runner's does.</summary>
    private static int Busy
    {
        get
        {
            ThreadPool.GetMaxThreads(out var most, out _);
            ThreadPool.GetAvailableThreads(out var free, out _);
            return most - free - (Thread.CurrentThread.IsThreadPoolThread ? 1 : 0);
        }
    }

    private int Progress => Iterable.Calls.Count + Instances.Sum(instance => instance.Wire.Tables + instance.Wire.Queues + instance.Wire.Calls);

    private async Task FireTimerAsync()
    {
        var quiet = IsIdle;
        Note("the timer fires");
        Timers++;
        NextTimer = NextTimer.AddHours(1);
        WasQuietAtTimer = await OpenHourAsync() && quiet;
    }

    private async Task SendAgainAsync()
    {
        List<(DateTimeOffset At, string Body)> due;
        lock (_again)
        {
            due = _again.FindAll(again => again.At <= Now);
            _again.RemoveAll(due.Contains);
        }

        if (due.Count > 0)
            await PostAsync([.. due.Select(again => again.Body)]);
    }

    /// <summary>Works off what can be seen in the queues now.</summary>
    private async Task DrainAsync()
    {
        while (true)
        {
            var work = new List<Task>();
            foreach (var queue in _queues)
            {
                foreach (var (message, receipt) in Storage.Memory.Queue(queue).Receive(4 * Instances.Length, Lease))
                {
                    work.Add(WorkAsync(Any, queue, message, receipt));
                    if (Duplicates && _random.Next(20) == 0)
                        Storage.Memory.Queue(queue).Add(message.Body, TimeSpan.FromSeconds(_random.Next(3)));
                }
            }

            if (work.Count == 0)
                return;
            await WaitAsync(Task.WhenAll(work), mayStall: true);
            await ReplaceTheDeadAsync();
        }
    }

    private async Task WorkAsync(Instance instance, string queue, QueuedMessage message, string receipt)
    {
        try
        {
            await Task.Run(() => instance.RunAsync(queue, message.Body.ToString()));
            Storage.Memory.Queue(queue).Delete(message.Id, receipt);
        }
        catch (Exception e)
        {
            Fail(instance, e);
            if (instance.Wire.IsDead)
                return;
            if (message.DequeueCount < MaxDequeueCount)
            {
                Storage.Memory.Queue(queue).Update(message.Id, receipt, TimeSpan.FromSeconds(30));
                return;
            }

            Storage.Memory.Queue($"{queue}-poison").Add(message.Body, TimeSpan.Zero);
            Storage.Memory.Queue(queue).Delete(message.Id, receipt);
        }
    }

    private async Task PostToAsync(Instance instance, string body)
    {
        var status = 0;
        try
        {
            status = await Task.Run(() => instance.PostAsync(body));
        }
        catch (Exception) when (instance.Wire.IsDead)
        {
            // Nobody has answered.
        }

        Assert.True(status is 200 or 202 or 400 or 503 or 0, $"{status} for {body}");
        if (status is not (503 or 0))
            return;
        lock (_again)
            _again.Add((Now.AddSeconds(30), body));
    }

    private void Fail(Instance instance, Exception e)
    {
        if (instance.Wire.IsDead)
            return;
        lock (Failures)
            Failures.Add(e);
        Note($"failed: {e}");
    }

    private List<DateTimeOffset> Again()
    {
        lock (_again)
            return [.. _again.Select(again => again.At)];
    }

    private Instance NewInstance() => new(Storage, Iterable, Clock, _bulk, _project);

    private Task ReplaceTheDeadAsync()
    {
        for (var i = 0; i < Instances.Length; i++)
        {
            if (!Instances[i].Wire.IsDead)
                continue;
            Note($"instance {i} has died");
            IsDisturbed = true;
            _dead.Add(Instances[i]);
            Instances[i] = NewInstance();
        }

        return Task.CompletedTask;
    }

    private static DateTimeOffset Earliest(IEnumerable<DateTimeOffset> moments) => moments.Min();
}
