using System.Text.Json;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Queries;
using IterableFunctions.Tests.Personas.Evaluation;

namespace IterableFunctions.Tests.Personas.Queries;

/// <summary>docs/query-language.md is true: each of its examples is evaluated for the person it describes.</summary>
public sealed class QueryLanguagePageTests
{
    private static readonly Hour Noon = Person.HourOf("2024-05-10T12:00:00Z");

    public static TheoryData<string, string> Examples()
    {
        var examples = new TheoryData<string, string>();
        foreach (var line in Blocks("values").SelectMany(block => block))
        {
            var parts = line.Split('→', StringSplitOptions.TrimEntries);
            examples.Add(parts[0], parts[1]);
        }
        return examples;
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public void An_example_has_the_value_that_the_page_says(string query, string json)
    {
        var kind = json is "true" or "false" ? DefinitionKind.Audience : DefinitionKind.ComputedTrait;
        var ada = new Person(DefinitionSet.Compile([new Definition("d", kind, query)]));
        foreach (var trait in JsonDocument.Parse(string.Concat(Blocks("traits").Single())).RootElement.EnumerateObject())
            ada.Set(trait.Name, trait.Value.GetRawText());
        foreach (var (line, i) in Blocks("events").Single().Select((line, i) => (line, i)))
        {
            var name = line[21..line.IndexOf('{')].Trim();
            var e = Person.Event($"{line[..20]} x {line[line.IndexOf('{')..]}", "m" + i);
            ada.Record(e with { Name = name });
        }

        Assert.Equal(json, ada.Look(Noon)["d"].ToJson());
    }

    [Fact]
    public void The_example_of_an_error_is_word_for_word()
    {
        var lines = Blocks("refused").Single();
        var error = Assert.Throws<QuerySyntaxException>(() => QueryParser.ParseAudience(lines[0]));
        Assert.Equal(string.Join('\n', lines[1..]), error.Message);
    }

    [Fact]
    public void The_page_has_an_example_of_every_word_of_the_language()
    {
        var page = string.Concat(Blocks("values").SelectMany(block => block));
        Assert.All(
            ["event(", "trait(", "property(", "context(", "where(", "sources(", "within(", "between(", "expires_after(", "parent:", "count()", "sum(", "avg(", "min(", "max(", "mode(", "first(", "last(",
                "unique(", " as string", " as array", " AND ", " OR ", "NOT ", "= ", "!= ", "> ", ">= ", "< ", "<= ", "literal(", "exists()", "absent()", "contains(", "omits(", "starts_with(", "ends_with(", "one_of(", "none_of(", "before_date(", "after_date(", "within_last(",
                "within_next(", "before_last(", "after_next("],
            word => Assert.Contains(word, page));
    }

    private static List<string[]> Blocks(string language)
    {
        var blocks = new List<string[]>();
        List<string>? block = null;
        foreach (var line in File.ReadAllLines(Page()))
        {
            if (line == "```" + language)
                block = [];
            else if (line == "```" && block is not null)
            {
                blocks.Add([.. block]);
                block = null;
            }
            else
                block?.Add(line);
        }
        return blocks;
    }

    private static string Page()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var page = Path.Combine(folder.FullName, "docs", "query-language.md");
            if (File.Exists(page))
                return page;
        }
        throw new FileNotFoundException("docs/query-language.md is not above the tests.");
    }
}
