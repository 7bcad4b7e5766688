using System.Collections.Immutable;
using System.Text;
using IterableFunctions.Iterable;
using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Personas.Sync;

namespace IterableFunctions.Tests.Personas.Sync;

/// <summary>What is told, from what a person's values are and what was told before.</summary>
public sealed class SyncPlanTests
{
    private const string Key = "big_spender";
    private static readonly long _now = new DateTime(2026, 3, 1, 12, 0, 0, DateTimeKind.Utc).Ticks;

    [Fact]
    public void Member_with_three_emails_is_told_three_times_and_the_first_carries_the_userId()
    {
        var plan = Plan(Person("u:ann", "e:a@x.com", "e:b@x.com", "e:c@x.com").With(value: "true"));

        Assert.Equal([("ann", "a@x.com"), (null, "b@x.com"), (null, "c@x.com")], plan.Tellings.Select(telling => (telling.To.UserId, telling.To.Email!)));
        Assert.All(plan.Tellings, telling => Assert.Equal(ToldState.Unknown, plan.Document.Told[telling.Key].State));
        Assert.Equal("a@x.com", plan.Document.Carrier);
    }

    [Fact]
    public void Who_is_no_member_and_never_was_is_not_told()
        => Assert.Empty(Plan(Person("u:ann").With(value: "false")).Tellings);

    [Fact]
    public void What_is_acknowledged_is_not_told_again()
    {
        var told = Acknowledged(Plan(Person("u:ann", "e:a@x.com").With(value: "true")));

        Assert.Empty(Plan(told).Tellings);
    }

    [Fact]
    public void Email_that_a_member_gains_is_told_alone()
    {
        var told = Acknowledged(Plan(Person("u:ann", "e:a@x.com").With(value: "true")));

        var telling = Assert.Single(Plan(told with { Ids = told.Ids.Add(Known("e:b@x.com")) }).Tellings);

        Assert.Equal((null, "b@x.com"), (telling.To.UserId, telling.To.Email));
    }

    [Fact]
    public void Exit_goes_to_exactly_those_that_were_told_of_the_entry()
    {
        var told = Acknowledged(Plan(Person("u:ann", "e:a@x.com", "e:b@x.com").With(value: "true")));

        var exits = Plan((told with { Ids = told.Ids.Add(Known("e:new@x.com")) }).With(value: "false")).Tellings;

        Assert.Equal(["a@x.com", "b@x.com"], exits.Select(telling => telling.To.Email));
    }

    [Fact]
    public void First_email_of_somebody_told_by_userId_takes_that_over_without_a_second_event()
    {
        var told = Acknowledged(Plan(Person("u:ann").With(value: "true")));

        var plan = Plan(told with { Ids = told.Ids.Add(Known("e:a@x.com")) });

        var telling = Assert.Single(plan.Tellings);
        Assert.Equal(("ann", "a@x.com", true), (telling.To.UserId, telling.To.Email, telling.Told.IsTakeover));
        Assert.Equal([IterableEndpoint.UpdateUser], PersonasCalls.Of(telling with { Definition = telling.Definition with { SendTrack = true } }, "p", false).Select(call => call.Endpoint));
        var taken = Acknowledged(plan, oneWith: "user_id:ann");
        Assert.Equal("email:a@x.com", Assert.Single(taken.Told.Keys).Identifier);
        Assert.Equal("a@x.com", Assert.Single(Plan(taken.With(value: "false")).Tellings).To.Email);
    }

    [Fact]
    public void Email_and_userId_that_are_two_users_are_both_told_of_the_exit()
    {
        var told = Acknowledged(Plan(Person("u:ann").With(value: "true")));
        var apart = Acknowledged(Plan(told with { Ids = told.Ids.Add(Known("e:a@x.com")) }));

        Assert.Empty(Plan(apart).Tellings);
        var exits = Plan(apart.With(value: "false")).Tellings;

        Assert.Equal([("ann", "a@x.com"), ("ann", null)], exits.Select(telling => (telling.To.UserId, telling.To.Email)));
    }

