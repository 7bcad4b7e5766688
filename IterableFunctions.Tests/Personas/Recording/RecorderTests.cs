using System.Text;
using Azure.Data.Tables;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Tests.Personas.Profiles;
using static IterableFunctions.Personas.Recording.Recording;

namespace IterableFunctions.Tests.Personas.Recording;

/// <summary>Messages into profiles, each once, on Azurite.</summary>
public sealed class RecorderTests(OwnAzuriteFixture azurite) : IClassFixture<OwnAzuriteFixture>
{
    [Fact]
    public async Task Message_of_somebody_new_makes_a_profile_with_its_ids_traits_and_event()
    {
        using var store = await StoreAsync();

        var identified = Assert.IsType<Recorded>(await store.RecordAsync(Message.Identify("m-1", "u:ann e:ann@example.com", "\"plan\":\"pro\"")));
        var tracked = Assert.IsType<Recorded>(await store.RecordAsync(Message.Track("m-2", "u:ann")));

        Assert.Equal(identified.Profile, tracked.Profile);
        Assert.Equal(
            """
            email:ann@example.com user_id:ann
            plan="pro"
            event:m-2
            2 seen
            m-2

            """, await store.DescribeAsync());
        Assert.Equal(1, (await store.Profiles.FindEventAsync(tracked.Profile, tracked.Document.Recent[0], default))!.Properties.GetProperty("n").GetInt32());
    }

    [Fact]
    public async Task Message_that_comes_ten_times_counts_once_whatever_its_timestamp_and_whoever_takes_it()
    {
        var prefix = Prefix();
        using var one = await StoreAsync(prefix);
        using var other = await StoreAsync(prefix);
        ProfileMessage[] copies =
        [
            .. Enumerable.Range(0, 5).Select(_ => Message.Track("m-1", "u:ann a:cookie")),
            .. Enumerable.Range(0, 4).Select(n => Message.Track("m-1", "u:ann a:cookie", time: $"2026-03-01T10:00:0{n}Z")),
            Message.Of("""{"type":"track","messageId":"m-1","event":"Video Played","userId":"ann","anonymousId":"cookie"}"""),
        ];

        var results = await Task.WhenAll(copies.SelectMany((copy, n) => n % 2 == 0 ? [one.RecordAsync(copy), other.RecordAsync(copy)] : new[] { other.RecordAsync(copy), one.RecordAsync(copy) }));

        Assert.Single(results, result => result is Recorded { Again: false });
        Assert.All(results, result => Assert.IsType<Recorded>(result));
        Assert.Equal("anonymous_id:cookie user_id:ann\n\nevent:m-1\n1 seen\nm-1\n", await one.DescribeAsync());
    }

    [Fact]
    public async Task Two_hundred_messages_of_one_person_at_once_are_all_recorded_in_few_transactions()
    {
        using var store = await StoreAsync();
        await store.RecordAsync(Message.Track("m-first", "u:hot"));
        store.Wire.Reset();

        var results = await Task.WhenAll(Enumerable.Range(0, 200).Select(n => store.RecordAsync(Message.Track($"m-{n}", "u:hot"))));

        Assert.All(results, result => Assert.IsType<Recorded>(result));
        Assert.InRange(store.Wire.Tables, 7, 20);
        Assert.Equal(201, (await store.DescribeAsync()).Split('\n')[2].Split(' ').Length);
    }

    [Fact]
    public async Task Event_of_a_known_person_costs_one_transaction_warm_and_three_cold()
    {
        var prefix = Prefix();
        using var warm = await StoreAsync(prefix);
        using var cold = await StoreAsync(prefix);
        await warm.RecordAsync(Message.Track("m-1", "u:ann a:cookie e:ann@example.com"));
        warm.Wire.Reset();

        await warm.RecordAsync(Message.Track("m-2", "u:ann a:cookie e:ann@example.com"));
        await cold.RecordAsync(Message.Track("m-3", "u:ann a:cookie e:ann@example.com"));

        Assert.Equal((1, 0), (warm.Wire.Tables, warm.Wire.Queues));
        Assert.Equal((3, 0), (cold.Wire.Tables, cold.Wire.Queues));
    }

    [Theory]
    [InlineData("u:ann")]
    [InlineData("u:ann a:cookie")]
    [InlineData("u:ann a:cookie e:ann@example.com p:5551")]
    public async Task New_person_costs_two_transactions_and_two_for_each_identifier(string ids)
    {
        using var store = await StoreAsync();

        await store.RecordAsync(Message.Track("m-1", ids));

        Assert.Equal((2 + (2 * ids.Split(' ').Length), 0), (store.Wire.Tables, store.Wire.Queues));
    }

