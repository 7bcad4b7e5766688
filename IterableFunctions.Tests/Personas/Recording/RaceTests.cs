using IterableFunctions.Personas.Profiles;
using IterableFunctions.Tests.Personas.Profiles;
using Rec = IterableFunctions.Personas.Recording.Recording;

namespace IterableFunctions.Tests.Personas.Recording;

/// <summary>Two processes record, merge and delete at the same time.</summary>
public sealed class RaceTests(OwnAzuriteFixture azurite) : IClassFixture<OwnAzuriteFixture>
{
    /// <summary>Ids of one person, in combinations that chain up in the end.</summary>
    private static readonly string[] Combinations = ["a:c1", "a:c2", "e:ann@example.com", "a:c1 e:ann@example.com", "a:c2 p:5551", "u:ann e:ann@example.com", "p:5551 e:ann@example.com", "u:ann", "a:c3", "a:c3 a:c1"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Two_processes_that_take_the_same_messages_in_any_order_find_one_person_and_each_message_once(int seed)
    {
        var prefix = AzuriteFixture.Unique("t");
        using var one = new Store(azurite.ConnectionString, prefix);
        using var other = new Store(azurite.ConnectionString, prefix);
        await one.CreateAsync();
        var random = new Random(seed);
        ProfileMessage[] messages = [.. Enumerable.Range(0, 40).Select(n => n % 4 == 0
            ? Message.Identify($"m-{n:D2}", Combinations[n % Combinations.Length], $"\"t{n % 3}\":{n}", $"2026-03-01T10:00:{n % 7:D2}Z")
            : Message.Track($"m-{n:D2}", Combinations[n % Combinations.Length], time: $"2026-03-01T10:00:{n:D2}Z"))];

        await Task.WhenAll(RecordAsync(one, Shuffle(messages, random)), RecordAsync(other, Shuffle(messages, random)));
        await one.DrainAsync();

        using var quiet = new Store(azurite.ConnectionString, AzuriteFixture.Unique("t"));
        await quiet.CreateAsync();
        foreach (var message in messages)
            await quiet.RecordAsync(message);
        await quiet.DrainAsync();
        Assert.Equal(await quiet.DescribeAsync(), await one.DescribeAsync());

        async Task RecordAsync(Store store, IEnumerable<ProfileMessage> order)
        {
            await Parallel.ForEachAsync(order, new ParallelOptions { MaxDegreeOfParallelism = 6 }, async (message, _) => Assert.IsNotType<Rec.NotStored>(await store.RecordAsync(message)));
            await store.DrainAsync();
        }
    }

    [Fact]
    public async Task Persons_who_may_not_be_one_stay_apart_however_their_messages_mix()
    {
        var prefix = AzuriteFixture.Unique("t");
        using var one = new Store(azurite.ConnectionString, prefix);
        using var other = new Store(azurite.ConnectionString, prefix);
        await one.CreateAsync();
        ProfileMessage[] messages =
        [
            .. Enumerable.Range(0, 10).Select(n => Message.Track($"m-ann-{n}", "u:ann a:shared")),
            .. Enumerable.Range(0, 10).Select(n => Message.Track($"m-bob-{n}", "u:bob a:shared")),
        ];

        await Task.WhenAll(messages.SelectMany(message => (Task<Rec>[])[one.RecordAsync(message), other.RecordAsync(message)]));
        await one.DrainAsync();

        var persons = (await one.DescribeAsync()).Split("---\n");
        Assert.Equal(2, persons.Length);
        Assert.Single(persons, person => person.Contains("user_id:ann", StringComparison.Ordinal) && person.Contains("10 seen", StringComparison.Ordinal));
        Assert.Single(persons, person => person.Contains("user_id:bob", StringComparison.Ordinal) && person.Contains("10 seen", StringComparison.Ordinal));
        Assert.Single(persons, person => person.Contains("anonymous_id:shared", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Messages_that_come_while_a_person_is_deleted_stand_in_one_new_profile_or_none()
    {
        var prefix = AzuriteFixture.Unique("t");
        using var one = new Store(azurite.ConnectionString, prefix);
        using var other = new Store(azurite.ConnectionString, prefix);
        await one.CreateAsync();
        await one.RecordAsync(Message.Track("m-before", "u:ann a:cookie"));

        await Task.WhenAll(
            Parallel.ForAsync(0, 20, async (n, _) => await other.RecordAsync(Message.Track($"m-{n}", n % 2 == 0 ? "u:ann a:cookie" : "a:cookie"))),
            one.Deletion.DeleteAsync(ExternalId.UserId("ann"), default));
        await one.DrainAsync();
        await other.RecordAsync(Message.Track("m-behind", "u:ann a:cookie"));
        await one.DrainAsync();

        var person = await one.DescribeAsync();
        Assert.DoesNotContain("---", person, StringComparison.Ordinal);
        Assert.DoesNotContain("m-before", person, StringComparison.Ordinal);
        Assert.Contains("event:m-behind", person, StringComparison.Ordinal);
    }

    private static ProfileMessage[] Shuffle(ProfileMessage[] messages, Random random)
    {
        ProfileMessage[] shuffled = [.. messages];
        random.Shuffle(shuffled);
        return shuffled;
    }
}