    [Fact]
    public void First_email_of_somebody_whose_userId_was_refused_is_told_as_if_nobody_had_been()
    {
        var refused = Answered(Plan(Person("u:ann").With(value: "true")), ToldState.Refused);

        var plan = Plan(refused with { Ids = refused.Ids.Add(Known("e:a@x.com")) });

        var telling = Assert.Single(plan.Tellings);
        Assert.Equal(("a@x.com", false), (telling.To.Email, telling.Told.IsTakeover));
        Assert.Equal("a@x.com", Assert.Single(Plan(Acknowledged(plan).With(value: "false")).Tellings).To.Email);
    }

    [Fact]
    public void First_email_of_somebody_who_leaves_at_that_moment_is_told_nothing_and_the_userId_is_told_of_the_exit()
    {
        var told = Acknowledged(Plan(Person("u:ann").With(value: "true")));

        var plan = Plan((told with { Ids = told.Ids.Add(Known("e:a@x.com")) }).With(value: "false"));

        var telling = Assert.Single(plan.Tellings);
        Assert.Equal(("ann", null, "false"), (telling.To.UserId, telling.To.Email, Encoding.UTF8.GetString(telling.Told.Json.Span)));
        Assert.Empty(Plan(Acknowledged(plan)).Tellings);
    }

    [Fact]
    public void First_email_waits_until_it_is_known_whether_the_userId_was_told()
    {
        var unknown = Plan(Person("u:ann").With(value: "true"));
        var withEmail = unknown.Document with { Ids = unknown.Document.Ids.Add(Known("e:a@x.com")) };

        var again = Plan(withEmail);

        var telling = Assert.Single(again.Tellings);
        Assert.Equal(("ann", null, unknown.Tellings[0].Told.Number), (telling.To.UserId, telling.To.Email, telling.Told.Number));
        Assert.True(Assert.Single(Plan(Acknowledged(again)).Tellings) is { To.Email: "a@x.com", Told.IsTakeover: true });
    }

    [Fact]
    public void First_email_of_somebody_who_has_left_is_worth_no_call()
    {
        var left = Acknowledged(Plan(Acknowledged(Plan(Person("u:ann").With(value: "true"))).With(value: "false")));

        var plan = Plan(left with { Ids = left.Ids.Add(Known("e:a@x.com")) });

        Assert.Empty(plan.Tellings);
        Assert.Equal("a@x.com", Assert.Single(Plan(plan.Document.With(value: "true")).Tellings).To.Email);
    }

    [Fact]
    public void Late_acknowledgement_about_a_userId_that_an_email_has_taken_over_leaves_the_email_unknown()
    {
        var entry = Plan(Person("u:ann").With(value: "true"));
        var acknowledged = Acknowledged(entry);
        var taking = Plan(acknowledged with { Ids = acknowledged.Ids.Add(Known("e:a@x.com")) });
        var taken = Acknowledgement.Take(taking.Document, [new(taking.Tellings[0].Key, taking.Tellings[0].Told.Number, ToldState.Acknowledged, OneWith: "user_id:ann")], inTime: true, _now);
        var left = Acknowledged(Plan(taken.With(value: "false")));
        Assert.Empty(Plan(left).Tellings);

        var late = Acknowledgement.Take(left, [new(entry.Tellings[0].Key, entry.Tellings[0].Told.Number, ToldState.Acknowledged)], inTime: false, _now);

        Assert.Equal("a@x.com", Assert.Single(Plan(late).Tellings).To.Email);
    }

    [Fact]
    public void Answer_that_was_lost_is_asked_for_again_under_the_same_number_and_another_value_under_the_next()
    {
        var first = Plan(Person("u:ann").With(value: "true"));
        var number = first.Tellings[0].Told.Number;

        Assert.Equal(number, Assert.Single(Plan(first.Document).Tellings).Told.Number);
        var exit = Assert.Single(Plan(first.Document.With(value: "false")).Tellings);
        Assert.True(exit.Told.Number > number);
        Assert.Equal("false", Encoding.UTF8.GetString(exit.Told.Json.Span));
    }

