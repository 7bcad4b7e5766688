namespace IterableFunctions.Personas.Queries;

/// <summary>
/// Reads Segment's query language (https://segment.com/docs/api/public-api/query-language/) into a typed syntax tree by
/// recursive descent. Every failure is a <see cref="QuerySyntaxException"/>. Text length, nesting and number of
/// conditions are bounded, so that no text can exhaust time or stack.
/// </summary>
public sealed partial class QueryParser
{
    /// <summary>UTF-16 units.</summary>
    public const int MaximumLength = 10_000;

    /// <summary>Segment's own limit of primary expressions in one definition.</summary>
    public const int MaximumConditions = 50;

    /// <summary>Parentheses, NOTs and <c>where</c>s inside one another.</summary>
    public const int MaximumNesting = 50;

    private readonly string _source;
    private readonly Lexer _lexer;
    private Token _token;
    private int _conditions;
    private int _nesting;

    // 0 outside events, 1 inside where() of an event, 2 and more inside where() of a nested event.
    private int _events;

    private QueryParser(string source)
    {
        if (source.Length > MaximumLength)
            throw QuerySyntaxException.At(source, MaximumLength, $"a definition may have at most {MaximumLength} characters; this one has {source.Length}");
        _source = source;
        _lexer = new Lexer(source);
        _token = _lexer.Next();
    }

    /// <summary>Reads the definition of an audience: a condition.</summary>
    /// <exception cref="QuerySyntaxException">The text is not one.</exception>
    public static Condition ParseAudience(string source)
    {
        var parser = new QueryParser(source);
        var condition = parser.Disjunction();
        parser.ExpectEnd("AND, OR or the end");
        return condition;
    }

    /// <summary>Reads the definition of a computed trait: a value taken from events, or from another trait.</summary>
    /// <exception cref="QuerySyntaxException">The text is not one.</exception>
    public static Scalar ParseTrait(string source)
    {
        var parser = new QueryParser(source);
        if (parser._token.Is("(") || parser._token.IsJunction("NOT"))
            throw parser.Fail(parser._token, "a computed trait is a value, and this begins a condition; expected event(..) or trait(..)");
        var start = parser._token;
        var scalar = parser.ScalarExpression(listAllowed: true);
        if (scalar is Literal)
            throw parser.Fail(start, "a computed trait is computed, and this is a fixed value; expected event(..) or trait(..)");
        if (parser._token is { Kind: TokenKind.Symbol, Content: "=" or "==" or "!=" or ">" or ">=" or "<" or "<=" or "." })
            throw parser.Fail(parser._token, $"a computed trait is a value, and {parser._token.Shown} makes a condition of it; expected the end (a condition is an audience)");
        parser.ExpectEnd("the end");
        return scalar;
    }

    private Condition Disjunction()
    {
        var parts = new List<Condition> { Conjunction() };
        while (_token.IsJunction("OR"))
        {
            Advance();
            parts.Add(Conjunction());
        }
        return parts.Count == 1 ? parts[0] : new OrCondition([.. parts.SelectMany(part => part is OrCondition or ? or.Parts : (IEnumerable<Condition>)[part])]);
    }

    private Condition Conjunction()
    {
        var parts = new List<Condition> { Negation() };
        while (_token.IsJunction("AND"))
        {
            Advance();
            parts.Add(Negation());
        }
        return parts.Count == 1 ? parts[0] : new AndCondition([.. parts.SelectMany(part => part is AndCondition and ? and.Parts : (IEnumerable<Condition>)[part])]);
    }

    private Condition Negation()
    {
        if (_token.IsJunction("ANY") || _token.IsJunction("ALL"))
            throw Fail(_token, $"{_token.Content.ToUpperInvariant()} asks about the users of an account; account audiences are not supported, only audiences of users");
        if (_token.IsJunction("NOT"))
        {
            Enter();
            Advance();
            var inner = Negation();
            _nesting--;
            return new NotCondition(inner);
        }
        if (_token.Is("("))
        {
            Enter();
            Advance();
            var inner = Disjunction();
            Expect(")", "AND, OR or ')'");
            _nesting--;
            return inner;
        }
        return Comparison();
    }

    private Comparison Comparison()
    {
        var start = _token;
        if (++_conditions > MaximumConditions)
            throw Fail(start, $"a definition may have at most {MaximumConditions} conditions; this is one more");
        var left = ScalarExpression(listAllowed: false);

        if (_token.Kind is TokenKind.Symbol && Relations.TryGetValue(_token.Content, out var kind))
        {
            Advance();
            return new Comparison(left, new Relation(kind, Operand()));
        }
        if (_token.Is("."))
        {
            Advance();
            return new Comparison(left, NamedComparator(left));
        }
        var found = _token.Kind is TokenKind.End ? "" : $"found {_token.Shown}; ";
        throw Fail(_token, $"{found}a value alone is not a condition: expected a comparison behind it, such as '= 1', '>= 2' or '.exists()'");
    }

    private Scalar Operand() => ScalarExpression(listAllowed: false);

    private static readonly Dictionary<string, RelationKind> Relations = new(StringComparer.Ordinal)
    {
        ["="] = RelationKind.Equals,
        ["=="] = RelationKind.Equals,
        ["!="] = RelationKind.Differs,
        [">"] = RelationKind.GreaterThan,
        [">="] = RelationKind.AtLeast,
        ["<"] = RelationKind.LessThan,
        ["<="] = RelationKind.AtMost,
    };

