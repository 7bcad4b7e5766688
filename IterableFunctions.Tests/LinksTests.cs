using System.Text.RegularExpressions;

namespace IterableFunctions.Tests;

/// <summary>The documents lead where they say.</summary>
public sealed partial class LinksTests
{
    public static TheoryData<string> Documents =>
    [
        .. Directory.GetFiles(Repository.Root, "*.md").Concat(Directory.GetFiles(Path.Combine(Repository.Root, "docs"), "*.md"))
            .Select(file => Path.GetRelativePath(Repository.Root, file)),
    ];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Links_lead_to_files_and_headings_that_there_are(string document)
    {
        var folder = Path.GetDirectoryName(document)!;
        Assert.All(Link().Matches(Repository.Read(document)).Select(match => match.Groups[1].Value).Where(link => !link.Contains("://", StringComparison.Ordinal)), link =>
        {
            var (path, heading) = link.Split('#') is [var before, var after] ? (before, after) : (link, null);
            var target = path.Length == 0 ? document : Path.Combine(folder, path);
            Assert.True(File.Exists(Path.Combine(Repository.Root, target)), $"{link}: there is no such file.");
            if (heading is not null)
                Assert.Contains(heading, Headings(Repository.Read(target)));
        });
    }

    /// <summary>As GitHub names them.</summary>
    private static IEnumerable<string> Headings(string text)
        => Heading().Matches(text).Select(match => NoAnchor().Replace(match.Groups[1].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'));

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("^#+ (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NoAnchor();
}
