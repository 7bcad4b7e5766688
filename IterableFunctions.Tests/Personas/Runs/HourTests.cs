using System.Globalization;
using IterableFunctions.Iterable;
using IterableFunctions.LocalHost.Sandbox;
using IterableFunctions.Personas;
using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Personas.Recording;
using IterableFunctions.Personas.Runs;
using IterableFunctions.Storage;
using IterableFunctions.Tests.LocalHost;
using IterableFunctions.Tests.Personas.Worlds;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace IterableFunctions.Tests.Personas.Runs;

/// <summary>What happens at full hours, and around them. The clock begins at midnight of the first of March 2026.</summary>
public sealed class HourTests : IAsyncLifetime, IAsyncDisposable
{
    private static readonly DateTime _start = new(2026, 3, 1, 0, 0, 0, DateTimeKind.Utc);

    private readonly World _world = new(_start, instances: 1, seed: 1);
    private int _messages;

    public Task InitializeAsync() => Task.CompletedTask;

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    async Task IAsyncLifetime.DisposeAsync() => await DisposeAsync();

    ValueTask IAsyncDisposable.DisposeAsync() => _world.DisposeAsync();

    [Theory]
    [InlineData("09:59:59.9999999", "0")]
    [InlineData("10:00:00.0000000", "1")]
    [InlineData("10:00:00.0000001", "1")]
    [InlineData("11:59:59.9999999", "1")]
    [InlineData("12:00:00.0000000", "0")]
    [InlineData("12:00:30.0000000", "0")]
    public async Task Window_takes_what_is_at_most_as_old_as_it_is_long_and_nothing_of_the_running_hour(string happened, string counted)
    {
        await SaveAsync("recent", "event('A').within(2 hours).count()", DefinitionKind.ComputedTrait);
        // Told once already, so that 0 is told as well.
        await UntilAsync("08:30");
        await TrackAsync("08:20");
        await UntilAsync("12:01");
        await TrackAsync(happened);
        await UntilAsync("12:02");

        Assert.Equal(counted, Field("recent"));
    }

    [Fact]
    public async Task Event_that_arrives_before_its_hours_looks_counts_and_one_that_arrives_after_them_counts_an_hour_later()
    {
        await SaveAsync("recent", "event('A').within(2 hours).count()", DefinitionKind.ComputedTrait);
        await UntilAsync("12:01:59");
        await TrackAsync("11:30");
        await UntilAsync("12:10");
        await TrackAsync("11:40");
        Assert.Equal("1", Field("recent"));

        await UntilAsync("13:01:59");
        Assert.Equal("1", Field("recent"));
        await UntilAsync("13:02");

        Assert.Equal("2", Field("recent"));
    }

    [Fact]
    public async Task Nothing_for_a_while_becomes_true_by_time_alone()
    {
        await SaveAsync("lapsed", "event('A').within(3 hours).count() = 0 AND event('A').count() >= 1");
        await UntilAsync("05:10");
        await TrackAsync("05:10");
        await UntilAsync("08:59");
        Assert.Null(Field("lapsed"));

        await UntilAsync("09:02");

        Assert.Equal("true", Field("lapsed"));
        Assert.Single(_world.Iterable.Calls);
    }

    [Fact]
    public async Task Band_is_entered_and_left_by_time_alone()
    {
        await SaveAsync("band", "event('A').between(1 hour, 3 hours).count() >= 1");
        await UntilAsync("05:10");
        await TrackAsync("05:10");
        await UntilAsync("06:30");
        Assert.Null(Field("band"));
        await UntilAsync("07:02");
        Assert.Equal("true", Field("band"));
        await UntilAsync("08:30");
        Assert.Equal("true", Field("band"));

        await UntilAsync("09:02");

        Assert.Equal("false", Field("band"));
        Assert.Equal(2, _world.Iterable.Calls.Count);
    }

    [Fact]
    public async Task Date_in_a_trait_comes_near_and_passes_by_time_alone()
    {
        await SaveAsync("renewal_soon", "trait('renewal').within_next(2 hours)");
        await UntilAsync("05:10");
        await PostAsync(""" "type":"identify","userId":"u","traits":{"renewal":"2026-03-01T10:00:00Z"} """);
        await UntilAsync("07:30");
        Assert.Null(Field("renewal_soon"));
        await UntilAsync("08:02");
        Assert.Equal("true", Field("renewal_soon"));
        await UntilAsync("10:30");
        Assert.Equal("true", Field("renewal_soon"));

        await UntilAsync("11:02");

        Assert.Equal("false", Field("renewal_soon"));
    }