    private static readonly string[] ComparatorWords =
    [
        "equals", "differs", "greater_than", "at_least", "less_than", "at_most", "absent", "exists", "contains", "omits",
        "starts_with", "ends_with", "one_of", "none_of", "before_date", "after_date", "within_last", "within_next",
        "before_last", "after_next",
    ];

    private Comparator NamedComparator(Scalar left)
    {
        var word = _token;
        if (word.Kind is not TokenKind.Word || !ComparatorWords.Contains(word.Content))
        {
            var hint = left is Reduction && (StreamWords.Contains(word.Content) || ReducerWords.Contains(word.Content))
                ? $"'{word.Content}' comes too late: the events are already one value here"
                : null;
            throw Unexpected(word, "a comparator", ComparatorWords, hint);
        }
        Advance();
        Expect("(", $"'(' behind {word.Content}");
        Comparator comparator = word.Content switch
        {
            "equals" => new Relation(RelationKind.Equals, Operand()),
            "differs" => new Relation(RelationKind.Differs, Operand()),
            "greater_than" => new Relation(RelationKind.GreaterThan, Operand()),
            "at_least" => new Relation(RelationKind.AtLeast, Operand()),
            "less_than" => new Relation(RelationKind.LessThan, Operand()),
            "at_most" => new Relation(RelationKind.AtMost, Operand()),
            "absent" => new Presence(false),
            "exists" => new Presence(true),
            "contains" => new TextMatch(TextMatchKind.Contains, [.. ListOf(LiteralText)]),
            "omits" => new TextMatch(TextMatchKind.Omits, [.. ListOf(LiteralText)]),
            "starts_with" => new TextMatch(TextMatchKind.StartsWith, [LiteralText()]),
            "ends_with" => new TextMatch(TextMatchKind.EndsWith, [LiteralText()]),
            "one_of" => new Membership(true, [.. ListOf(Operand)]),
            "none_of" => new Membership(false, [.. ListOf(Operand)]),
            "before_date" => new DateBound(true, Instant()),
            "after_date" => new DateBound(false, Instant()),
            "within_last" => new RelativeDate(RelativeDateKind.WithinLast, Duration(HoursAndDays)),
            "within_next" => new RelativeDate(RelativeDateKind.WithinNext, Duration(HoursAndDays)),
            "before_last" => new RelativeDate(RelativeDateKind.BeforeLast, Duration(HoursAndDays)),
            _ => new RelativeDate(RelativeDateKind.AfterNext, Duration(HoursAndDays)),
        };
        Expect(")", comparator is TextMatch { Kind: TextMatchKind.Contains or TextMatchKind.Omits } or Membership ? "',' or ')'" : "')'");
        return comparator;
    }

    private List<T> ListOf<T>(Func<T> item)
    {
        // Segment's page calls the argument an array and writes it without brackets; both are read.
        var bracketed = Accept("[");
        var items = new List<T> { item() };
        while (Accept(","))
            items.Add(item());
        if (bracketed)
            Expect("]", "',' or ']'");
        return items;
    }

    private string LiteralText()
    {
        var start = _token;
        return Operand() is Literal literal
            ? literal.Value.AsText()!
            : throw Fail(start, "this comparator looks for fixed texts; expected a text in quotes");
    }

    private Literal Instant()
    {
        var start = _token;
        if (Operand() is not Literal literal)
            throw Fail(start, "this comparator needs a fixed date; expected an ISO 8601 date or timestamp such as '2024-05-01T00:00:00Z'");
        return literal.Value.TryGetInstant(out _, out _)
            ? literal
            : throw Fail(start, $"{start.Shown} is no date; expected an ISO 8601 date or timestamp such as '2024-05-01T00:00:00Z'");
    }

    private void Enter()
    {
        if (++_nesting > MaximumNesting)
            throw Fail(_token, $"conditions may stand at most {MaximumNesting} deep inside one another");
    }

    private Token Advance()
    {
        var read = _token;
        _token = _lexer.Next();
        return read;
    }

    private bool Accept(string symbol)
    {
        if (!_token.Is(symbol))
            return false;
        Advance();
        return true;
    }

    private void Expect(string symbol, string expected)
    {
        if (!Accept(symbol))
            throw Fail(_token, $"found {_token.Shown}; expected {expected}");
    }

    private void ExpectEnd(string expected)
    {
        if (_token.Kind is not TokenKind.End)
            throw Unexpected(_token, expected, ["AND", "OR"]);
    }

    private QuerySyntaxException Fail(Token at, string problem) => QuerySyntaxException.At(_source, at.Start, problem);

    /// <summary>The error for a word that is not among the known ones, with the nearest of them.</summary>
    private QuerySyntaxException Unexpected(Token found, string expected, IEnumerable<string> known, string? hint = null)
    {
        var nearest = found.Kind is TokenKind.Word ? NearestWord.Find(found.Content, known) : null;
        var problem = $"found {found.Shown}; expected {expected}";
        if (hint is not null)
            problem += $" ({hint})";
        else if (nearest is not null)
            problem += $"; did you mean '{nearest}'?";
        return Fail(found, problem);
    }
}
