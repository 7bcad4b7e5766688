using System.Text;

namespace IterableFunctions.Personas.Queries;

/// <summary>
/// Writes the canonical text of a syntax tree: symbols instead of comparator names, single quotes, one space, no
/// parentheses that change nothing. Parsing it gives an equal tree.
/// </summary>
public sealed class QueryPrinter
{
    private readonly StringBuilder _text = new();

    private QueryPrinter()
    {
    }

    public static string Print(Condition condition) => Printed(printer => printer.Write(condition));

    public static string Print(Scalar scalar) => Printed(printer => printer.Write(scalar));

    internal static string Print(EventStream stream) => Printed(printer => printer.Write(stream));

    internal static string Print(StreamFilter filter) => Printed(printer => printer.Write(filter));

    internal static string Print(Reducer reducer) => Printed(printer => printer.Write(reducer));

    internal static string Quote(string text) =>
        "'" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal) + "'";

    private static string Printed(Action<QueryPrinter> write)
    {
        var printer = new QueryPrinter();
        write(printer);
        return printer._text.ToString();
    }

    private void Write(Condition condition)
    {
        switch (condition)
        {
            case AndCondition and:
                WriteParts(and.Parts, " AND ", part => part is OrCondition);
                break;
            case OrCondition or:
                // AND binds tighter, so it needs no parentheses here.
                WriteParts(or.Parts, " OR ", _ => false);
                break;
            case NotCondition not:
                _text.Append("NOT ");
                WriteNested(not.Inner, not.Inner is AndCondition or OrCondition);
                break;
            case Comparison comparison:
                Write(comparison.Left);
                Write(comparison.Comparator);
                break;
        }
    }

    private void WriteParts(NodeList<Condition> parts, string junction, Func<Condition, bool> needsParentheses)
    {
        for (var i = 0; i < parts.Count; i++)
        {
            if (i > 0)
                _text.Append(junction);
            WriteNested(parts[i], needsParentheses(parts[i]));
        }
    }

    private void WriteNested(Condition condition, bool parentheses)
    {
        if (parentheses)
            _text.Append('(');
        Write(condition);
        if (parentheses)
            _text.Append(')');
    }

    private void Write(Comparator comparator)
    {
        switch (comparator)
        {
            case Relation relation:
                _text.Append(relation.Kind switch
                {
                    RelationKind.Equals => " = ",
                    RelationKind.Differs => " != ",
                    RelationKind.GreaterThan => " > ",
                    RelationKind.AtLeast => " >= ",
                    RelationKind.LessThan => " < ",
                    _ => " <= ",
                });
                Write(relation.Right);
                break;
            case Presence presence:
                _text.Append(presence.Exists ? ".exists()" : ".absent()");
                break;
            case TextMatch match:
                _text.Append(match.Kind switch
                {
                    TextMatchKind.Contains => ".contains(",
                    TextMatchKind.Omits => ".omits(",
                    TextMatchKind.StartsWith => ".starts_with(",
                    _ => ".ends_with(",
                });
                _text.AppendJoin(", ", match.Texts.Select(Quote)).Append(')');
                break;
            case Membership membership:
                _text.Append(membership.Listed ? ".one_of(" : ".none_of(");
                for (var i = 0; i < membership.Values.Count; i++)
                {
                    if (i > 0)
                        _text.Append(", ");
                    Write(membership.Values[i]);
                }
                _text.Append(')');
                break;
            case DateBound bound:
                _text.Append(bound.Before ? ".before_date(" : ".after_date(");
                Write(bound.Instant);
                _text.Append(')');
                break;
            case RelativeDate relative:
                _text.Append(relative.Kind switch
                {
                    RelativeDateKind.WithinLast => ".within_last(",
                    RelativeDateKind.WithinNext => ".within_next(",
                    RelativeDateKind.BeforeLast => ".before_last(",
                    _ => ".after_next(",
                });
                _text.Append(relative.Duration).Append(')');
                break;
        }
    }

    private void Write(Scalar scalar)
    {
        switch (scalar)
        {
            case Literal { Value: { Kind: ValueKind.Text } value }:
                _text.Append(Quote(value.AsText()!));
                break;
            case Literal literal:
                _text.Append(literal.Value.AsText());
                break;
            case TraitReference trait:
                _text.Append("trait(").Append(Quote(trait.Path.Text)).Append(')');
                break;
            case FieldReference field:
                _text.Append(field.Root is FieldRoot.Property ? "property(" : "context(");
                if (field.OfParent)
                    _text.Append("parent: ");
                _text.Append(Quote(field.Path.Text)).Append(')');
                break;
            case Reduction reduction:
                Write(reduction.Stream);
                _text.Append('.');
                Write(reduction.Reducer);
                break;
        }
    }

    private void Write(EventStream stream)
    {
        _text.Append("event(").Append(Quote(stream.Event)).Append(')');
        foreach (var filter in stream.Filters)
        {
            _text.Append('.');
            Write(filter);
        }
    }

    private void Write(StreamFilter filter)
    {
        switch (filter)
        {
            case Where where:
                _text.Append("where(");
                Write(where.Condition);
                _text.Append(')');
                break;
            case ExcludeSources sources:
                _text.Append("sources({exclude: ").AppendJoin(", ", sources.Sources.Select(Quote)).Append("})");
                break;
            case Within within:
                _text.Append("within(").Append(within.OfParent ? "parent: " : "").Append(within.Duration).Append(')');
                break;
            case Between between:
                _text.Append("between(").Append(between.OfParent ? "parent: " : "")
                    .Append(between.First).Append(", ").Append(between.Second).Append(')');
                break;
            case ExpiresAfter expires:
                _text.Append("expires_after(").Append(expires.Inactivity).Append(')');
                break;
        }
    }

    private void Write(Reducer reducer)
    {
        _text.Append(reducer.Kind switch
        {
            ReducerKind.Count => "count(",
            ReducerKind.Sum => "sum(",
            ReducerKind.Average => "avg(",
            ReducerKind.Minimum => "min(",
            ReducerKind.Maximum => "max(",
            ReducerKind.Mode => "mode(",
            ReducerKind.First => "first(",
            ReducerKind.Last => "last(",
            _ => "unique(",
        });
        if (reducer.Field is { } field)
            Write(field);
        _text.Append(reducer.As switch
        {
            ReducerType.Number => " as number",
            ReducerType.Text => " as string",
            ReducerType.Array => " as array",
            _ => "",
        });
        if (reducer.Kind is ReducerKind.Mode)
            _text.Append(", ").Append(reducer.MinimumFrequency);
        _text.Append(reducer.Kind is ReducerKind.UniqueCount ? ").count()" : ")");
    }
}
