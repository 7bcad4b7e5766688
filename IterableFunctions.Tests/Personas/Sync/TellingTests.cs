using System.Text.Json.Nodes;
using IterableFunctions.Iterable;
using IterableFunctions.Iterable.Limits;
using IterableFunctions.Personas;
using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Personas.Recording;
using IterableFunctions.Personas.Sync;
using IterableFunctions.Storage;
using IterableFunctions.Tests.Personas.Profiles;
using IterableFunctions.Tests.Personas.Worlds;
using Microsoft.Extensions.Time.Testing;

namespace IterableFunctions.Tests.Personas.Sync;

/// <summary>Who is told what and how often, through the whole app: on storage in memory and a clock of its own. The audience is who has the plan "pro".</summary>
public sealed class TellingTests : IAsyncLifetime, IAsyncDisposable
{
    private static readonly DateTime _start = new(2026, 3, 1, 0, 0, 0, DateTimeKind.Utc);

    private readonly World _world = new(_start, instances: 1, seed: 1);
    private int _messages;

    private IEnumerable<string> Events => _world.Iterable.Calls.Where(call => call is { EventName: not null, IsNews: true, TookEffect: true }).Select(call => $"{call.Identifier} {call.EventName}");

    public async Task InitializeAsync()
    {
        await _world.SaveAsync("pro", run: false, resend: false, (catalog, _) => catalog.With(new() { Key = "pro", Kind = DefinitionKind.Audience, Name = "Pro", Query = "trait('plan') = 'pro'", SendTrack = true }));
        await _world.RunUntilAsync(_start.AddMinutes(10));
    }

    public async Task DisposeAsync() => await _world.DisposeAsync();

    ValueTask IAsyncDisposable.DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Three_emails_are_three_users_and_a_fourth_gets_a_call_of_its_own_and_exits_go_to_all_that_were_told()
    {
        foreach (var email in (string[])["a@x.com", "b@x.com", "c@x.com"])
            await IdentifyAsync($"\"email\":\"{email}\"");
        Assert.Empty(_world.Iterable.Calls);

        await IdentifyAsync("\"plan\":\"pro\"");
        Assert.Equal(["a@x.com u", "b@x.com ", "c@x.com "], Updates());
        await IdentifyAsync("\"email\":\"d@x.com\"");
        Assert.Equal(["a@x.com u", "b@x.com ", "c@x.com ", "d@x.com "], Updates());
        await IdentifyAsync("\"plan\":\"free\"");
        await IdentifyAsync("\"email\":\"e@x.com\"");
        await _world.SettleAsync();

        Assert.Equal(["email:a@x.com", "email:b@x.com", "email:c@x.com", "email:d@x.com"], Events.Where(e => e.EndsWith("Exited", StringComparison.Ordinal)).Select(e => e.Split(' ')[0]).Order());
        Assert.Equal(8, Events.Count());
        Assert.Equal(8, Updates().Count);
        Assert.All((string[])["a", "b", "c", "d"], name => Assert.Equal("false", Field($"email:{name}@x.com")));
    }

    [Fact]
    public async Task Flip_there_and_back_while_the_answer_to_an_entry_is_lost_is_one_entry()
    {
        _world.Iterable.BeSilent(1);
        await IdentifyAsync("\"plan\":\"pro\"");
        await IdentifyAsync("\"plan\":\"free\"");
        await IdentifyAsync("\"plan\":\"pro\"");
        await _world.SettleAsync();

        Assert.Equal("true", Field("user_id:u"));
        Assert.Equal(["user_id:u Audience Entered"], Events);
    }

    [Fact]
    public async Task Exit_while_the_answer_to_an_entry_is_lost_is_told()
    {
        _world.Iterable.BeSilent(1);
        await IdentifyAsync("\"plan\":\"pro\"");
        await IdentifyAsync("\"plan\":\"free\"");
        await _world.SettleAsync();

        Assert.Equal("false", Field("user_id:u"));
    }