    [Theory]
    [InlineData("Europe/Berlin", "2026-03-28T12:30:00Z")]
    [InlineData("America/New_York", "2026-03-07T12:30:00Z")]
    public async Task Day_has_24_hours_wherever_clocks_are_put_forward(string zone, string happened)
    {
        _world.Clock.SetLocalTimeZone(TimeZoneInfo.FindSystemTimeZoneById(zone));
        var time = DateTimeOffset.Parse(happened, CultureInfo.InvariantCulture);
        await SaveAsync("recent", "event('A').within(1 day).count() >= 1");
        _world.BeDown(time - _world.Now);
        await TrackAsync(time);
        await _world.RunUntilAsync(time.AddHours(24));
        Assert.Equal("true", Field("recent"));

        await _world.RunUntilAsync(time.AddHours(24).AddMinutes(32));

        Assert.Equal("false", Field("recent"));
    }

    [Fact]
    public async Task Timer_that_fires_early_looks_at_the_hour_that_it_is_and_leaves_the_next_to_the_next()
    {
        await SaveAsync("recent", "event('A').within(2 hours).count()", DefinitionKind.ComputedTrait);
        await UntilAsync("05:10");
        await TrackAsync("05:10");
        await UntilAsync("05:59:58");
        await _world.OpenHourAsync();
        await _world.SettleAsync();
        Assert.Null(Field("recent"));

        await UntilAsync("06:02");

        Assert.Equal("1", Field("recent"));
    }

    [Fact]
    public async Task Second_run_of_an_hour_finds_nothing_left_to_do()
    {
        await SaveAsync("recent", "event('A').within(2 hours).count() >= 1", track: true);
        await UntilAsync("05:10");
        await TrackAsync("05:10");
        await UntilAsync("06:02");
        var calls = _world.Iterable.Calls.Count;

        await Task.WhenAll(_world.OpenHourAsync(), _world.OpenHourAsync());
        await _world.SettleAsync();

        Assert.Equal((2, 2), (calls, _world.Iterable.Calls.Count));
        Assert.Equal(1, await LookedAsync("06"));
    }

    [Fact]
    public async Task Work_of_an_hour_that_comes_late_and_twice_takes_what_is_due_by_then()
    {
        await SaveAsync("recent", "event('A').within(2 hours).count()", DefinitionKind.ComputedTrait);
        await UntilAsync("05:10");
        await TrackAsync("05:10");
        var (shard, run) = (Shard.Of(await ProfileAsync()).Number, RunIds.OfHour(Hour.Containing(_start.AddHours(6).Ticks)));
        await UntilAsync("06:02");
        await TrackAsync("06:02:30");
        _world.BeDown(TimeSpan.FromHours(1));
        var queue = _world.Observer.Get<RecomputeQueue>();
        for (var n = 0; n < 2; n++)
            await queue.AddAsync(new(run, null, shard), TimeSpan.Zero, default);

        await _world.SettleAsync();
        await UntilAsync("07:30");

        Assert.Equal("2", Field("recent"));
        Assert.Equal(2, _world.Iterable.Calls.Count);
    }

    [Fact]
    public async Task Hour_of_a_profile_never_goes_back_though_another_clock_is_behind()
    {
        await SaveAsync("recent", "event('A').within(2 hours).count()", DefinitionKind.ComputedTrait);
        await UntilAsync("05:10");
        await TrackAsync("05:10");
        await UntilAsync("08:02");
        Assert.Equal("0", Field("recent"));

        await using var behind = new Instance(_world.Storage, _world.Iterable, new FakeTimeProvider(new(_start.AddHours(6).AddMinutes(30))), BulkUse.Never, ProjectType.Hybrid);
        await behind.Get<IterableFunctions.Personas.Sync.Looker>().LookAsync(new(await ProfileAsync()) { IsFull = true }, default);

        Assert.Equal("0", Field("recent"));
        Assert.Equal(2, _world.Iterable.Calls.Count);
    }

    [Fact]
    public async Task Profile_that_cannot_be_read_keeps_nobody_waiting_and_is_tried_ever_less_often()
    {
        await SaveAsync("recent", "event('A').within(2 hours).count()", DefinitionKind.ComputedTrait);
        await UntilAsync("05:10");
        await TrackAsync("05:10");
        var bad = (await ProfileAsync())[..2] + new string('0', 30);
        var (profiles, due) = (_world.Storage.Memory.Table($"{_world.Storage.Prefix}Profiles"), _world.Storage.Memory.Table($"{_world.Storage.Prefix}Due"));
        profiles.Put(bad, "profile", KeyValuePair.Create<string, object>("Document0", new byte[] { 0xFF, 1, 2, 3 }));
        await _world.Observer.Get<DueTable>().AddAsync(bad, Hour.Containing(_start.AddHours(6).Ticks), 0, default);

        await UntilAsync("06:02");
        Assert.Equal("1", Field("recent"));
        var tried = new List<string>();
        for (var hour = 7; hour < 22; hour++)
        {
            var row = Assert.Single(due.Rows(), row => row.RowKey == bad);
            if (tried.Count == 0 || tried[^1] != row.PartitionKey[^2..])
                tried.Add(row.PartitionKey[^2..]);
            await UntilAsync($"{hour:D2}:02");
        }

        Assert.Equal(["07", "09", "13", "21"], tried);
    }

