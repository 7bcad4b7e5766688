using IterableFunctions.Personas.Profiles;

namespace IterableFunctions.Tests.Personas.Profiles;

/// <summary>Whose message it is. A person is written as its name and ids, "p1 u:ann a:c1"; later ones are younger.</summary>
public sealed class IdentityResolutionTests
{
    [Theory]
    // Nobody, one, several.
    [InlineData("u:ann a:c1", "", "new: u:ann a:c1")]
    [InlineData("u:ann a:c1", "p1 u:ann", "p1: u:ann a:c1")]
    [InlineData("u:ann a:c1", "p1 a:c1", "p1: u:ann a:c1")]
    [InlineData("u:ann a:c1", "p1 u:ann|p2 a:c1", "p1 < p2: u:ann a:c1")]
    [InlineData("e:x a:c1 p:1", "p1 e:x|p2 a:c1|p3 p:1", "p1 < p2 p3: e:x a:c1 p:1")]
    // Who has a user_id survives, else the older.
    [InlineData("u:ann a:c1", "p1 a:c1|p2 u:ann", "p2 < p1: u:ann a:c1")]
    [InlineData("e:x a:c1", "p1 a:c1|p2 e:x", "p1 < p2: e:x a:c1")]
    // One user_id a person: the lowest id gives way, and stays with whom it was.
    [InlineData("u:bob e:x", "p1 u:ann e:x", "new: u:bob")]
    [InlineData("u:bob e:x a:c1", "p1 u:ann e:x", "new: u:bob")]
    [InlineData("u:bob a:c1", "p1 u:ann a:c1|p2 u:bob", "p2: u:bob")]
    // Five of the others.
    [InlineData("u:ann a:c6", "p1 u:ann a:c1 a:c2 a:c3 a:c4 a:c5", "p1: u:ann")]
    [InlineData("u:ann a:c5", "p1 u:ann a:c1 a:c2 a:c3 a:c4", "p1: u:ann a:c5")]
    [InlineData("e:x a:c1", "p1 e:x a:c9 a:c8 a:c7|p2 a:c1 a:c2 a:c3", "p1: e:x")]
    // What is full already still takes its own messages.
    [InlineData("a:c1", "p1 u:ann a:c1 a:c2 a:c3 a:c4 a:c5 a:c6", "p1: a:c1")]
    public void Message_goes_to_whom_its_ids_lead(string ids, string persons, string expected)
    {
        Person[] known = [.. persons.Split('|', StringSplitOptions.RemoveEmptyEntries).Select((text, age) => PersonOf(text, age))];

        var found = IdentityResolution.Resolve([.. ids.Split(' ').Select(Id)], id => known.FirstOrDefault(person => person.Document.Lists(id)));

        var who = found.Survivor?.Profile ?? "new";
        if (found.Losers.Count > 0)
            who += " < " + string.Join(' ', found.Losers.Select(loser => loser.Profile));
        Assert.Equal(expected, $"{who}: {string.Join(' ', found.Ids.Select(id => $"{id.Type[0]}:{id.Value}"))}");
    }

    [Fact]
    public void Room_under_the_limits_is_kept_for_a_profile_that_is_being_absorbed()
    {
        var absorbing = PersonOf("p1 u:ann a:c1 a:c2", 0);
        absorbing = absorbing with { Document = ProfileMerge.List(absorbing.Document, PersonOf("p2 a:c3 a:c4 a:c5", 1)) };

        var found = IdentityResolution.Resolve([Id("u:ann"), Id("a:c6")], id => absorbing.Document.Lists(id) ? absorbing : null);

        Assert.Equal([Id("u:ann")], found.Ids);
    }

    private static Person PersonOf(string text, int age)
    {
        var parts = text.Split(' ');
        return new(parts[0], new() { Created = age, Ids = [.. parts.Skip(1).Select(id => new KnownId(Id(id), 0))] });
    }

    private static ExternalId Id(string text)
        => ExternalId.Of(text[0] switch { 'u' => "user_id", 'e' => "email", 'a' => "anonymous_id", _ => "phone" }, text[2..]);
}