    [Fact]
    public void Refused_value_is_not_repeated_until_it_changes_and_its_end_is_worth_nothing()
    {
        var entered = Plan(Person("u:ann").With(value: "true"));
        var refused = Answered(entered, ToldState.Refused);

        Assert.Empty(Plan(refused).Tellings);
        var gone = Plan(refused.With(value: "false"));
        Assert.Empty(gone.Tellings);
        Assert.True(Assert.Single(Plan(gone.Document.With(value: "true")).Tellings).Told.Number > entered.Tellings[0].Told.Number);
    }

    [Fact]
    public void Refused_exit_leaves_an_entry_that_the_next_exit_undoes()
    {
        var told = Acknowledged(Plan(Person("u:ann").With(value: "true")));
        var refused = Answered(Plan(told.With(value: "false")), ToldState.Refused);

        Assert.Empty(Plan(refused).Tellings);
        Assert.Single(Plan(Answered(Plan(refused.With(value: "true")), ToldState.Refused).With(value: "false")).Tellings);
    }

    [Fact]
    public void Acknowledgement_that_comes_too_late_leaves_it_unknown()
    {
        var plan = Plan(Person("u:ann").With(value: "true"));

        var late = Acknowledgement.Take(plan.Document, [new(plan.Tellings[0].Key, plan.Tellings[0].Told.Number, ToldState.Acknowledged)], inTime: false, _now);

        Assert.Single(Plan(late).Tellings);
    }

    [Fact]
    public void Value_of_another_version_of_the_definition_says_nothing()
        => Assert.Empty(SyncPlan.Of(Person("u:ann").With(value: "true", version: 7), Definitions(), ProjectType.Hybrid, _now).Tellings);

    [Fact]
    public void Userid_based_project_is_told_once_by_userId_and_nothing_without()
    {
        Assert.Equal(("ann", null), Assert.Single(Plan(Person("u:ann", "e:a@x.com", "e:b@x.com").With(value: "true"), ProjectType.UserId).Tellings) is var telling ? (telling.To.UserId, telling.To.Email) : default);
        Assert.Empty(Plan(Person("e:a@x.com").With(value: "true"), ProjectType.UserId).Tellings);
    }

    [Fact]
    public void Nothing_is_told_while_a_merge_goes_on()
        => Assert.Empty(Plan(Person("u:ann").With(value: "true") with { Merging = [new("other", [], false)] }).Tellings);

    [Theory]
    [InlineData("0", false)]
    [InlineData("0.0", false)]
    [InlineData("[]", false)]
    [InlineData("null", false)]
    [InlineData("3", true)]
    [InlineData("\"\"", true)]
    public void Computed_trait_is_first_told_when_it_is_not_empty(string value, bool isTold)
        => Assert.Equal(isTold, SyncPlan.Of(Person("u:ann").With("orders", value), Definitions(), ProjectType.Hybrid, _now).Tellings.Count == 1);

    [Fact]
    public void Entry_is_a_field_and_an_event_whose_id_is_the_same_for_each_attempt()
    {
        var plan = SyncPlan.Of(Person("u:ann", "e:a@x.com").With(value: "true"), Definitions(sendTrack: true), ProjectType.Hybrid, _now);

        var calls = PersonasCalls.Of(plan.Tellings[0], "p", preferUserId: false);
        Assert.Equal("""{"email":"a@x.com","userId":"ann","dataFields":{"big_spender":true}}""", Text(calls[0]));
        var id = calls[1].MessageId;
        Assert.Equal($$"""{"email":"a@x.com","userId":"ann","eventName":"Audience Entered","id":"{{id}}","createdAt":1772366400,"dataFields":{"audience_key":"big_spender","big_spender":true} }""".Replace(" ", "", StringComparison.Ordinal).Replace("AudienceEntered", "Audience Entered", StringComparison.Ordinal), Text(calls[1]));
        Assert.Equal(id, PersonasCalls.Of(SyncPlan.Of(plan.Document, Definitions(sendTrack: true), ProjectType.Hybrid, _now + TimeSpan.TicksPerDay).Tellings[0], "p", false)[1].MessageId);
    }

