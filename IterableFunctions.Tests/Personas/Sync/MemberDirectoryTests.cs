using IterableFunctions.Benchmarks.InMemory;
using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Personas.Sync;
using IterableFunctions.Storage;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Tests.Personas.Sync;

/// <summary>Who is shown as a member of an audience, where its index of members and the profiles' documents differ.</summary>
public sealed class MemberDirectoryTests : IAsyncLifetime, IDisposable
{
    private const string Key = "pros";

    private readonly MemberTable _members;
    private readonly ProfileTable _profiles;
    private readonly DefinitionTable _definitions;
    private readonly Catalogs _catalogs;
    private readonly MemberDirectory _directory;

    public MemberDirectoryTests()
    {
        var (tables, options) = (new InMemoryStorage(TimeProvider.System).TablesThrough(), Options.Create(new StorageOptions()));
        (_members, _profiles, _definitions) = (new(tables, options), new(tables, options), new(tables, options));
        _directory = new(_catalogs = new(_definitions, TimeProvider.System), _members, _profiles);
    }

    public async Task InitializeAsync()
    {
        var stored = await _catalogs.ReloadAsync(default);
        var saved = stored.Catalog
            .With(new() { Key = Key, Kind = DefinitionKind.Audience, Name = "Pros", Query = "trait('plan') = 'pro'" })
            .With(new() { Key = "orders", Kind = DefinitionKind.ComputedTrait, Name = "Orders", Query = "event('Order Completed').count()" });
        Assert.NotNull(await _definitions.ReplaceAsync(stored, saved, Key, default));
        await _catalogs.ReloadAsync(default);
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => _catalogs.Dispose();

    [Fact]
    public async Task Everybody_who_stays_is_listed_once_though_others_come_and_go_between_the_pages()
    {
        string[] first = [.. Enumerable.Range(0, 250).Select(number => Id("00", 2 * number))];
        string[] staying = [.. first, .. Enumerable.Range(0, 3).Select(number => Id("04", number)), .. Enumerable.Range(0, 120).Select(number => Id("ff", number))];
        foreach (var profile in staying)
            await EnterAsync(profile);
        // More than a page of nobody, on the way.
        foreach (var number in Enumerable.Range(0, 150))
            await _members.AddAsync(Key, Id("a0", number), isAddressable: true, default);

        var listed = new List<string>();
        var page = (await _directory.ListAsync(Key, null, default))!;
        listed.AddRange(page.Members.Select(member => member.Profile));
        Assert.Equal(first[..100], listed);
        // One who was shown and one who would be leave; one enters behind the place, and two before it.
        await LeaveAsync(first[50]);
        await LeaveAsync(first[150]);
        await EnterAsync(Id("00", 51));
        await EnterAsync(Id("00", 301));
        await EnterAsync(Id("80", 0));
        for (var pages = 1; page.Next is { } next; pages++)
        {
            Assert.True(MemberDirectory.IsPlace(next) && pages < 20, next);
            page = (await _directory.ListAsync(Key, next, default))!;
            listed.AddRange(page.Members.Select(member => member.Profile));
        }

        Assert.Equal(staying.Except([first[150]]).Append(Id("00", 301)).Append(Id("80", 0)).Order(StringComparer.Ordinal), listed);
    }

    [Theory]
    [InlineData(100, false)]
    [InlineData(101, true)]
    public async Task Page_takes_a_hundred_wherever_they_are_and_names_another_only_where_there_is_one(int members, bool isMore)
    {
        string[] profiles = [.. Enumerable.Range(0, members).Select(number => Id($"{2 * number:x2}", 1)).Order(StringComparer.Ordinal)];
        foreach (var profile in profiles)
            await EnterAsync(profile);

        var page = (await _directory.ListAsync(Key, null, default))!;

        Assert.Equal(profiles[..100], page.Members.Select(member => member.Profile));
        Assert.Equal(isMore ? profiles[99] : null, page.Next);
    }

    [Fact]
    public async Task Who_was_looked_for_between_the_row_and_the_document_is_listed_as_soon_as_both_are_there()
    {
        var profile = Id("00", 1);
        await _members.AddAsync(Key, profile, isAddressable: true, default);
        Assert.Empty(await ListAsync());

        await WriteAsync(profile, Member);

        Assert.Equal([profile], await ListAsync());
    }

    [Fact]
    public async Task Who_was_looked_for_just_before_they_entered_is_listed_afterwards()
    {
        var profile = Id("00", 1);
        await WriteAsync(profile, new());
        await _members.AddAsync(Key, profile, isAddressable: true, default);
        Assert.Empty(await ListAsync());

        await WriteAsync(profile, Member);

        Assert.Equal([profile], await ListAsync());
    }

    [Theory]
    [InlineData(ProfileKind.Redirect)]
    [InlineData(ProfileKind.Tombstone)]
    public async Task Row_that_is_left_over_of_somebody_who_is_gone_is_removed_on_sight(ProfileKind kind)
    {
        var (gone, there) = (Id("00", 1), Id("00", 2));
        await EnterAsync(there);
        await _members.AddAsync(Key, gone, isAddressable: true, default);
        await WriteAsync(gone, new() { Kind = kind, RedirectTo = kind == ProfileKind.Redirect ? there : null });

        Assert.Equal([there], await ListAsync());

        var rows = new List<Member>();
        await foreach (var page in _members.PagesAsync(Key, new(0), null, 100, default))
            rows.AddRange(page);
        Assert.Equal([there], rows.Select(row => row.Profile));
    }

    [Fact]
    public async Task Member_is_shown_with_what_Iterable_knows_them_by_and_since_when()
    {
        var since = new DateTime(2026, 3, 1, 12, 0, 0, DateTimeKind.Utc);
        await EnterAsync(Id("00", 1));

        var member = Assert.Single((await _directory.ListAsync(Key, null, default))!.Members);

        Assert.Equal(["user_id:42", "email:ann@example.com"], member.Identifiers);
        Assert.Equal((since, DateTimeKind.Utc), (member.Since, member.Since.Kind));
    }

    [Theory]
    [InlineData("orders")]
    [InlineData("nobody")]
    public async Task Only_audiences_have_members(string key) => Assert.Null(await _directory.ListAsync(key, null, default));

    private static ProfileDocument Member => new()
    {
        Ids = [new(ExternalId.UserId("42"), 1), new(ExternalId.Email("ann@example.com"), 1), new(ExternalId.AnonymousId("cookie"), 1)],
        Values = new ProfileDocument().Values.Add(Key, new("true"u8.ToArray(), new DateTime(2026, 3, 1, 12, 0, 0, DateTimeKind.Utc).Ticks, 1)),
    };

    private static string Id(string digits, int number) => $"{digits}{number:x30}";

    /// <summary>In the order of the app: the row first.</summary>
    private async Task EnterAsync(string profile)
    {
        await _members.AddAsync(Key, profile, isAddressable: true, default);
        await WriteAsync(profile, Member);
    }

    private async Task LeaveAsync(string profile)
    {
        await WriteAsync(profile, Member with { Values = Member.Values.SetItem(Key, Member.Values[Key] with { Json = "false"u8.ToArray() }) });
        await _members.DeleteAsync(Key, profile, default);
    }

    private async Task WriteAsync(string profile, ProfileDocument document)
        => Assert.Equal(CommitResult.Committed, (await _profiles.CommitAsync(await _profiles.FindAsync(profile, default) ?? new(profile, document, null), document, [], default)).Result);

    private async Task<IEnumerable<string>> ListAsync() => (await _directory.ListAsync(Key, null, default))!.Members.Select(member => member.Profile);
}