    [Fact]
    public async Task Sender_that_stalls_past_its_lease_does_not_have_the_last_word()
    {
        // Its clock stands still with it.
        var clock = new FakeTimeProvider(_world.Now);
        await using var stalls = new Instance(_world.Storage, _world.Iterable, clock, BulkUse.Never, ProjectType.Hybrid);
        var hold = _world.Iterable.Hold();
        var stalled = Task.Run(() => stalls.PostAsync(Identify("\"plan\":\"pro\"")));
        await UntilAsync(() => _world.Iterable.Holds);
        _world.Clock.Advance(SyncWriter.Lease + TimeSpan.FromSeconds(1));
        await IdentifyAsync("\"plan\":\"free\"");
        Assert.Equal("false", Field("user_id:u"));

        hold.SetResult();
        Assert.Equal(200, await stalled);
        Assert.Equal("true", Field("user_id:u"));
        await _world.SettleAsync();

        Assert.Equal("false", Field("user_id:u"));
        Assert.True(Events.Count(e => e.EndsWith("Entered", StringComparison.Ordinal)) <= 1);
        Assert.Equal(1, Events.Count(e => e.EndsWith("Exited", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Sender_that_stalls_while_the_person_is_deleted_tells_nothing_more()
    {
        await IdentifyAsync("\"email\":\"a@x.com\"");
        await IdentifyAsync("\"email\":\"b@x.com\"");
        var hold = _world.Iterable.Hold();
        var sending = BeginAsync("\"plan\":\"pro\"");
        // One email has been told, by two calls.
        await UntilAsync(() => _world.Iterable.Holds && _world.Iterable.Calls.Count == 2);
        await using var other = new Instance(_world.Storage, _world.Iterable, _world.Clock, BulkUse.Never, ProjectType.Hybrid);
        Assert.Equal(200, await other.PostAsync("""{"type":"delete","messageId":"d-1","userId":"u"}"""));
        _world.Clock.Advance(TimeSpan.FromSeconds(2));
        hold.SetResult();
        await _world.WaitAsync(sending);
        await _world.SettleAsync();

        // The call that was on its way, and none behind it.
        Assert.Equal(3, _world.Iterable.Calls.Count);
    }

    [Fact]
    public async Task Nobody_relies_on_a_look_that_has_been()
    {
        await IdentifyAsync("\"plan\":\"free\"");
        await WriteAsync(document => document with { QueuedLook = _world.Now.UtcTicks });

        await _world.Observer.Get<Looker>().LookAsync(new((await StoredAsync()).Profile), default);

        Assert.Equal(0, (await StoredAsync()).Document.QueuedLook);
    }

    [Fact]
    public async Task Of_several_looks_that_are_queued_the_one_that_the_document_knows_of_tells()
    {
        await IdentifyAsync("\"plan\":\"pro\"");
        await WriteAsync(document => document with { Told = document.Told.Clear(), QueuedLook = _world.Now.AddHours(1).UtcTicks });
        var (looker, profile, told) = (_world.Observer.Get<Looker>(), (await StoredAsync()).Profile, _world.Iterable.Calls.Count);

        var report = await looker.LookAsync(new(profile), default);
        Assert.Equal((told, true), (_world.Iterable.Calls.Count, report.IsPending));
        _world.Clock.Advance(TimeSpan.FromHours(1));
        await looker.LookAsync(new(profile), default);

        Assert.Equal(told + 2, _world.Iterable.Calls.Count);
    }

    [Fact]
    public async Task Who_was_folded_while_another_sent_is_told_at_once_the_next_time()
    {
        var hold = _world.Iterable.Hold();
        var sending = BeginAsync("\"plan\":\"pro\"");
        await UntilAsync(() => _world.Iterable.Holds);
        await using var other = new Instance(_world.Storage, _world.Iterable, _world.Clock, BulkUse.Never, ProjectType.Hybrid);
        Assert.Equal(200, await other.PostAsync(Identify("\"plan\":\"free\"")));
        hold.SetResult();
        await _world.WaitAsync(sending);
        Assert.Equal("false", Field("user_id:u"));

        Assert.Equal(200, await other.PostAsync(Identify("\"plan\":\"pro\"")));

        Assert.Equal("true", Field("user_id:u"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_comes_back_while_their_leaving_is_written_down_stays_in_the_index_of_members(bool isTold)
    {
        await _world.SaveAsync("pro", run: false, resend: false, (catalog, _) => catalog.With(catalog["pro"]! with { Enabled = isTold }));
        await _world.RunUntilAsync(_world.Now.AddMinutes(1));
        await IdentifyAsync("\"plan\":\"pro\"");
        var leaving = Message.Identify("leaving", "u:u", "\"plan\":\"free\"", _start.AddSeconds(_messages++).ToString("O"));
        var left = Assert.IsType<IterableFunctions.Personas.Recording.Recording.Recorded>(await _world.Observer.Get<Recorder>().RecordAsync(leaving, TimeSpan.FromSeconds(5), default));
        Assert.Equal(["pro"], left.Untold!.Left);

        await IdentifyAsync("\"plan\":\"pro\"");
        await _world.Observer.Get<Teller>().TellAsync(left.Untold, Urgency.Live, TimeSpan.FromSeconds(5), default);

        Assert.Equal(left.Profile, Assert.Single((await _world.Observer.Get<MemberDirectory>().ListAsync("pro", null, default))!.Members).Profile);
        Assert.Equal(isTold ? "true" : null, Field("user_id:u"));
    }

    private string? Field(string identifier) => WorldIterable.Field(_world.Iterable.Find(identifier), "pro");

    /// <summary>Whom updates were addressed to, in order.</summary>
    private List<string> Updates() => [.. _world.Iterable.Calls.Where(call => call.EventName is null).Select(call => JsonNode.Parse(call.Body)!).Select(body => $"{body["email"]} {body["userId"]}").Order(StringComparer.Ordinal)];

    [Fact]
    public async Task Trait_whose_state_is_too_large_for_the_document_is_counted_from_the_rows_at_once_and_two_of_them_by_a_look()
    {
        await SaveAsync("cities", "event('Seen').unique(property('in')).count()");
        await SeeAsync("Seen", 0, 100);
        await _world.SettleAsync();
        Assert.Equal("100", Trait("cities"));

        await SeeAsync("Seen", 99, 2);
        Assert.Equal("101", Trait("cities"));
        Assert.Equal(0, _world.Storage.Memory.Queue(SyncQueue.Name).Count);

        await SaveAsync("shops", "event('Bought').unique(property('in')).count()");
        await SeeAsync("Bought", 0, 100);
        await _world.SettleAsync();
        await SeeAsync("Bought", 100, 1);
        await SeeAsync("Seen", 101, 1);
        await _world.SettleAsync();
        Assert.Equal(("102", "101"), (Trait("cities"), Trait("shops")));

        Task SaveAsync(string key, string query)
            => _world.SaveAsync(key, run: false, resend: false, (catalog, _) => catalog.With(new() { Key = key, Kind = DefinitionKind.ComputedTrait, Name = key, Query = query }));

        // A hundred such names are more than 4 KB.
        Task SeeAsync(string name, int from, int count)
            => _world.PostAsync($$"""{"batch":[{{string.Join(',', Enumerable.Range(from, count).Select(number => $$$"""{"type":"track","messageId":"m-{{{_messages++}}}","integrations":{"All":false},"event":"{{{name}}}","userId":"u","properties":{"in":"{{{new string('x', 60)}}}{{{number}}}"}}"""))}}]}""");

        string? Trait(string key) => WorldIterable.Field(_world.Iterable.Find("user_id:u"), key);
    }

    /// <summary>Posts while the clock stands still, which would go on if the world posted it: nothing happens while a call is held.</summary>
    private Task<int> BeginAsync(string traits)
    {
        var body = Identify(traits);
        return Task.Run(() => _world.Any.PostAsync(body));
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        while (!holds())
            await Task.Delay(5, limit.Token);
    }

    private Task IdentifyAsync(string traits) => _world.PostAsync(Identify(traits));

    /// <summary>Each a second later than the one before, and not forwarded.</summary>
    private string Identify(string traits)
        => $$$"""{"type":"identify","messageId":"m-{{{_messages}}}","userId":"u","integrations":{"All":false},"timestamp":"{{{_start.AddSeconds(_messages++):O}}}","traits":{{{{traits}}}}}""";

    private async Task<StoredProfile> StoredAsync() => (await _world.Observer.Get<ProfileTable>().FindAsync((await _world.Observer.Get<ProfileDirectory>().FindAsync(ExternalId.UserId("u"), default))!.Profile, default))!;

    private async Task WriteAsync(Func<ProfileDocument, ProfileDocument> change)
    {
        var stored = await StoredAsync();
        Assert.Equal(CommitResult.Committed, (await _world.Observer.Get<ProfileTable>().CommitAsync(stored, change(stored.Document), [], default)).Result);
    }
}