    [Fact]
    public async Task Repeat_costs_one_transaction_more_than_its_first_time()
    {
        using var store = await StoreAsync();
        await store.RecordAsync(Message.Track("m-1", "u:ann"));
        store.Wire.Reset();

        await store.RecordAsync(Message.Track("m-1", "u:ann"));

        Assert.Equal((2, 0), (store.Wire.Tables, store.Wire.Queues));
    }

    [Fact]
    public async Task Keys_take_whatever_ids_and_event_names_hold()
    {
        using var store = await StoreAsync();
        var odd = new string('x', 600) + "/\\\\#?%|~ \u00e9\ud83d\ude00";

        await store.RecordAsync(Message.Track(odd, $"u:{odd}".Replace(" ", "_", StringComparison.Ordinal), odd));
        var repeat = await store.RecordAsync(Message.Track(odd, $"u:{odd}".Replace(" ", "_", StringComparison.Ordinal), odd));

        Assert.True(Assert.IsType<Recorded>(repeat).Again);
    }

    [Theory]
    [InlineData("x", false)]
    [InlineData("\u044f", false)]
    [InlineData("\u044f", true)]
    [InlineData("\ud83d\ude00", false)]
    public async Task Event_of_half_a_megabyte_is_kept_whole_and_fits_a_row(string letter, bool waits)
    {
        var prefix = Prefix();
        using var store = await StoreAsync(prefix);
        var text = string.Concat(Enumerable.Repeat(letter, 500_000 / Encoding.UTF8.GetByteCount(letter)));
        var message = Message.Of($$"""{"type":"track","messageId":"m-1","event":"Large","userId":"ann","properties":{"text":"{{text}}"} }""");

        if (waits)
        {
            await store.Queue.AddAsync(new() { Message = message }, TimeSpan.Zero, default);
            await store.DrainAsync();
        }

        var recorded = Assert.IsType<Recorded>(await store.RecordAsync(message));
        Assert.Equal(text, (await store.Profiles.FindEventAsync(recorded.Profile, recorded.Document.Recent[0], default))!.Properties.GetProperty("text").GetString());
        // Azure refuses rows of more than 1 MB, Azurite takes them.
        var row = new TableClient(azurite.ConnectionString, prefix + "Profiles").Query<TableEntity>(row => row.PartitionKey == recorded.Profile).Single(row => row.RowKey.StartsWith("event", StringComparison.Ordinal));
        Assert.InRange(((IDictionary<string, object>)row).Values.OfType<byte[]>().Sum(chunk => chunk.Length), 500_000 - 4, 600_000);
    }

    [Fact]
    public async Task Messages_too_large_for_one_transaction_take_several()
    {
        using var store = await StoreAsync();
        await store.RecordAsync(Message.Track("m-first", "u:ann"));
        store.Wire.Reset();
        var text = new string('x', 450_000);

        var results = await Task.WhenAll(Enumerable.Range(0, 12).Select(n => store.RecordAsync(
            Message.Of($$"""{"type":"track","messageId":"m-{{n}}","event":"Large","userId":"ann","properties":{"text":"{{text}}"} }"""))));

        Assert.All(results, result => Assert.IsType<Recorded>(result));
        // 5.4 MB, of which one takes 4.
        Assert.True(store.Wire.Tables >= 2, $"{store.Wire.Tables} transactions");
    }

    [Fact]
    public async Task Merge_costs_three_transactions_for_forty_nine_events_and_twenty_five_besides()
    {
        using var store = await StoreAsync();
        await Task.WhenAll(Enumerable.Range(0, 3 * 49).Select(n => store.RecordAsync(Message.Track($"m-{n}", "a:cookie"))));
        await store.RecordAsync(Message.Track("m-known", "u:ann"));
        await store.RecordAsync(Message.Track("m-both", "u:ann a:cookie"));
        // So that half a minute does not end while it is counted.
        await store.Catalogs.ReloadAsync(default);
        store.Wire.Reset();

        await store.DrainAsync();

        Assert.Equal(((3 * 3) + 25, 1), (store.Wire.Tables, store.Wire.Queues));
    }

    private async Task<Store> StoreAsync(string? prefix = null)
    {
        var store = new Store(azurite.ConnectionString, prefix ?? Prefix());
        await store.CreateAsync();
        // Read once in half a minute, whatever comes.
        await store.Catalogs.CurrentAsync(0, default);
        store.Wire.Reset();
        return store;
    }

    private static string Prefix() => AzuriteFixture.Unique("t");
}
