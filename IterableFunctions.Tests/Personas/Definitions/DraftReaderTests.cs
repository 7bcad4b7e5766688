using System.Text;
using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Evaluation;

namespace IterableFunctions.Tests.Personas.Definitions;

public sealed class DraftReaderTests
{
    [Fact]
    public void What_is_not_said_has_its_default()
    {
        var (draft, _) = Read("""{"name":"Pro","query":"trait('plan') = 'pro'"}""");

        Assert.Equal(new DefinitionDraft { Name = "Pro", Query = "trait('plan') = 'pro'", Enabled = true, SendIdentify = true, SendTrack = false, IncludeAnonymousUsers = false }, draft);
        var record = draft!.Onto(new() { Key = "pro", Kind = DefinitionKind.Audience, Name = "Pro", Query = "", EnterEvent = "Before", SendTrack = true });
        Assert.Equal(("Audience Entered", "Audience Exited", false), (record.EnterEvent, record.ExitEvent, record.SendTrack));
    }

    [Fact]
    public void An_answer_can_be_sent_back_with_something_changed_in_it()
    {
        var (draft, refusal) = Read("""
            {"key":"pro","kind":"audience","name":"Pro","query":"trait('plan') = 'pro'","canonicalQuery":"trait('plan') = 'pro'","enabled":false,"sendIdentify":true,"sendTrack":true,"enterEvent":"In",
             "exitEvent":"Out","includeAnonymousUsers":true,"cadence":{"kind":"realTime"},"state":"live","created":"2026-01-01T00:00:00Z","changed":"2026-01-01T00:00:00Z","size":3,"notAddressable":0}
            """);

        Assert.Null(refusal);
        Assert.Equal(("pro", false, true, "In", "Out", true), (draft!.Key, draft.Enabled, draft.SendTrack, draft.EnterEvent, draft.ExitEvent, draft.IncludeAnonymousUsers));
    }

    [Theory]
    [InlineData("", "invalid_json", "The body is empty")]
    [InlineData("{", "invalid_json", "not the JSON")]
    [InlineData("[]", "invalid_json", "The body is an array")]
    [InlineData("""{"name":"A","name":"B","query":"trait('a') = 1"}""", "invalid_json", "name")]
    [InlineData("""{"query":"trait('a') = 1"}""", "missing_field", "\"name\" is missing")]
    [InlineData("""{"name":"A"}""", "missing_field", "\"query\" is missing")]
    [InlineData("""{"name":"A","query":"  "}""", "missing_field", "\"query\" is missing or blank")]
    [InlineData("""{"name":" ","query":"trait('a') = 1"}""", "invalid_field", "\"name\" is blank")]
    [InlineData("""{"name":"A\nB","query":"trait('a') = 1"}""", "invalid_field", "\"name\" holds a line break")]
    [InlineData("""{"name":"\ud83d","query":"trait('a') = 1"}""", "invalid_field", "half a surrogate pair")]
    [InlineData("""{"name":1,"query":"trait('a') = 1"}""", "invalid_field", "\"name\" is a number; it must be a text in quotes")]
    [InlineData("""{"name":"A","query":["trait('a') = 1"]}""", "invalid_field", "\"query\" is an array")]
    [InlineData("""{"name":"A","query":"trait('a') = 1","enabled":"true"}""", "invalid_field", "\"enabled\" is a text; it must be true or false")]
    [InlineData("""{"name":"A","query":"trait('a') = 1","sendTrack":null}""", "invalid_field", "\"sendTrack\" is null")]
    [InlineData("""{"name":"A","query":"trait('a') = 1","sendIdentfy":false}""", "unknown_field", "no field \"sendIdentfy\". Did you mean \"sendIdentify\"?")]
    [InlineData("""{"name":"A","query":"trait('a') = 1","trackEvent":"E"}""", "unknown_field", "An audience has no field \"trackEvent\"")]
    [InlineData("""{"name":"A","query":"trait('a') = 1","kind":"computedTrait"}""", "other_kind", "\"computedTrait\"")]
    public void What_cannot_be_taken_is_named(string body, string code, string fragment)
    {
        var (draft, refusal) = Read(body);

        Assert.Null(draft);
        Assert.Equal((RefusalReason.Invalid, code), (refusal!.Reason, refusal.Code));
        Assert.Contains(fragment, refusal.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("name", DraftReader.LongestName)]
    [InlineData("description", DraftReader.LongestDescription)]
    [InlineData("exitEvent", DraftReader.LongestEvent)]
    public void Texts_end_somewhere(string field, int longest)
    {
        const string rest = """ "query":"trait('a') = 1" """;
        string Body(int length) => $$"""{{{(field == "name" ? "" : "\"name\":\"A\",")}} "{{field}}":"{{new string('a', length)}}",{{rest}}}""";

        Assert.Null(Read(Body(longest)).Refusal);
        Assert.Contains($"has {longest + 1} characters; it may have {longest}", Read(Body(longest + 1)).Refusal!.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_preview_needs_no_name()
        => Assert.Null(DraftReader.Read("""{"query":"event('E').count()"}"""u8.ToArray(), DefinitionKind.ComputedTrait, isSaved: false).Refusal);

    private static (DefinitionDraft? Draft, DefinitionRefusal? Refusal) Read(string body) => DraftReader.Read(Encoding.UTF8.GetBytes(body), DefinitionKind.Audience, isSaved: true);
}
