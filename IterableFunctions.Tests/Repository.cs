namespace IterableFunctions.Tests;

/// <summary>The clone that the tests were built in: for tests of what is not code.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "IterableFunctions.sln")))
            folder = folder.Parent!;
        return folder.FullName;
    }
}