    [Fact]
    public async Task Backfill_of_which_nothing_is_left_in_the_queue_is_taken_up_again()
    {
        await UntilAsync("05:10");
        await TrackAsync("05:10");
        await SaveAsync("bought", "event('A').count() >= 1");
        await _world.RunUntilAsync(_world.Now.AddSeconds(59));
        // All that was to be done is lost.
        var queue = _world.Storage.Memory.Queue(RecomputeQueue.Name);
        _world.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.All(queue.Receive(100, TimeSpan.FromHours(1)), one => Assert.True(queue.Delete(one.Message.Id, one.PopReceipt)));
        await UntilAsync("06:01");
        Assert.Null(Field("bought"));

        await UntilAsync("06:03");

        Assert.Equal("true", Field("bought"));
        Assert.Null((await _world.Observer.CatalogAsync())["bought"]!.Run);
    }

    [Fact]
    public async Task Backfill_makes_few_wait_for_an_Iterable_that_is_down_and_goes_on_when_it_is_back()
    {
        const int Persons = 100;
        await UntilAsync("05:10");
        foreach (var number in Enumerable.Range(0, Persons))
            await PutAsync($"00{number:x30}", $"u{number}");
        var outage = _world.Iterable.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 503, Calls = -1 });
        await SaveAsync("pros", "trait('plan') = 'pro'");

        await UntilAsync("05:12");
        Assert.InRange(_world.Storage.Memory.Queue(SyncQueue.Name).Count, 8, 40);
        Assert.NotNull((await _world.Observer.CatalogAsync())["pros"]!.Run);

        _world.Iterable.Sandbox.ClearFaults(outage);
        await UntilAsync("06:01");
        Assert.All(Enumerable.Range(0, Persons), number => Assert.Equal("true", WorldIterable.Field(_world.Iterable.Find($"user_id:u{number}"), "pros")));
        Assert.Null((await _world.Observer.CatalogAsync())["pros"]!.Run);
    }

    [Fact]
    public async Task Resend_of_which_nothing_is_left_in_the_queue_tells_everybody_again()
    {
        await UntilAsync("04:00");
        await SaveAsync("bought", "event('A').count() >= 1");
        await UntilAsync("05:10");
        await TrackAsync("05:10");
        await UntilAsync("06:01:30");
        Assert.Single(_world.Iterable.Calls);

        await _world.Observer.Get<DefinitionEditor>().SyncAsync(DefinitionKind.Audience, "bought", default);
        // All that was to be done is lost: what is left is the definition.
        var queue = _world.Storage.Memory.Queue(RecomputeQueue.Name);
        _world.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.All(queue.Receive(100, TimeSpan.FromHours(1)), one => Assert.True(queue.Delete(one.Message.Id, one.PopReceipt)));
        await UntilAsync("07:20");

        Assert.Equal(2, _world.Iterable.Calls.Count);
        Assert.Null((await _world.Observer.CatalogAsync())["bought"]!.Run);
    }

    [Fact]
    public async Task Edit_that_takes_the_place_of_a_resend_resends()
    {
        var editor = _world.Observer.Get<DefinitionEditor>();
        await SaveAsync("bought", "event('A').count() >= 1");
        await UntilAsync("00:10");
        await editor.SyncAsync(DefinitionKind.Audience, "bought", default);
        Assert.True(RunIds.Resends((await _world.Observer.CatalogAsync())["bought"]!.Run!));

        await editor.SaveAsync(DefinitionKind.Audience, "bought", new() { Name = "bought", Query = "event('A').count() >= 2" }, isNew: false, IfMatch.Anything, default);

        var definition = (await _world.Observer.CatalogAsync())["bought"]!;
        Assert.Equal((true, "event('A').count() >= 2"), (RunIds.Resends(definition.Run!), definition.Query));
    }

    [Fact]
    public async Task Hour_that_is_opened_again_is_not_done_before_what_was_found_then_is()
    {
        await UntilAsync("06:01");
        await ArmAsync("00", "10", "20");
        await UntilAsync("06:10");
        var run = RunIds.OfHour(Hour.Containing(_start.AddHours(6).Ticks));
        Assert.NotNull((await ReportAsync(run)).Finished);

        await ArmAsync("00", "10");
        await _world.OpenHourAsync();
        var opened = await ReportAsync(run);
        Assert.Null(opened.Finished);
        Assert.Equal(0.3333, opened.Progress);
        var queue = _world.Storage.Memory.Queue(RecomputeQueue.Name);
        var (message, receipt) = queue.Receive(1, TimeSpan.FromMinutes(5))[0];
        await _world.Observer.RunAsync(RecomputeQueue.Name, message.Body.ToString());
        queue.Delete(message.Id, receipt);
        Assert.Null((await ReportAsync(run)).Finished);

        await _world.SettleAsync();
        Assert.Equal((1, 5), ((await ReportAsync(run)).Progress, (await ReportAsync(run)).Counts!.Looked));
    }

    [Fact]
    public async Task Audience_goes_though_somebody_cannot_be_read_and_everybody_else_leaves_first()
    {
        await UntilAsync("05:10");
        foreach (var number in Enumerable.Range(1, 20))
            await PutAsync($"00{number:x30}", $"u{number}");
        await SaveAsync("pros", "trait('plan') = 'pro'");
        await UntilAsync("05:20");
        Assert.Equal("true", WorldIterable.Field(_world.Iterable.Find("user_id:u20"), "pros"));
        var bad = new string('0', 32);
        await _world.Observer.Get<MemberTable>().AddAsync(MemberTable.Everybody, bad, isAddressable: true, default);
        _world.Storage.Memory.Table($"{_world.Storage.Prefix}Profiles").Put(bad, "profile", KeyValuePair.Create<string, object>("Document0", new byte[] { 0xFF, 1, 2, 3 }));

        await _world.SaveAsync("pros", run: true, resend: false, (catalog, run) => catalog.With(catalog["pros"]! with { Retiring = true, Run = run, Changed = _world.Now.UtcDateTime }));
        await UntilAsync("05:50");

        Assert.All(Enumerable.Range(1, 20), number => Assert.Equal("false", WorldIterable.Field(_world.Iterable.Find($"user_id:u{number}"), "pros")));
        Assert.Null((await _world.Observer.CatalogAsync())["pros"]);
    }

    [Fact]
    public async Task Audience_that_waits_for_Iterable_to_hear_of_its_end_does_not_multiply_its_work()
    {
        await UntilAsync("05:10");
        await PutAsync($"00{1:x30}", "u1");
        await SaveAsync("pros", "trait('plan') = 'pro'");
        await UntilAsync("05:20");
        var outage = _world.Iterable.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 503, Calls = -1 });
        await _world.SaveAsync("pros", run: true, resend: false, (catalog, run) => catalog.With(catalog["pros"]! with { Retiring = true, Run = run, Changed = _world.Now.UtcDateTime }));

        await UntilAsync("06:50");
        Assert.Equal(1, _world.Storage.Memory.Queue(RecomputeQueue.Name).Count);

        _world.Iterable.Sandbox.ClearFaults(outage);
        await UntilAsync("07:50");
        Assert.Equal("false", WorldIterable.Field(_world.Iterable.Find("user_id:u1"), "pros"));
        Assert.Null((await _world.Observer.CatalogAsync())["pros"]);
    }

    [Fact]
    public async Task Backfill_lets_an_hour_go_first_for_half_of_it()
    {
        await UntilAsync("06:03");
        await PutAsync($"00{1:x30}", "u1");
        // A part of the hour is with a worker that takes its time.
        await _world.Observer.Get<RunTable>().PutAsync(new() { Id = RunIds.OfHour(Hour.Containing(_start.AddHours(6).Ticks)), Started = _start.AddHours(6), Shards = 1 }, default);
        await SaveAsync("pros", "trait('plan') = 'pro'");

        await UntilAsync("06:29");
        Assert.Null(WorldIterable.Field(_world.Iterable.Find("user_id:u1"), "pros"));
        await UntilAsync("06:35");

        Assert.Equal("true", WorldIterable.Field(_world.Iterable.Find("user_id:u1"), "pros"));
    }

    [Fact]
    public async Task Run_that_nobody_waits_for_any_more_is_shown_as_ended_and_not_as_done()
    {
        await UntilAsync("05:10");
        await PutAsync($"00{1:x30}", "u1");
        var outage = _world.Iterable.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 503, Calls = -1 });
        await SaveAsync("pros", "trait('plan') = 'pro'");
        await UntilAsync("05:11:02");
        var id = (await _world.Observer.CatalogAsync())["pros"]!.Run!;
        Assert.Null((await ReportAsync(id)).Finished);
        await _world.SaveAsync("pros", run: false, resend: false, (catalog, _) => catalog.Without("pros"));

        await UntilAsync("06:01");
        _world.Iterable.Sandbox.ClearFaults(outage);

        var report = await ReportAsync(id);
        Assert.NotNull(report.Finished);
        Assert.InRange(report.Progress!.Value, 0.5, 0.9999);
        Assert.Null(report.Ends);
    }

    [Fact]
    public async Task Hour_and_backfill_that_take_longer_than_a_minute_say_how_far_they_are()
    {
        var logs = new RecordedLogs();
        _world.Observer.Get<ILoggerFactory>().AddProvider(logs);
        await UntilAsync("06:03");
        await PutAsync($"00{1:x30}", "u1");
        await PutAsync($"04{1:x30}", "u2");
        await SaveAsync("pros", "trait('plan') = 'pro'");
        var (hour, backfill) = (RunIds.OfHour(Hour.Containing(_start.AddHours(6).Ticks)), (await _world.Observer.CatalogAsync())["pros"]!.Run!);
        await _world.Observer.Get<RunTable>().PutAsync(new() { Id = backfill, Definition = "pros", Started = _world.Now.UtcDateTime, Shards = Shard.Count }, default);

        await ArmAsync("10");
        await _world.Observer.Get<HourWorker>().ContinueAsync(new(hour, null, 4), default);
        await _world.WaitAsync(_world.Observer.Get<BackfillWorker>().ContinueAsync(new(backfill, "pros", 0), default));
        Assert.DoesNotContain(logs.At(LogLevel.Information), line => line.Contains("looked at", StringComparison.Ordinal));
        _world.BeDown(TimeSpan.FromMinutes(1));
        await ArmAsync("10");
        await _world.Observer.Get<HourWorker>().ContinueAsync(new(hour, null, 4), default);
        await _world.WaitAsync(_world.Observer.Get<BackfillWorker>().ContinueAsync(new(backfill, "pros", 1), default));

        Assert.Equal([$"Run {hour}: 2", $"Run {backfill}: 2"], logs.At(LogLevel.Information).Where(line => line.Contains("looked at", StringComparison.Ordinal)).Select(line => line[..line.IndexOf(" profiles", StringComparison.Ordinal)]));
    }

    [Fact]
    public async Task Part_of_an_hour_that_takes_long_is_passed_on()
    {
        await UntilAsync("06:03");
        var run = RunIds.OfHour(Hour.Containing(_start.AddHours(6).Ticks));
        await _world.Observer.Get<RunTable>().PutAsync(new() { Id = run, Started = _start.AddHours(6), Shards = 1 }, default);
        foreach (var number in Enumerable.Range(0, 150))
            await _world.Observer.Get<DueTable>().AddAsync($"10{number:x30}", Hour.Containing(_start.AddHours(6).Ticks), 0, default);

        LetTakeLong(TimeSpan.FromMinutes(4));
        await _world.WaitAsync(_world.Observer.Get<HourWorker>().ContinueAsync(new(run, null, 4), default));
        Assert.Equal((100, null), ((await ReportAsync(run)).Counts!.Looked, (await ReportAsync(run)).Finished));
        await _world.SettleAsync();

        Assert.Equal(150, (await ReportAsync(run)).Counts!.Looked);
        Assert.NotNull((await ReportAsync(run)).Finished);
    }

    [Fact]
    public async Task Part_of_a_backfill_that_takes_long_is_passed_on()
    {
        await UntilAsync("05:10");
        foreach (var number in Enumerable.Range(1, 20))
            await PutAsync($"00{number:x30}", $"u{number}");
        await SaveAsync("pros", "trait('plan') = 'pro'");
        var run = (await _world.Observer.CatalogAsync())["pros"]!.Run!;
        TakeAll(RecomputeQueue.Name);
        await _world.Observer.Get<RunTable>().PutAsync(new() { Id = run, Definition = "pros", Started = _world.Now.UtcDateTime, Shards = Shard.Count }, default);

        LetTakeLong(TimeSpan.FromSeconds(30));
        await _world.WaitAsync(_world.Observer.Get<BackfillWorker>().ContinueAsync(new(run, "pros", 0), default));
        Assert.Equal(8, (await ReportAsync(run)).Counts!.Looked);
        await _world.SettleAsync();

        Assert.All(Enumerable.Range(1, 20), number => Assert.Equal("true", WorldIterable.Field(_world.Iterable.Find($"user_id:u{number}"), "pros")));
        Assert.Equal(20, (await ReportAsync(run)).Counts!.Looked);
    }

    [Fact]
    public async Task Backfill_that_died_when_all_was_done_and_nothing_said_is_ended()
    {
        await UntilAsync("05:10");
        await SaveAsync("pros", "trait('plan') = 'pro'");
        var (runs, run) = (_world.Observer.Get<RunTable>(), (await _world.Observer.CatalogAsync())["pros"]!.Run!);
        TakeAll(RecomputeQueue.Name);
        await runs.PutAsync(new() { Id = run, Definition = "pros", Started = _world.Now.UtcDateTime, Shards = Shard.Count }, default);
        foreach (var shard in Shard.All)
            await runs.AdvanceAsync(run, new(shard, ShardProgress.None, null), new() { IsDone = true, Sign = _world.Now.UtcDateTime }, default);
        await UntilAsync("06:01");
        Assert.Null((await ReportAsync(run)).Finished);

        await UntilAsync("06:03");

        Assert.NotNull((await ReportAsync(run)).Finished);
        Assert.Equal(1, (await ReportAsync(run)).Progress);
        Assert.Null((await _world.Observer.CatalogAsync())["pros"]!.Run);
    }

    [Fact]
    public async Task Part_of_a_run_that_the_host_has_given_up_on_is_done_half_an_hour_later()
    {
        await UntilAsync("05:10");
        await TrackAsync("05:10");
        await SaveAsync("bought", "event('A').count() >= 1");
        foreach (var body in TakeAll(RecomputeQueue.Name))
            _world.Storage.Memory.Queue(RecomputeQueue.PoisonName).Add(body, TimeSpan.Zero);

        await UntilAsync("05:41");
        Assert.Null(Field("bought"));
        await UntilAsync("05:43");

        Assert.Equal("true", Field("bought"));
    }

    [Fact]
    public async Task Run_counts_of_each_definition_who_entered_and_what_Iterable_refused()
    {
        await UntilAsync("05:10");
        await PutAsync($"00{1:x30}", "u1");
        await PutAsync($"00{2:x30}", "u2");
        await SaveAsync("pros", "trait('plan') = 'pro'");
        var run = (await _world.Observer.CatalogAsync())["pros"]!.Run!;
        await _world.Observer.Get<RunTable>().PutAsync(new() { Id = run, Definition = "pros", Started = _world.Now.UtcDateTime, Shards = Shard.Count }, default);
        _world.Iterable.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 400, Code = "BadParams", Calls = 1 });

        await using var single = new Instance(_world.Storage, _world.Iterable, _world.Clock, BulkUse.Never, ProjectType.Hybrid);
        await _world.WaitAsync(single.Get<BackfillWorker>().ContinueAsync(new(run, "pros", 0), default));

        var counts = (await ReportAsync(run)).Counts!;
        Assert.Equal((2, 2, 0), (counts.Looked, counts.Calls, counts.Failed));
        Assert.Equal(new DefinitionCounts(Entered: 2, Exited: 0, Refused: 1), counts.Definitions["pros"]);
    }

    [Fact]
    public async Task Day_of_downtime_costs_one_pass_at_the_present_hour()
    {
        await SaveAsync("recent", "event('A').within(30 hours).count()", DefinitionKind.ComputedTrait);
        await UntilAsync("05:10");
        for (var n = 0; n < 6; n++)
            await TrackAsync(_start.AddHours(n - 22).AddMinutes(10));
        await UntilAsync("06:02");
        Assert.Equal("6", Field("recent"));

        // Meanwhile six hours have come in which one event left the window.
        _world.BeDown(TimeSpan.FromHours(24));
        await UntilAsync(_start.AddHours(31).AddMinutes(2));

        Assert.Equal("0", Field("recent"));
        Assert.Equal(2, _world.Iterable.Calls.Count);
        var runs = await _world.Observer.Get<RunTable>().ListAsync(null, 100, default);
        var looked = 0L;
        foreach (var run in runs.Where(run => run.Definition is null && run.Started > _start.AddHours(7)))
            looked += (await _world.Observer.Get<RunTable>().ProgressAsync(run.Id, default)).Sum(part => part.Progress.Counts.Looked);
        Assert.Equal(1, looked);
    }

    [Fact]
    public async Task Hour_that_comes_while_a_merge_goes_on_is_made_up_for_at_its_end()
    {
        await SaveAsync("recent", "event('A').within(2 hours).count()", DefinitionKind.ComputedTrait);
        await UntilAsync("05:10");
        await TrackAsync("05:10");
        await PostAsync(""" "type":"track","event":"B","anonymousId":"cookie","timestamp":"2026-03-01T05:10:00Z" """);
        await UntilAsync("05:50");
        await PostAsync(""" "type":"track","event":"B","userId":"u","anonymousId":"cookie","timestamp":"2026-03-01T05:50:00Z" """);
        Assert.NotEmpty(_world.Storage.Memory.Queue(RecordQueue.Name).Receive(10, TimeSpan.FromMinutes(90)));
        await UntilAsync("06:30");
        Assert.Null(Field("recent"));

        await UntilAsync("07:30");
        await TrackAsync("07:30");
        await UntilAsync("08:02");
        Assert.Equal("1", Field("recent"));
        await UntilAsync("10:02");

        Assert.Equal("0", Field("recent"));
    }

    [Fact]
    public async Task Hour_that_found_nobody_to_tell_does_not_keep_later_ones_from_being_armed()
    {
        await SaveAsync("recent", "event('A').within(2 hours).count()", DefinitionKind.ComputedTrait);
        await SaveAsync("visited", "event('A').within(3 hours).count() >= 1", anonymous: true);
        await UntilAsync("05:10");
        await PostAsync(""" "type":"track","event":"A","anonymousId":"cookie","timestamp":"2026-03-01T05:10:00Z" """);
        await _world.SaveAsync("visited", run: false, resend: false, (catalog, _) => catalog.Without("visited"));
        await UntilAsync("06:30");

        await PostAsync(""" "type":"track","event":"A","userId":"u","anonymousId":"cookie","timestamp":"2026-03-01T06:30:00Z" """);
        await UntilAsync("07:02");

        Assert.Equal("2", Field("recent"));
    }

    [Fact]
    public async Task Person_who_becomes_known_by_a_merge_is_in_the_first_sync_of_what_is_defined_later()
    {
        await UntilAsync("05:10");
        await PostAsync(""" "type":"track","event":"A","anonymousId":"cookie","timestamp":"2026-03-01T05:10:00Z" """);
        await UntilAsync("05:20");
        await PostAsync(""" "type":"identify","traits":{"email":"u@x.com"},"timestamp":"2026-03-01T05:20:00Z" """);
        await PostAsync(""" "type":"identify","anonymousId":"cookie","traits":{"email":"u@x.com"},"timestamp":"2026-03-01T05:21:00Z" """);
        await UntilAsync("06:30");

        await SaveAsync("bought", "event('A').count() >= 1");
        await UntilAsync("06:50");

        Assert.Equal("true", WorldIterable.Field(_world.Iterable.Find("email:u@x.com"), "bought"));
    }

    [Fact]
    public async Task Audience_is_not_gone_before_those_have_left_who_are_being_merged()
    {
        await SaveAsync("bought", "event('A').count() >= 1");
        await UntilAsync("05:10");
        await TrackAsync("05:10");
        await PostAsync(""" "type":"track","event":"B","anonymousId":"cookie","timestamp":"2026-03-01T05:10:00Z" """);
        await UntilAsync("05:20");
        Assert.Equal("true", Field("bought"));
        await PostAsync(""" "type":"track","event":"B","userId":"u","anonymousId":"cookie","timestamp":"2026-03-01T05:20:00Z" """);
        Assert.NotEmpty(_world.Storage.Memory.Queue(RecordQueue.Name).Receive(10, TimeSpan.FromMinutes(20)));

        await _world.SaveAsync("bought", run: true, resend: false, (catalog, run) => catalog.With(catalog["bought"]! with { Retiring = true, Run = run, Changed = _world.Now.UtcDateTime }));
        await UntilAsync("05:35");
        Assert.NotNull((await _world.Observer.CatalogAsync())["bought"]);
        await UntilAsync("06:00");

        Assert.Equal("false", Field("bought"));
        Assert.Null((await _world.Observer.CatalogAsync())["bought"]);
    }

    [Fact]
    public async Task Look_at_a_row_that_the_document_does_not_list_keeps_out_the_fold_that_is_about_to_list_it()
    {
        await SaveAsync("recent", "event('A').within(2 hours).count()", DefinitionKind.ComputedTrait);
        await UntilAsync("05:10");
        await TrackAsync("05:10");
        await UntilAsync("06:02");
        var profiles = _world.Observer.Get<ProfileTable>();
        var before = (await profiles.FindAsync(await ProfileAsync(), default))!;

        await _world.Observer.Get<IterableFunctions.Personas.Sync.Looker>().LookAsync(new(before.Profile) { IsFull = true, IsDue = true }, default);

        Assert.Equal(CommitResult.Stale, (await profiles.CommitAsync(before, before.Document, [], default)).Result);
    }

    [Fact]
    public async Task Run_is_shown_for_ninety_days_and_as_long_as_a_definition_waits_for_it()
    {
        var runs = _world.Observer.Get<RunTable>();
        var hour = Hour.Containing(_start.Ticks);
        var (old, kept, waiting) = (RunIds.OfHour(hour + (-91 * 24)), RunIds.OfHour(hour + (-89 * 24)), RunIds.OfBackfill("pros", resend: false, _start.AddDays(-92)));
        foreach (var id in (string[])[old, kept, waiting])
        {
            await runs.PutAsync(new() { Id = id, Definition = id == waiting ? "pros" : null, Started = _start.AddDays(-92), Shards = Shard.Count }, default);
            await runs.AdvanceAsync(id, await runs.FindProgressAsync(id, new(3), default), ShardProgress.None with { IsDone = true }, default);
        }

        await _world.SaveAsync("pros", run: false, resend: false, (catalog, _) => catalog.With(new() { Key = "pros", Kind = DefinitionKind.Audience, Name = "pros", Query = "trait('plan') = 'pro'", Run = waiting, Changed = _start }));
        await _world.OpenHourAsync();

        Assert.Equal([RunIds.OfHour(hour), kept, waiting], (await runs.ListAsync(null, 10, default)).Select(run => run.Id));
        Assert.Equal((0, 1, 1), (await PartsAsync(old), await PartsAsync(kept), await PartsAsync(waiting)));

        await _world.SettleAsync();
        Assert.Null((await _world.Observer.CatalogAsync())["pros"]!.Run);
        // By then every instance has read the definitions anew.
        await UntilAsync("00:01");
        await _world.OpenHourAsync();
        Assert.Equal([RunIds.OfHour(hour), kept], (await runs.ListAsync(null, 10, default)).Select(run => run.Id));
        Assert.Equal(0, await PartsAsync(waiting));

        async Task<int> PartsAsync(string run) => (await runs.ProgressAsync(run, default)).Count;
    }

    private Task SaveAsync(string key, string query, DefinitionKind kind = DefinitionKind.Audience, bool track = false, bool anonymous = false)
        => _world.SaveAsync(key, run: true, resend: false, (catalog, run) => catalog.With(new() { Key = key, Kind = kind, Name = key, Query = query, SendTrack = track, IncludeAnonymousUsers = anonymous, Run = run, Changed = _world.Now.UtcDateTime }));

    /// <summary>Writes somebody who has sent something a day before.</summary>
    private async Task PutAsync(string profile, string userId)
    {
        var ago = _start.AddDays(-1).Ticks;
        var document = new ProfileDocument { Ids = [new(ExternalId.UserId(userId), ago)], Traits = ProfileDocument.Tombstone.Traits.Add("plan", new("\"pro\""u8.ToArray(), ago, 1)), LastMessage = ago, Created = ago };
        await _world.Observer.Get<MemberTable>().AddAsync(MemberTable.Everybody, profile, isAddressable: true, default);
        Assert.Equal(CommitResult.Committed, (await _world.Observer.Get<ProfileTable>().CommitAsync(new(profile, document, null), document, [], default)).Result);
    }

    /// <summary>Makes profiles due now, of which there is nothing to be told.</summary>
    private async Task ArmAsync(params string[] shards)
    {
        foreach (var shard in shards)
            await _world.Observer.Get<DueTable>().AddAsync(shard + new string('f', 30), Hour.Containing(_start.AddHours(6).Ticks), 0, default);
    }

    /// <summary>Takes all that waits in a queue out of it.</summary>
    private BinaryData[] TakeAll(string name)
    {
        var queue = _world.Storage.Memory.Queue(name);
        _world.Clock.Advance(TimeSpan.FromMinutes(2));
        var taken = queue.Receive(100, TimeSpan.FromHours(1));
        Assert.All(taken, one => Assert.True(queue.Delete(one.Message.Id, one.PopReceipt)));
        Assert.NotEmpty(taken);
        return [.. taken.Select(one => one.Message.Body)];
    }

    /// <summary>Lets the observer's next operation on storage take that long.</summary>
    private void LetTakeLong(TimeSpan time) => _world.Observer.Wire.StallAt(1, () =>
    {
        _world.Clock.Advance(time);
        return Task.CompletedTask;
    });

    private async Task<RunReport> ReportAsync(string run) => (await _world.Observer.Get<RunDirectory>().FindAsync(run, default))!;

    private Task TrackAsync(string time) => TrackAsync(_start + TimeSpan.Parse(time.Length == 5 ? time + ":00" : time, CultureInfo.InvariantCulture));

    private Task TrackAsync(DateTimeOffset time) => PostAsync($""" "type":"track","event":"A","userId":"u","timestamp":"{time.UtcDateTime:O}" """);

    private Task PostAsync(string members) => _world.PostAsync($$"""{"messageId":"m-{{_messages++}}","integrations":{"All":false},{{members}}}""");

    private Task UntilAsync(string time) => UntilAsync(_start + TimeSpan.Parse(time.Length == 5 ? time + ":00" : time, CultureInfo.InvariantCulture));

    private async Task UntilAsync(DateTime time)
    {
        await _world.RunUntilAsync(time);
        Assert.Empty(_world.Failures);
    }

    private string? Field(string key) => WorldIterable.Field(_world.Iterable.Find("user_id:u"), key);

    private async Task<string> ProfileAsync() => (await _world.Observer.Get<ProfileDirectory>().FindAsync(ExternalId.UserId("u"), default))!.Profile;

    private async Task<long> LookedAsync(string hour)
        => (await _world.Observer.Get<RunTable>().ProgressAsync(RunIds.OfHour(Hour.Containing(_start.AddHours(int.Parse(hour, CultureInfo.InvariantCulture)).Ticks)), default)).Sum(part => part.Progress.Counts.Looked);
}