    [Theory]
    [InlineData("u:ann", true, """{"userId":"ann","preferUserId":true,"dataFields":{"big_spender":true}}""")]
    [InlineData("u:ann", false, """{"userId":"ann","dataFields":{"big_spender":true}}""")]
    [InlineData("e:a@x.com", true, """{"email":"a@x.com","dataFields":{"big_spender":true}}""")]
    public void User_whom_Iterable_does_not_know_is_created_by_userId_only_where_that_is_asked_for(string id, bool preferUserId, string body)
        => Assert.Equal(body, Text(PersonasCalls.Of(Plan(Person(id).With(value: "true")).Tellings[0], "p", preferUserId)[0]));

    [Fact]
    public void Values_told_and_leases_survive_storage()
    {
        var document = Plan(Person("u:ann", "e:a@x.com").With(value: "true").With("orders", "3")).Document with { Lease = new(7, _now), QueuedLook = _now + 1 };
        document = Acknowledgement.Take(document, [new(document.Told.Keys.First(), document.Told.Values.First().Number, ToldState.Refused, "no")], inTime: true, _now);

        var read = ProfileFormat.Read(ProfileFormat.Write(document));

        Assert.Equal(document.Told.Select(told => (told.Key, Text(told.Value))), read.Told.Select(told => (told.Key, Text(told.Value))));
        Assert.Equal(document.Values.Select(value => (value.Key, value.Value.Since, value.Value.Version)), read.Values.Select(value => (value.Key, value.Value.Since, value.Value.Version)));
        Assert.Equal((document.Lease, document.QueuedLook, document.Carrier), (read.Lease, read.QueuedLook, read.Carrier));
    }

    private static string Text(IterableRequest request) => Encoding.UTF8.GetString(request.Body.Span);

    private static string Text(Told told) => $"{told.Number} {Encoding.UTF8.GetString(told.Json.Span)} {told.State} {told.When} {told.HasLanded} {told.IsTakeover} {told.Refusal}";

    private static SyncPlan Plan(ProfileDocument document, ProjectType project = ProjectType.Hybrid) => SyncPlan.Of(document, Definitions(), project, _now);

    private static ProfileDocument Acknowledged(SyncPlan plan, string? oneWith = null) => Answered(plan, ToldState.Acknowledged, oneWith);

    private static ProfileDocument Answered(SyncPlan plan, ToldState state, string? oneWith = null)
        => Acknowledgement.Take(plan.Document, plan.Tellings.Select(telling => new Answer(telling.Key, telling.Told.Number, state, OneWith: oneWith)), inTime: true, _now);

    private static Catalog Definitions(bool sendTrack = false) => Catalog.Of(
        1,
        [],
        [
            new() { Key = Key, Kind = DefinitionKind.Audience, Name = "Big Spender", Query = "event('Order Completed').count() >= 1", SendTrack = sendTrack, Version = 1 },
            new() { Key = "orders", Kind = DefinitionKind.ComputedTrait, Name = "Orders", Query = "event('Order Completed').count()", Version = 1 },
        ]);

    private static ProfileDocument Person(params string[] ids) => new() { Ids = [.. ids.Select(Known)] };

    private static KnownId Known(string id) => new(id[0] == 'u' ? ExternalId.UserId(id[2..]) : ExternalId.Email(id[2..]), 1);
}

internal static class Documents
{
    /// <summary>The document with a definition's value.</summary>
    public static ProfileDocument With(this ProfileDocument document, string key = "big_spender", string value = "true", int version = 1)
        => document with { Values = document.Values.SetItem(key, new(Encoding.UTF8.GetBytes(value), 1, version)) };
}
