using System.Net;
using System.Text;
using Azure.Storage.Queues;
using IterableFunctions.LocalHost.Sandbox;
using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Runs;
using IterableFunctions.Storage;
using IterableFunctions.Tests.Intake;
using IterableFunctions.Tests.LocalHost;
using Microsoft.Extensions.DependencyInjection;

namespace IterableFunctions.Tests.Personas.Sync;

/// <summary>Audiences and computed traits of a running app: what is posted is told to the sandbox.</summary>
public sealed class SyncTests(OwnAzuriteFixture azurite) : IClassFixture<OwnAzuriteFixture>
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Entry_and_exit_are_told_as_field_and_event_before_the_webhook_is_answered()
    {
        await using var app = await StartAsync();
        await SaveAsync(app, new() { Key = "pro_buyer", Kind = DefinitionKind.Audience, Name = "Pro buyer", Query = "event('Order Completed').count() >= 1 AND trait('plan') = 'pro'", SendTrack = true });

        await app.Client.PostAsync("""{"type":"identify","userId":"u-1","traits":{"email":"one@x.com","plan":"pro"}}""");
        Assert.Null(Field(app, "one@x.com", "pro_buyer"));
        await app.Client.PostAsync("""{"type":"track","event":"Order Completed","userId":"u-1","properties":{"total":5,"products":[]} }""");
        Assert.Equal("true", Field(app, "one@x.com", "pro_buyer"));
        await app.Client.PostAsync("""{"type":"identify","userId":"u-1","traits":{"plan":"free"}}""");

        Assert.Equal("false", Field(app, "one@x.com", "pro_buyer"));
        Assert.Equal(["Audience Entered", "Audience Exited"], app.Sandbox.EventsOf(email: "one@x.com").Where(e => e.EventType == "customEvent").Select(e => e.Name).Order());
    }

    [Fact]
    public async Task Computed_trait_follows_its_value_and_says_so_once_for_each()
    {
        await using var app = await StartAsync();
        await SaveAsync(app, new() { Key = "orders", Kind = DefinitionKind.ComputedTrait, Name = "Orders", Query = "event('Order Completed').count()", SendTrack = true });

        for (var n = 0; n < 3; n++)
            await app.Client.PostAsync($$"""{"type":"track","messageId":"m-{{n}}","event":"Order Completed","userId":"u-1","properties":{"total":5,"products":[]} }""");
        await app.Client.PostAsync("""{"type":"track","messageId":"m-2","event":"Order Completed","userId":"u-1","properties":{"total":5,"products":[]} }""");

        Assert.Equal("3", Field(app, "u-1", "orders"));
        Assert.Equal(3, app.Sandbox.EventsOf(userId: "u-1").Count(e => e.Name == "Trait Computed"));
    }

    [Fact]
    public async Task Definition_that_is_saved_later_reaches_everybody_who_is_a_member_and_nobody_else()
    {
        await using var app = await StartAsync();
        for (var n = 0; n < 30; n++)
            await app.Client.PostAsync($$"""{"type":"track","event":"{{(n % 3 == 0 ? "Signed Up" : "Looked")}}","userId":"u-{{n}}","properties":{"n":1} }""");

        await SaveAsync(app, new() { Key = "signed_up", Kind = DefinitionKind.Audience, Name = "Signed up", Query = "event('Signed Up').count() >= 1" });

        await UntilAsync(() => app.Sandbox.Users.Count(user => user.DataFields.ContainsKey("signed_up")) == 10);
        await UntilAsync(async () => (await CatalogAsync(app))["signed_up"]!.Run is null);
        Assert.Equal(10, app.Sandbox.Users.Count(user => user.DataFields.ContainsKey("signed_up")));
        var runs = await app.App.Services.GetRequiredService<RunTable>().ListAsync(null, 10, default);
        Assert.NotNull(Assert.Single(runs, run => run.Definition == "signed_up").Finished);
        var counts = (await app.App.Services.GetRequiredService<RunTable>().ProgressAsync(runs[0].Id, default)).Aggregate(RunCounts.None, (all, part) => all.Add(part.Progress.Counts));
        Assert.Equal((30, 10, 10), (counts.Looked, counts.Calls, counts.Definitions["signed_up"].Entered));
        Assert.True(counts.Transactions >= 60, $"{counts.Transactions} transactions");
    }

    [Fact]
    public async Task First_sync_of_quiet_profiles_goes_in_bulk_and_a_change_right_behind_it_waits()
    {
        var clock = new MovedClock();
        await using var app = await StartAsync(clock);
        await app.Client.PostAsync($$"""{"batch":[{{string.Join(',', Enumerable.Range(0, 60).Select(n => $$"""{"type":"track","event":"Signed Up","userId":"u-{{n}}"}"""))}}]}""");
        // What is recorded from the queue, on a machine with too much to do, is no quiet profile's.
        await DrainedAsync("record");
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 60).Select(n => app.Client.GetAsync(new Uri($"api/profiles/user_id/u-{n}", UriKind.Relative)))), found => Assert.True(found.IsSuccessStatusCode));
        clock.By = TimeSpan.FromHours(1);

        await SaveAsync(app, new() { Key = "signed_up", Kind = DefinitionKind.Audience, Name = "Signed up", Query = "event('Signed Up').count() = 1", SendTrack = true });
        await UntilAsync(async () => (await CatalogAsync(app))["signed_up"]!.Run is null);

        Assert.Equal(60, app.Sandbox.Users.Count(user => user.DataFields.ContainsKey("signed_up")));
        Assert.Equal(60, app.Sandbox.Events.Count(e => e.Name == "Audience Entered"));
        Assert.DoesNotContain(app.Sandbox.Calls, call => call.Endpoint == "users/update");
        await app.Client.PostAsync("""{"type":"track","event":"Signed Up","userId":"u-1"}""");
        Assert.Equal("true", Field(app, "u-1", "signed_up"));
    }

    [Fact]
    public async Task Changed_query_lets_those_leave_who_do_not_match_any_more()
    {
        await using var app = await StartAsync();
        await SaveAsync(app, new() { Key = "buyer", Kind = DefinitionKind.Audience, Name = "Buyer", Query = "event('Bought').count() >= 1" });
        await app.Client.PostAsync("""{"type":"track","event":"Bought","userId":"u-once"}""");
        await app.Client.PostAsync("""{"type":"track","messageId":"1","event":"Bought","userId":"u-twice"}""");
        await app.Client.PostAsync("""{"type":"track","messageId":"2","event":"Bought","userId":"u-twice"}""");
        Assert.Equal(("true", "true"), (Field(app, "u-once", "buyer"), Field(app, "u-twice", "buyer")));

        await SaveAsync(app, (await CatalogAsync(app))["buyer"]! with { Query = "event('Bought').count() >= 2" });

        await UntilAsync(() => Field(app, "u-once", "buyer") == "false");
        Assert.Equal("true", Field(app, "u-twice", "buyer"));
        Assert.Single(app.Sandbox.Calls, call => Encoding.UTF8.GetString(call.Body.Span) is var body && body.Contains("u-twice", StringComparison.Ordinal) && body.Contains("\"buyer\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task While_Iterable_is_down_nothing_is_lost_and_the_present_value_wins()
    {
        await using var app = await StartAsync();
        await SaveAsync(app, new() { Key = "pro", Kind = DefinitionKind.Audience, Name = "Pro", Query = "trait('plan') = 'pro'", SendTrack = true });
        app.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 503, Calls = -1 });

        await app.Client.PostAsync("""{"type":"identify","messageId":"1","userId":"u-1","traits":{"plan":"pro"}}""");
        await app.Client.PostAsync("""{"type":"identify","messageId":"2","userId":"u-1","traits":{"plan":"free"}}""");
        var answer = await app.Client.PostAsync("""{"type":"identify","messageId":"3","userId":"u-1","traits":{"plan":"pro"}}""");

        Assert.Equal(HttpStatusCode.Accepted, answer.Status);
        app.Sandbox.ClearFaults();
        await UntilAsync(() => Field(app, "u-1", "pro") == "true");
        await UntilAsync(() => app.Sandbox.EventsOf(userId: "u-1").Any(e => e.Name == "Audience Entered"));
    }

    [Fact]
    public async Task Call_whose_answer_is_lost_is_repeated_and_counts_once()
    {
        await using var app = await StartAsync();
        await SaveAsync(app, new() { Key = "pro", Kind = DefinitionKind.Audience, Name = "Pro", Query = "trait('plan') = 'pro'", SendTrack = true });
        app.Sandbox.AddFault(new() { Mode = FaultMode.StatusAfter, Status = 500, Endpoint = "events/track", Calls = 1 });

        await app.Client.PostAsync("""{"type":"identify","userId":"u-1","traits":{"plan":"pro"}}""");

        await UntilAsync(() => app.Sandbox.Calls.Count(call => call.Path.EndsWith("events/track", StringComparison.Ordinal)) == 2);
        Assert.Single(app.Sandbox.EventsOf(userId: "u-1"));
    }

    [Fact]
    public async Task Windowed_audience_is_entered_at_the_next_full_hour_and_left_when_its_window_has_passed()
    {
        var clock = new MovedClock();
        await using var app = await StartAsync(clock);
        await SaveAsync(app, new() { Key = "recent", Kind = DefinitionKind.Audience, Name = "Recent", Query = "event('Bought').within(30 days).count() >= 1" });
        await app.Client.PostAsync("""{"type":"track","event":"Bought","userId":"u-1"}""");
        Assert.Null(Field(app, "u-1", "recent"));

        clock.By = TimeSpan.FromHours(1);
        await RunHourAsync(app);
        await UntilAsync(() => Field(app, "u-1", "recent") == "true");

        clock.By = TimeSpan.FromDays(29);
        await RunHourAsync(app);
        clock.By = TimeSpan.FromDays(31) + TimeSpan.FromHours(2);
        Assert.Equal("true", Field(app, "u-1", "recent"));
        await RunHourAsync(app);
        await UntilAsync(() => Field(app, "u-1", "recent") == "false");
    }

    [Fact]
    public async Task Event_that_came_from_Iterable_lets_a_person_enter_an_audience_and_is_not_sent_back()
    {
        await using var app = await StartAsync();
        await SaveAsync(app, new() { Key = "opener", Kind = DefinitionKind.Audience, Name = "Opener", Query = "event('Email Opened').count() >= 1" });

        await app.Client.PostAsync("""{"type":"track","event":"Email Opened","userId":"u-1","context":{"integration":{"name":"Iterable"} } }""");

        Assert.Equal("true", Field(app, "u-1", "opener"));
        Assert.Empty(app.Sandbox.Events);
    }

    [Fact]
    public async Task Persons_who_turn_out_to_be_one_are_evaluated_as_one()
    {
        await using var app = await StartAsync();
        await SaveAsync(app, new() { Key = "twice", Kind = DefinitionKind.Audience, Name = "Twice", Query = "event('Bought').count() >= 2" });
        await app.Client.PostAsync("""{"type":"track","messageId":"1","event":"Bought","anonymousId":"a-1"}""");
        await app.Client.PostAsync("""{"type":"track","messageId":"2","event":"Bought","userId":"u-1"}""");

        await app.Client.PostAsync("""{"type":"track","messageId":"3","event":"Logged In","userId":"u-1","anonymousId":"a-1"}""");

        await UntilAsync(() => Field(app, "u-1", "twice") == "true");
    }

    [Fact]
    public async Task Deleted_person_is_told_nothing_more()
    {
        await using var app = await StartAsync();
        await SaveAsync(app, new() { Key = "pro", Kind = DefinitionKind.Audience, Name = "Pro", Query = "trait('plan') = 'pro'" });
        app.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 503, Calls = -1 });
        await app.Client.PostAsync("""{"type":"identify","userId":"u-1","traits":{"plan":"pro"}}""");

        using var deleted = await app.Client.DeleteAsync(new Uri("api/profiles/user_id/u-1", UriKind.Relative));

        // All that was to be said of the person has been taken up by then.
        Assert.Equal(HttpStatusCode.Accepted, deleted.StatusCode);
        app.Sandbox.ClearFaults();
        await DrainedAsync("record", "forward", "sync");
        Assert.Null(Field(app, "u-1", "pro"));
    }

    private static async Task SaveAsync(RunningApp app, DefinitionRecord record)
    {
        var (catalogs, table) = (app.App.Services.GetRequiredService<Catalogs>(), app.App.Services.GetRequiredService<DefinitionTable>());
        var run = await app.App.Services.GetRequiredService<Backfills>().StartAsync(record.Key, resend: false, default);
        while (true)
        {
            var stored = await catalogs.ReloadAsync(default);
            if (await table.ReplaceAsync(stored, stored.Catalog.With(record with { Run = run }), record.Key, default) is not null)
                break;
        }

        await catalogs.ReloadAsync(default);
    }

    private static async Task<Catalog> CatalogAsync(RunningApp app) => (await app.App.Services.GetRequiredService<Catalogs>().ReloadAsync(default)).Catalog;

    private static async Task RunHourAsync(RunningApp app)
    {
        using var answer = await app.Client.PostAsync(new Uri("admin/functions/HourlyRecompute", UriKind.Relative), new StringContent("{}", null, "application/json"));
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var (runs, id) = (app.App.Services.GetRequiredService<RunTable>(), RunIds.OfHour(Hour.Containing(app.App.Services.GetRequiredService<TimeProvider>().GetUtcNow())));
        await UntilAsync(async () => await runs.FindAsync(id, default) is { Finished: not null });
    }

    /// <summary>A field as JSON; null where the user has none of that name.</summary>
    private static string? Field(RunningApp app, string user, string field)
        => app.Sandbox.Users.FirstOrDefault(one => one.Email == user || one.UserId == user) is { } found && found.DataFields.TryGetPropertyValue(field, out var value) ? value!.ToJsonString() : null;

    private async Task DrainedAsync(params string[] queues)
    {
        foreach (var queue in queues)
            await UntilAsync(async () => (await new QueueClient(azurite.ConnectionString, queue).GetPropertiesAsync()).Value.ApproximateMessagesCount == 0);
    }

    private static Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(_patience);
        while (!await condition())
            await Task.Delay(50, limit.Token);
    }

    private async Task<RunningApp> StartAsync(TimeProvider? clock = null)
    {
        await azurite.ClearAsync();
        var settings = new Dictionary<string, string?>
        {
            ["Storage__TablePrefix"] = AzuriteFixture.Unique("s"),
            ["Personas__BackfillDelay"] = "00:00:00",
            ["Delivering__FirstRetry"] = "00:00:01",
            ["Delivering__LongestRetry"] = "00:00:02",
        };
        return await RunningApp.StartAsync(azurite.ConnectionString, settings: settings, clock: clock);
    }

    /// <summary>A clock that is ahead. It begins half an hour into an hour, so that none ends by itself while a test goes on, nor does the hour's timer fire.</summary>
    private sealed class MovedClock() : PatientTimeProvider(times: 4)
    {
        private readonly TimeSpan _begins = TimeSpan.FromMinutes(90) - TimeSpan.FromTicks(DateTime.UtcNow.Ticks % TimeSpan.TicksPerHour);

        public TimeSpan By { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + _begins + By;
    }
}
