using IterableFunctions.Iterable;
using IterableFunctions.Personas;
using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Personas.Recording;
using IterableFunctions.Personas.Runs;
using IterableFunctions.Personas.Sync;
using IterableFunctions.Storage;
using IterableFunctions.Tests.Personas.Worlds;

namespace IterableFunctions.Tests.Personas.Sync;

/// <summary>Looks at profiles that others write into.</summary>
public sealed class LookerTests
{
    private const int MostAttempts = 100;

    private static readonly DateTime _start = new(2026, 3, 1, 5, 0, 0, DateTimeKind.Utc);

    /// <summary>The pauses between attempts are real ones: some nine seconds.</summary>
    [Fact]
    public async Task Look_that_others_are_always_in_the_way_of_is_given_up_and_asked_for_again()
    {
        await using var world = new World(_start, instances: 1, seed: 1);
        await world.RunUntilAsync(_start.AddMinutes(10));
        foreach (var user in (string[])["asked", "due"])
            await world.PostAsync($$$"""{"type":"identify","messageId":"{{{user}}}","integrations":{"All":false},"userId":"{{{user}}}","traits":{"plan":"pro"}}""");
        await world.SaveAsync("pros", run: false, resend: false, (catalog, _) => catalog.With(new() { Key = "pros", Kind = DefinitionKind.Audience, Name = "Pros", Query = "trait('plan') = 'pro'" }));
        var (asked, due) = (await ProfileAsync("asked"), await ProfileAsync("due"));
        await world.Observer.Get<SyncQueue>().AddAsync(new(asked), TimeSpan.Zero, default);
        var message = world.Storage.Memory.Queue(SyncQueue.Name).Receive(1, TimeSpan.FromSeconds(30))[0].Message;

        // In two processes: one look that a message asks for, and one of a run.
        await using var one = NewInstance();
        await using var other = NewInstance();
        LetOthersWrite(one, asked);
        LetOthersWrite(other, due);
        world.Storage.Memory.Forget();
        var failing = Assert.ThrowsAsync<TimeoutException>(() => one.Get<Looker>().RunAsync(message.Body.ToString(), default));
        var (counts, _, _) = await other.Get<RunLooks>().LookAsync([(due, 0)], isBackfill: false, resend: null, default);
        await failing;

        Assert.Equal(2 * MostAttempts, world.Storage.Memory.Transactions[$"{world.Storage.Prefix}Profiles batch"]);
        Assert.Equal((0, 1), (counts.Looked, counts.Failed));
        Assert.Empty(world.Iterable.Calls);
        // The message was not done, so it comes back; the calendar has the other.
        await world.RunUntilAsync(_start.AddMinutes(12));
        Assert.Equal(("true", null), (Field("asked"), Field("due")));
        var again = Assert.Single(await world.Observer.Get<DueTable>().FirstAsync(Shard.Of(due), Hour.Containing(_start.AddHours(1).Ticks), 10, default));
        Assert.Equal((due, 1), (again.Profile, again.Attempts));
        await world.RunUntilAsync(_start.AddMinutes(63));
        Assert.Equal("true", Field("due"));
        Assert.Empty(world.Failures);

        async Task<string> ProfileAsync(string user) => (await world.Observer.Get<ProfileDirectory>().FindAsync(ExternalId.UserId(user), default))!.Profile;

        string? Field(string user) => WorldIterable.Field(world.Iterable.Find($"user_id:{user}"), "pros");

        Instance NewInstance() => new(world.Storage, world.Iterable, world.Clock, BulkUse.Never, ProjectType.Hybrid);

        void LetOthersWrite(Instance instance, string profile)
        {
            var table = world.Storage.Memory.Table($"{world.Storage.Prefix}Profiles");
            instance.Wire.StallAt(1, () =>
            {
                var row = table.Rows().Single(row => row.PartitionKey == profile && row.RowKey == "profile");
                table.Put(profile, "profile", [.. row.Where(property => property.Key.StartsWith("Document", StringComparison.Ordinal))]);
                LetOthersWrite(instance, profile);
                return Task.CompletedTask;
            });
        }
    }

    [Fact]
    public async Task Look_that_the_host_has_given_up_on_is_done_half_an_hour_later()
    {
        await using var world = new World(_start, instances: 1, seed: 1);
        await world.PostAsync("""{"type":"identify","messageId":"1","integrations":{"All":false},"userId":"u","traits":{"plan":"pro"}}""");
        await world.SaveAsync("pros", run: false, resend: false, (catalog, _) => catalog.With(new() { Key = "pros", Kind = DefinitionKind.Audience, Name = "Pros", Query = "trait('plan') = 'pro'" }));
        await world.Observer.Get<SyncQueue>().AddAsync(new((await world.Observer.Get<ProfileDirectory>().FindAsync(ExternalId.UserId("u"), default))!.Profile), TimeSpan.Zero, default);
        var (message, receipt) = world.Storage.Memory.Queue(SyncQueue.Name).Receive(1, TimeSpan.FromSeconds(30))[0];
        world.Storage.Memory.Queue(SyncQueue.PoisonName).Add(message.Body, TimeSpan.Zero);
        Assert.True(world.Storage.Memory.Queue(SyncQueue.Name).Delete(message.Id, receipt));

        await world.RunUntilAsync(_start.AddMinutes(29));
        Assert.Empty(world.Iterable.Calls);
        await world.RunUntilAsync(_start.AddMinutes(31));

        Assert.Equal("true", WorldIterable.Field(world.Iterable.Find("user_id:u"), "pros"));
    }
}
