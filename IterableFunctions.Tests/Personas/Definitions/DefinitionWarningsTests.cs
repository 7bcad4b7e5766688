using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Evaluation;

namespace IterableFunctions.Tests.Personas.Definitions;

public sealed class DefinitionWarningsTests
{
    [Theory]
    [InlineData(DefinitionKind.Audience, "trait('a') = 1", "boolean", true)]
    [InlineData(DefinitionKind.Audience, "trait('a') = 1", "string", false)]
    [InlineData(DefinitionKind.ComputedTrait, "event('E').count()", "long", true)]
    [InlineData(DefinitionKind.ComputedTrait, "event('E').count()", "double", true)]
    [InlineData(DefinitionKind.ComputedTrait, "event('E').count()", "boolean", false)]
    [InlineData(DefinitionKind.ComputedTrait, "event('E').sum(property('p'))", "long", false)]
    [InlineData(DefinitionKind.ComputedTrait, "event('E').max(property('p'))", "double", true)]
    [InlineData(DefinitionKind.ComputedTrait, "event('E').max(property('p') as string)", "double", false)]
    [InlineData(DefinitionKind.ComputedTrait, "event('E').mode(property('p'), 2)", "keyword", true)]
    [InlineData(DefinitionKind.ComputedTrait, "event('E').unique(property('p'))", "string", true)]
    [InlineData(DefinitionKind.ComputedTrait, "event('E').unique(property('p')).count()", "string", false)]
    [InlineData(DefinitionKind.ComputedTrait, "event('E').last(property('p'))", "geo_location", true)]
    public void A_field_of_another_type_is_worth_a_warning(DefinitionKind kind, string query, string field, bool fits)
    {
        var warnings = Of(new() { Key = "d", Kind = kind, Name = "D", Query = query }, new() { ["d"] = field });

        Assert.Equal(fits ? 0 : 1, warnings.Count);
        Assert.All(warnings, warning => Assert.Contains($"of the type {field}", warning, StringComparison.Ordinal));
    }

    [Fact]
    public void A_trait_that_is_another_definition_has_its_type()
    {
        var other = new DefinitionRecord { Key = "other", Kind = DefinitionKind.ComputedTrait, Name = "Other", Query = "event('E').count()" };
        var definition = new DefinitionRecord { Key = "d", Kind = DefinitionKind.ComputedTrait, Name = "D", Query = "trait('other')" };

        Assert.Single(DefinitionWarnings.Of(definition, Catalog.Empty.With(other).With(definition), isNew: true, new Dictionary<string, string> { ["d"] = "string" }));
    }

    [Fact]
    public void Fields_that_are_not_known_are_said_so_and_matter_only_where_a_field_is_written()
    {
        var definition = new DefinitionRecord { Key = "d", Kind = DefinitionKind.Audience, Name = "D", Query = "trait('a') = 1" };

        Assert.Contains("did not say", Assert.Single(Of(definition, null)), StringComparison.Ordinal);
        Assert.Empty(Of(definition with { SendIdentify = false, SendTrack = true }, null));
    }

    [Fact]
    public void A_definition_that_is_never_sent_is_odd()
        => Assert.Contains("Neither", Assert.Single(Of(new() { Key = "d", Kind = DefinitionKind.Audience, Name = "D", Query = "trait('a') = 1", SendIdentify = false }, [])), StringComparison.Ordinal);

    [Fact]
    public void A_new_definition_that_others_take_for_a_custom_trait_is_odd()
    {
        var definition = new DefinitionRecord { Key = "plan", Kind = DefinitionKind.Audience, Name = "D", Query = "trait('a') = 1" };
        var catalog = Catalog.Empty.With(new() { Key = "pro", Kind = DefinitionKind.Audience, Name = "Pro", Query = "trait('plan') = 'pro'" }).With(definition);

        Assert.Contains("\"pro\"", Assert.Single(DefinitionWarnings.Of(definition, catalog, isNew: true, new Dictionary<string, string>())), StringComparison.Ordinal);
        Assert.Empty(DefinitionWarnings.Of(definition, catalog, isNew: false, new Dictionary<string, string>()));
    }

    private static List<string> Of(DefinitionRecord definition, Dictionary<string, string>? fields) => [.. DefinitionWarnings.Of(definition, Catalog.Empty.With(definition), isNew: true, fields)];
}
