using IterableFunctions.Personas.Profiles;
using IterableFunctions.Personas.Recording;
using IterableFunctions.Tests.Personas.Profiles;
using Rec = IterableFunctions.Personas.Recording.Recording;

namespace IterableFunctions.Tests.Personas.Recording;

/// <summary>
/// The process dies between any two operations on storage, or after one whose answer it never sees; another takes over, and Segment sends again what was not answered. The end is that of a run
/// that nothing disturbed.
/// </summary>
public sealed class CrashTests(OwnAzuriteFixture azurite) : IClassFixture<OwnAzuriteFixture>
{
    /// <summary>What happens, in order: an action by a process, to be done again by another if the first dies with it.</summary>
    private sealed record Script(string Name, Func<Store, Task>[] Before, Func<Store, Task>[] Disturbed)
    {
        public override string ToString() => Name;
    }

    private static readonly Script[] Scripts =
    [
        new("somebody new", [],
        [
            Records(Message.Identify("m-1", "u:ann e:ann@example.com a:cookie", "\"plan\":\"pro\"")),
            Records(Message.Track("m-2", "a:cookie")),
        ]),
        new("new ids of somebody known", [Records(Message.Track("m-1", "a:cookie"))],
        [
            Records(Message.Track("m-2", "u:ann a:cookie e:ann@example.com")),
            Records(Message.Track("m-3", "u:ann a:cookie e:ann@example.com")),
        ]),
        new("an id that belongs to another", [Records(Message.Track("m-1", "u:ann e:ann@example.com"))],
        [
            Records(Message.Track("m-2", "u:bob e:ann@example.com")),
            Records(Message.Track("m-3", "u:bob")),
        ]),
        new("a merge of two",
        [
            Records(Message.Identify("m-1", "a:cookie", "\"plan\":\"free\",\"city\":\"Oslo\"", "2026-03-01T09:00:00Z")),
            Records(Message.Track("m-2", "a:cookie")),
            Records(Message.Track("m-3", "a:cookie", "Cart Viewed")),
            Records(Message.Identify("m-4", "u:ann", "\"plan\":\"pro\"")),
        ],
        [
            Records(Message.Track("m-5", "u:ann a:cookie")),
            Drains,
            Records(Message.Track("m-2", "a:cookie")),
            Records(Message.Track("m-6", "a:cookie")),
        ]),
        new("a merge of three, with a message in two of them",
        [
            Records(Message.Track("m-1", "a:cookie")),
            Records(Message.Track("m-1", "a:other")),
            Records(Message.Track("m-2", "e:ann@example.com")),
        ],
        [
            Records(Message.Track("m-3", "e:ann@example.com a:cookie a:other")),
            Drains,
        ]),
        new("a deletion, and a message behind it",
        [
            Records(Message.Track("m-1", "u:ann a:cookie")),
            Records(Message.Track("m-2", "u:ann e:ann@example.com")),
        ],
        [
            store => store.Deletion.DeleteAsync(ExternalId.UserId("ann"), default),
            Drains,
            Records(Message.Track("m-3", "a:cookie")),
        ]),
        new("a deletion in the middle of a merge",
        [
            Records(Message.Track("m-1", "a:cookie")),
            Records(Message.Track("m-2", "u:ann")),
            Records(Message.Track("m-3", "u:ann a:cookie")),
        ],
        [
            store => store.Deletion.DeleteAsync(ExternalId.UserId("ann"), default),
            Drains,
        ]),
    ];

    public static TheoryData<string, bool> Cases => new MatrixTheoryData(Scripts.Select(script => script.Name));

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Death_of_the_process_at_any_operation_changes_nothing_in_the_end(string name, bool answerLost)
    {
        var script = Scripts.Single(script => script.Name == name);
        var expected = await RunAsync(script, operation: null, answerLost);

        var died = 0;
        for (string? end; (end = await RunAsync(script, died + 1, answerLost)) is not null; died++)
            Assert.Equal(expected, end);

        Assert.True(died > 3, $"Only {died} operations.");
    }

    /// <summary>The state at the end; null where the process did not live to see that many operations.</summary>
    private async Task<string?> RunAsync(Script script, int? operation, bool answerLost)
    {
        var prefix = AzuriteFixture.Unique("t");
        using var first = new Store(azurite.ConnectionString, prefix);
        using var second = new Store(azurite.ConnectionString, prefix);
        await first.CreateAsync();
        foreach (var action in script.Before)
            await action(first);
        if (operation is { } at)
            first.Wire.DieAt(at, answerLost);

        foreach (var action in script.Disturbed)
        {
            if (!first.Wire.IsDead && await SucceedsAsync(action, first))
                continue;
            await action(second);
        }

        await second.DrainAsync();
        var end = await second.DescribeAsync();
        return operation is null || first.Wire.IsDead ? end : null;
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
        if (await store.RecordAsync(message) is Rec.NotStored)
            throw new ProcessDiedException();
    };

    private static Task Drains(Store store) => store.DrainAsync();

    private sealed class MatrixTheoryData : TheoryData<string, bool>
    {
        public MatrixTheoryData(IEnumerable<string> names)
        {
            foreach (var name in names)
            {
                Add(name, false);
                Add(name, true);
            }
        }
    }
}
