using System.Text;

namespace IterableFunctions.Personas.Queries;

/// <summary>
/// A query that cannot be read. <see cref="Exception.Message"/> is the whole report for a person: place, what was found,
/// what was expected, the line and a caret under the spot.
/// </summary>
public sealed class QuerySyntaxException : FormatException
{
    private const int ShownColumns = 100;

    private QuerySyntaxException(int line, int column, string problem, string excerpt)
        : base($"line {line}, column {column}: {problem}\n{excerpt}") =>
        (Line, Column, Problem, Excerpt) = (line, column, problem, excerpt);

    /// <summary>Counted from 1.</summary>
    public int Line { get; }

    /// <summary>In UTF-16 units, counted from 1.</summary>
    public int Column { get; }

    /// <summary>What is wrong and what was expected, in one sentence.</summary>
    public string Problem { get; }

    /// <summary>The line at fault (or the part of it around the spot) and a line with a caret.</summary>
    public string Excerpt { get; }

    internal static QuerySyntaxException At(string source, int offset, string problem)
    {
        offset = Math.Min(offset, source.Length);
        var lineStart = 0;
        var line = 1;
        for (var i = 0; i < offset; i++)
        {
            if (source[i] != '\n')
                continue;
            line++;
            lineStart = i + 1;
        }
        var lineEnd = source.IndexOf('\n', lineStart);
        if (lineEnd < 0)
            lineEnd = source.Length;

        var column = offset - lineStart;
        // A long line is shown around the spot, not whole.
        var shownStart = Math.Max(lineStart, Math.Min(offset - ShownColumns / 2, lineEnd - ShownColumns));
        var shownEnd = Math.Min(lineEnd, shownStart + ShownColumns);
        var excerpt = new StringBuilder();
        foreach (var c in source.AsSpan(shownStart, shownEnd - shownStart))
            excerpt.Append(char.IsControl(c) ? ' ' : c);
        excerpt.Append('\n').Append(' ', offset - shownStart).Append('^');
        return new QuerySyntaxException(line, column + 1, problem, excerpt.ToString());
    }
}
