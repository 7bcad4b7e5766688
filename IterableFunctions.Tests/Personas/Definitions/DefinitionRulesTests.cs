using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Evaluation;

namespace IterableFunctions.Tests.Personas.Definitions;

public sealed class DefinitionRulesTests
{
    private static readonly DateTime Then = new(2026, 1, 1, 10, 0, 0, DateTimeKind.Utc);
    private static readonly DateTime Now = Then.AddHours(1);

    [Fact]
    public void A_new_definition_needs_a_run()
    {
        var put = Assert.IsType<DefinitionChange.Put>(Save(Catalog.Empty, Draft));

        Assert.Equal((true, true, Now, Now), (put.IsNew, put.NeedsRun, put.Definition.Created, put.Definition.Changed));
    }

    public static TheoryData<DefinitionDraft, bool> Changes => new()
    {
        { Draft with { Name = "Other" }, false },
        { Draft with { Description = "Who pays" }, false },
        { Draft with { EnterEvent = "In" }, false },
        { Draft with { SendTrack = true }, false },
        { Draft with { Enabled = false }, false },
        { Draft with { Query = "trait('plan') = 'team'" }, true },
        { Draft with { IncludeAnonymousUsers = true }, true },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void A_changed_definition_needs_a_run_where_its_members_may_be_others(DefinitionDraft draft, bool needsRun)
        => Assert.Equal(needsRun, Assert.IsType<DefinitionChange.Put>(Save(With(Pro), draft)).NeedsRun);

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public void What_was_not_sent_and_is_now_needs_a_run(bool enabled, bool sendIdentify)
        => Assert.True(Assert.IsType<DefinitionChange.Put>(Save(With(Pro with { Enabled = enabled, SendIdentify = sendIdentify }), Draft)).NeedsRun);

    [Fact]
    public void The_same_again_changes_nothing() => Assert.IsType<DefinitionChange.Nothing>(Save(With(Pro), Draft));

    [Fact]
    public void A_run_goes_on_while_only_the_name_changes_and_ends_when_the_definition_is_disabled()
    {
        var catalog = With(Pro with { Run = "r" });

        Assert.Equal("r", Assert.IsType<DefinitionChange.Put>(Save(catalog, Draft with { Name = "Other" })).Definition.Run);
        Assert.Null(Assert.IsType<DefinitionChange.Put>(Save(catalog, Draft with { Enabled = false })).Definition.Run);
        Assert.Equal("r", Assert.IsType<DefinitionChange.Put>(Save(catalog.With(Refers), Draft with { Enabled = false })).Definition.Run);
    }

    [Fact]
    public void Who_puts_a_retiring_audience_keeps_it()
    {
        var put = Assert.IsType<DefinitionChange.Put>(Save(With(Pro with { Retiring = true, Run = "r" }), Draft));

        Assert.Equal((false, true), (put.Definition.Retiring, put.NeedsRun));
    }

    [Fact]
    public void A_definition_stays_what_it_is()
        => AssertRefused(RefusalReason.Conflict, "other_kind", DefinitionRules.Save(With(Pro), DefinitionKind.ComputedTrait, "pro", Draft, isNew: false, IfMatch.Anything, Now));

    [Fact]
    public void A_key_that_is_taken_is_not_made_of_a_name_again()
        => AssertRefused(RefusalReason.Conflict, "key_taken", DefinitionRules.Save(With(Pro), DefinitionKind.Audience, "pro", Draft, isNew: true, IfMatch.Anything, Now));

    [Fact]
    public void A_definition_that_has_changed_is_not_overwritten_unseen()
    {
        var catalog = With(Pro);
        IfMatch Seen(DefinitionRecord record) => new([DefinitionTag.Of(record)]);

        Assert.IsType<DefinitionChange.Put>(Save(catalog, Draft with { Name = "Other" }, Seen(catalog["pro"]! with { Run = "r", Synced = Now })));
        Assert.IsType<DefinitionChange.Put>(Save(catalog, Draft with { Name = "Other" }, new(["*"])));
        AssertRefused(RefusalReason.Changed, "changed", Save(catalog, Draft, Seen(catalog["pro"]! with { Name = "Before" })));
        AssertRefused(RefusalReason.Changed, "not_found", Save(Catalog.Empty, Draft, new(["*"])));
        AssertRefused(RefusalReason.Changed, "changed", DefinitionRules.Delete(catalog, DefinitionKind.Audience, "pro", new(["\"other\""])));
    }

    [Fact]
    public void A_query_that_cannot_be_read_is_refused_with_its_place()
    {
        var refusal = AssertRefused(RefusalReason.Invalid, "invalid_query", Save(Catalog.Empty, Draft with { Query = "event('E').cuont() > 1" }));

        Assert.Equal((1, 12), (refusal.Query!.Line, refusal.Query.Column));
        Assert.Contains("Line 1, column 12: found 'cuont'", refusal.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("trait('pro') = true", "pro → pro")]
    [InlineData("trait('refers') = true", "→ refers")]
    public void Definitions_that_would_refer_in_a_circle_are_refused(string query, string circle)
        => Assert.Contains(circle, AssertRefused(RefusalReason.Invalid, "circular_reference", Save(With(Pro).With(Refers), Draft with { Query = query })).Detail, StringComparison.Ordinal);

    [Fact]
    public void What_others_refer_to_stays_and_the_others_are_named()
    {
        var catalog = With(Pro).With(Refers);

        Assert.Contains("\"refers\"", AssertRefused(RefusalReason.Conflict, "referred_to", DefinitionRules.Delete(catalog, DefinitionKind.Audience, "pro", IfMatch.Anything)).Detail, StringComparison.Ordinal);
        AssertRefused(RefusalReason.Conflict, "referred_to", DefinitionRules.Retire(catalog, DefinitionKind.Audience, "pro", IfMatch.Anything, Now));
        Assert.IsType<DefinitionChange.Remove>(DefinitionRules.Delete(catalog, DefinitionKind.Audience, "refers", IfMatch.Anything));
    }

    [Fact]
    public void Retiring_needs_a_run_and_is_for_audiences()
    {
        var put = Assert.IsType<DefinitionChange.Put>(DefinitionRules.Retire(With(Pro), DefinitionKind.Audience, "pro", IfMatch.Anything, Now));

        Assert.Equal((true, true), (put.Definition.Retiring, put.NeedsRun));
        Assert.IsType<DefinitionChange.Nothing>(DefinitionRules.Retire(With(put.Definition), DefinitionKind.Audience, "pro", IfMatch.Anything, Now));
        AssertRefused(RefusalReason.Invalid, "not_an_audience", DefinitionRules.Retire(Catalog.Empty, DefinitionKind.ComputedTrait, "orders", IfMatch.Anything, Now));
    }

    [Fact]
    public void A_sync_needs_something_to_send()
    {
        Assert.True(Assert.IsType<DefinitionChange.Put>(DefinitionRules.Sync(With(Pro), DefinitionKind.Audience, "pro")).NeedsRun);
        AssertRefused(RefusalReason.Conflict, "not_sent", DefinitionRules.Sync(With(Pro with { Enabled = false }), DefinitionKind.Audience, "pro"));
        AssertRefused(RefusalReason.Conflict, "retiring", DefinitionRules.Sync(With(Pro with { Retiring = true }), DefinitionKind.Audience, "pro"));
        AssertRefused(RefusalReason.Missing, "no_definition", DefinitionRules.Sync(With(Pro), DefinitionKind.ComputedTrait, "pro"));
    }

    [Fact]
    public void There_are_500_definitions_at_most()
    {
        var full = Catalog.Of(1, [], Enumerable.Range(0, DefinitionRules.MostDefinitions).Select(number => Pro with { Key = $"d{number}" }));

        AssertRefused(RefusalReason.Conflict, "too_many_definitions", Save(full, Draft));
        Assert.IsType<DefinitionChange.Put>(DefinitionRules.Save(full, DefinitionKind.Audience, "d0", Draft with { Name = "Other" }, isNew: false, IfMatch.Anything, Now));
    }

    private static DefinitionDraft Draft => new() { Name = "Pro", Query = "trait('plan') = 'pro'" };

    private static DefinitionRecord Pro => new() { Key = "pro", Kind = DefinitionKind.Audience, Name = "Pro", Query = "trait('plan') = 'pro'", Created = Then, Changed = Then };

    private static DefinitionRecord Refers => new() { Key = "refers", Kind = DefinitionKind.Audience, Name = "Refers", Query = "trait('pro') = true" };

    private static Catalog With(DefinitionRecord definition) => Catalog.Empty.With(definition);

    private static DefinitionChange Save(Catalog catalog, DefinitionDraft draft, IfMatch? ifMatch = null)
        => DefinitionRules.Save(catalog, DefinitionKind.Audience, "pro", draft, isNew: false, ifMatch ?? IfMatch.Anything, Now);

    private static DefinitionRefusal AssertRefused(RefusalReason reason, string code, DefinitionChange change)
    {
        var refusal = Assert.IsType<DefinitionChange.Refused>(change).Refusal;
        Assert.Equal((reason, code), (refusal.Reason, refusal.Code));
        return refusal;
    }
}
