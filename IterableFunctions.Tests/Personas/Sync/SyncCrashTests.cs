using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Tests.Personas.Profiles;
using IterableFunctions.Tests.Personas.Recording;
using IterableFunctions.Tests.Sandbox;
using Microsoft.Extensions.Time.Testing;
using Rec = IterableFunctions.Personas.Recording.Recording;

namespace IterableFunctions.Tests.Personas.Sync;

/// <summary>
/// The process dies between any two operations on storage or calls to Iterable, or after one whose answer it never sees; another takes over, and Segment sends again what was not answered. In the
/// end Iterable knows what it should, and no transition was told as two events.
/// </summary>
public sealed class SyncCrashTests(OwnAzuriteFixture azurite) : IClassFixture<OwnAzuriteFixture>
{
    /// <summary>What happens, and what Iterable knows then.</summary>
    private sealed record Script(string Name, Func<Store, Task>[] Before, Func<Store, Task>[] Disturbed, string[] Fields, int Entries, int Exits);

    private static readonly Script[] _scripts =
    [
        new("an entry", [], [Records(Plan("m-1", "u:ann e:a@x.com", "pro"))], ["a@x.com ann true"], 1, 0),
        new("an entry, an exit and an entry", [],
        [
            Records(Plan("m-1", "u:ann", "pro", "2026-03-01T10:00:00Z")),
            Records(Plan("m-2", "u:ann", "free", "2026-03-01T10:00:01Z")),
            Records(Plan("m-3", "u:ann", "pro", "2026-03-01T10:00:02Z")),
        ], [" ann true"], 2, 1),
        new("an exit of two emails", [Records(Plan("m-1", "u:ann e:a@x.com e:b@x.com", "pro", "2026-03-01T10:00:00Z"))],
            [Records(Plan("m-2", "u:ann", "free", "2026-03-01T10:00:01Z"))], ["a@x.com ann false", "b@x.com  false"], 2, 2),
        new("a merge of a member with somebody else",
        [
            Records(Plan("m-1", "a:cookie e:a@x.com", "pro", "2026-03-01T10:00:00Z")),
            Records(Message.Track("m-2", "u:ann")),
        ],
        [Records(Message.Track("m-3", "u:ann a:cookie")), store => store.DrainAsync(), Records(Plan("m-4", "u:ann", "free", "2026-03-01T10:00:01Z"))],
        ["a@x.com ann false"], 1, 1),
    ];

    public static IEnumerable<object[]> Cases => _scripts.SelectMany(script => new object[][] { [script.Name, false], [script.Name, true] });

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Death_of_the_process_at_any_operation_changes_nothing_that_Iterable_knows_in_the_end(string name, bool answerLost)
    {
        var script = _scripts.Single(script => script.Name == name);
        Assert.True(await RunAsync(script, operation: null, answerLost));

        var died = 0;
        while (await RunAsync(script, died + 1, answerLost))
            died++;

        Assert.True(died > 3, $"Only {died} operations.");
    }

    /// <summary>False where the process did not live to see that many operations.</summary>
    private async Task<bool> RunAsync(Script script, int? operation, bool answerLost)
    {
        await azurite.ClearAsync();
        await using var sandbox = await SandboxServer.StartAsync();
        var (prefix, clock) = (AzuriteFixture.Unique("t"), new FakeTimeProvider(new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero)));
        using var first = new Store(azurite.ConnectionString, prefix, sandbox, clock);
        using var second = new Store(azurite.ConnectionString, prefix, sandbox, clock);
        await first.CreateAsync();
        await first.SaveAsync(new() { Key = "pro", Kind = DefinitionKind.Audience, Name = "Pro", Query = "trait('plan') = 'pro'", SendTrack = true });
        foreach (var action in script.Before)
            await action(first);
        await first.DrainAsync();
        if (operation is { } at)
            first.Wire.DieAt(at, answerLost);

        foreach (var action in script.Disturbed)
        {
            if (!first.Wire.IsDead && await SucceedsAsync(action, first))
                continue;
            // Segment waits a while before it sends again, but not always as long as a lease.
            clock.Advance(TimeSpan.FromSeconds(operation % 2 == 0 ? 1 : 31));
            await action(second);
        }

        await second.DrainAsync();
        var fields = sandbox.Sandbox.Users.Where(user => user.DataFields.ContainsKey("pro")).Select(user => $"{user.Email} {user.UserId} {user.DataFields["pro"]}").Order();
        var told = $"died at {operation}: {string.Join(", ", fields)}; {string.Join(", ", sandbox.Sandbox.Events.Select(e => $"{e.Name} {e.Id}"))}";
        Assert.True(script.Fields.SequenceEqual(fields), told);
        Assert.True(Count("Audience Entered") <= script.Entries && Count("Audience Exited") <= script.Exits, told);
        if (operation is null)
            Assert.Equal((script.Entries, script.Exits), (Count("Audience Entered"), Count("Audience Exited")));
        return operation is null || first.Wire.IsDead;

        int Count(string name) => sandbox.Sandbox.Events.Count(e => e.Name == name);
    }

    private static async Task<bool> SucceedsAsync(Func<Store, Task> action, Store store)
    {
        try
        {
            await action(store);
            return true;
        }
        catch (ProcessDiedException)
        {
            return false;
        }
    }

    private static Func<Store, Task> Records(ProfileMessage message) => async store =>
    {
        switch (await store.RecordAsync(message))
        {
            case Rec.NotStored:
                throw new ProcessDiedException();
            case Rec.Recorded recorded:
                await store.FollowUp.FinishAsync(recorded, IterableFunctions.Iterable.Limits.Urgency.Live, TimeSpan.FromSeconds(3), default);
                break;
        }
    };

    private static ProfileMessage Plan(string messageId, string ids, string plan, string time = "2026-03-01T10:00:00Z") => Message.Identify(messageId, ids, $"\"plan\":\"{plan}\"", time);
}
