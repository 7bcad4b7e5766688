using System.Text;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Profiles;

namespace IterableFunctions.Tests.Personas.Profiles;

/// <summary>Messages folded into documents, documents merged, and documents as bytes.</summary>
public sealed class ProfileFoldTests
{
    private static readonly ProfileMessage[] Messages =
    [
        Message.Identify("m-1", "u:ann", "\"plan\":\"free\",\"city\":\"Oslo\"", "2026-03-01T10:00:00Z"),
        Message.Identify("m-2", "u:ann", "\"plan\":\"pro\",\"city\":null", "2026-03-01T11:00:00Z"),
        Message.Identify("m-3", "u:ann", "\"plan\":\"basic\",\"size\":{\"a\":[1]}", "2026-03-01T09:00:00Z"),
        Message.Identify("m-4", "u:ann", "\"tie\":\"one\"", "2026-03-01T08:00:00Z"),
        Message.Identify("m-5", "u:ann", "\"tie\":\"other\"", "2026-03-01T08:00:00Z"),
        .. Enumerable.Range(0, 12).Select(n => Message.Track($"m-e{n:D2}", "u:ann", time: $"2026-03-01T10:00:{n:D2}Z")),
        Message.Of("""{"type":"track","messageId":"m-cart","event":"Cart Updated","userId":"ann","timestamp":"2026-03-01T07:00:00Z","properties":{"products":[]}}"""),
    ];

    [Fact]
    public void Newest_value_of_a_trait_wins_and_null_takes_it_away()
    {
        var traits = Fold(Messages).Traits;
        Assert.Equal("\"pro\"", Json(traits["plan"]));
        Assert.True(traits["city"].IsNull);
        Assert.Equal("{\"a\":[1]}", Json(traits["size"]));
    }

    [Fact]
    public void Document_is_the_same_in_whatever_order_messages_come()
    {
        var expected = Write(Fold(Messages));
        var random = new Random(1);
        ProfileMessage[] shuffled = [.. Messages];
        for (var times = 0; times < 20; times++)
        {
            random.Shuffle(shuffled);
            Assert.Equal(expected, Write(shuffled.Aggregate(new ProfileDocument(), (document, message) => ProfileFold.Fold(document, [message]))));
        }
    }

    [Fact]
    public void Document_names_the_ten_newest_events()
        => Assert.Equal(Enumerable.Range(2, 10).Reverse().Select(n => $"m-e{n:D2}"), Fold(Messages).Recent.Select(e => e.MessageId));

    [Fact]
    public void What_was_sent_is_known_by_the_newest_of_each_field()
    {
        var sent = Fold(Messages).Sent["user_id:ann"];
        Assert.Equal(11, new DateTime(sent.Fields["plan"].Time).Hour);
        Assert.Equal(10, new DateTime(sent.Fields["city"].Time).Hour);
        Assert.Equal(9, new DateTime(sent.Fields["size"].Time).Hour);
        Assert.Equal(7, new DateTime(sent.Cart!.Time).Hour);
    }

    [Fact]
    public void Merged_document_is_that_of_one_person_from_the_start()
    {
        for (var split = 0; split <= Messages.Length; split++)
        {
            var one = ProfileFold.Attach(Fold(Messages[..split]), [ExternalId.UserId("ann")], Messages[0]);
            var other = new Person("other", ProfileFold.Attach(Fold(Messages[split..]), [ExternalId.AnonymousId("c")], Messages[0]));

            var merged = ProfileMerge.Join(ProfileMerge.List(one, other), other, "one");

            Assert.Equal(Write(Fold(Messages)), Write(merged with { Ids = [] }));
            Assert.Equal(2, merged.Ids.Length);
            Assert.Same(merged, ProfileMerge.Join(merged, other, "one"));
        }
    }

    [Fact]
    public void Every_part_of_a_document_comes_back_from_its_bytes()
    {
        var document = Fold(Messages) with
        {
            Kind = ProfileKind.Redirect,
            RedirectTo = "there",
            Ids = [new(ExternalId.Email("a@b.c"), 5)],
            Merging = [new("loser", [ExternalId.UserId("u"), ExternalId.AnonymousId("\u00e9")], Joined: true)],
            Due = [new(1), new(2)],
            BuiltThrough = 3,
            EvaluatedHour = new(4),
            Folds = 6,
            Created = 7,
            States = LeafStates.None.With(LeafId.Of("leaf"), LeafState.FromRows),
        };

        var bytes = ProfileFormat.Write(document);
        var read = ProfileFormat.Read(bytes);

        Assert.Equal(bytes, ProfileFormat.Write(read));
        Assert.Equal((document.Kind, document.RedirectTo, document.BuiltThrough, document.EvaluatedHour, document.Folds, document.Created, document.LastMessage), (read.Kind, read.RedirectTo, read.BuiltThrough, read.EvaluatedHour, read.Folds, read.Created, read.LastMessage));
        Assert.Equal(document.Ids.AsEnumerable(), read.Ids);
        Assert.Equal(document.Due.AsEnumerable(), read.Due);
        Assert.Equal(document.Merging[0].Ids.AsEnumerable(), read.Merging[0].Ids);
        Assert.True(read.States[LeafId.Of("leaf")].IsFromRows);
    }

    [Fact]
    public void Bytes_that_are_no_document_are_told()
    {
        var bytes = ProfileFormat.Write(Fold(Messages));
        Assert.Throws<InvalidDataException>(() => ProfileFormat.Read([]));
        Assert.Throws<InvalidDataException>(() => ProfileFormat.Read([2, .. bytes[1..]]));
        Assert.Throws<InvalidDataException>(() => ProfileFormat.Read(bytes.AsSpan(0, bytes.Length / 2)));
    }

    [Fact]
    public void Document_that_grows_too_large_gives_up_its_largest_traits_and_stays_one()
    {
        var random = new Random(1);
        var document = new ProfileDocument();
        for (var n = 0; n < 6; n++)
            document = ProfileFold.Fold(document, [Message.Identify($"m-{n}", "u:ann", $"\"small{n}\":{n},\"large{n}\":\"{Noise(random, 300_000 + n)}\"")]);

        var (fitting, bytes) = ProfileFold.Fit(document);

        Assert.InRange(bytes.Length, 500_000, ProfileFormat.LargestDocument);
        Assert.Equal(6, fitting.Traits.Count(trait => trait.Key.StartsWith("small", StringComparison.Ordinal)));
        Assert.DoesNotContain("large5", fitting.Traits.Keys);
        Assert.Contains("large0", fitting.Traits.Keys);
    }

    private static string Noise(Random random, int length) => string.Create(length, random, (text, from) => from.GetItems("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_".AsSpan(), text));

    private static ProfileDocument Fold(ProfileMessage[] messages) => ProfileFold.Fold(new(), messages);

    /// <summary>Without the count of folds, which says how often, not what.</summary>
    private static byte[] Write(ProfileDocument document) => ProfileFormat.Write(document with { Folds = 0, Created = 0, Merging = [] });

    private static string Json(Trait trait) => Encoding.UTF8.GetString(trait.Json.Span);
}
