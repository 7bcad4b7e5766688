namespace IterableFunctions.Personas.Queries;

// The part of the grammar that yields values: extractors, event chains, reducers, literals.
public sealed partial class QueryParser
{
    // A century: longer than any history, and short enough that no sum of hours overflows.
    private const long MaximumHours = 876_000;

    private static readonly string[] ValueWords = ["event", "trait", "property", "context", "literal", "true", "false"];
    private static readonly string[] StreamWords = ["where", "sources", "within", "between", "expires_after"];
    private static readonly string[] ReducerWords = ["count", "sum", "avg", "min", "max", "mode", "first", "last", "unique"];
    private static readonly string[] HoursAndDays = ["hour", "hours", "day", "days"];
    private static readonly string[] AnyUnit = ["second", "seconds", "minute", "minutes", "hour", "hours", "day", "days"];

    private Scalar ScalarExpression(bool listAllowed)
    {
        var start = _token;
        switch (start.Kind)
        {
            case TokenKind.Text:
                Advance();
                return new Literal(Value.From(start.Content));
            case TokenKind.Number:
                Advance();
                return new Literal(Value.From(Number.TryParse(start.Content, out var number)
                    ? number
                    : throw Fail(start, $"{start.Shown} is no number")));
            case TokenKind.Date:
                Advance();
                return new Literal(Value.FromDate(start.Content));
            case TokenKind.Word:
                break;
            default:
                throw Fail(start, $"found {start.Shown}; expected {Expected()}");
        }

        switch (start.Content)
        {
            case "true" or "false":
                Advance();
                return new Literal(Value.From(start.Content is "true"));
            case "null":
                throw Fail(start, "null is not a value to compare with; write .absent() or .exists()");
            case "event":
                return EventExpression(listAllowed);
            case "trait":
                Advance();
                Expect("(", "'(' behind trait");
                var path = Path("the name of a trait");
                Expect(")", "')'");
                return new TraitReference(path);
            case "property" or "context":
                if (_events == 0)
                    throw Fail(start, $"{start.Content} belongs to an event; it can stand inside where(..) or a reducer such as sum(..), not here");
                return Field();
            case "literal":
                Advance();
                Expect("(", "'(' behind literal");
                var inner = _token;
                Enter();
                if (ScalarExpression(listAllowed: false) is not Literal literal)
                    throw Fail(inner, "literal holds a fixed value; expected a text, number, date, true or false");
                Expect(")", "')'");
                _nesting--;
                return literal;
            default:
                throw Unexpected(start, Expected(), ValueWords.Concat(["AND", "OR", "NOT"]));
        }

        string Expected() => _events == 0 ? "event(..), trait(..) or a fixed value" : "property(..), context(..), trait(..), event(..) or a fixed value";
    }

    private FieldReference Field()
    {
        var word = _token;
        if (!word.IsWord("property") && !word.IsWord("context"))
            throw Unexpected(word, "property(..) or context(..)", ["property", "context"]);
        Advance();
        Expect("(", $"'(' behind {word.Content}");
        var ofParent = Parent(_events >= 2, $"{word.Content}(parent: ..) means the event around a nested event; there is none here");
        var path = Path("a name");
        Expect(")", "')'");
        return new FieldReference(word.Content is "property" ? FieldRoot.Property : FieldRoot.Context, path, ofParent);
    }

    private FieldPath Path(string what)
    {
        var name = Text(what);
        return FieldPath.TryParse(name.Content)
            ?? throw Fail(name, "a path needs a name before, between and behind its dots, and cannot begin with $ (a dot or $ that belongs to a name is written \\. or \\$)");
    }

    private Reduction EventExpression(bool listAllowed)
    {
        var start = Advance();
        if (_nesting + 1 > MaximumNesting)
            throw Fail(start, $"conditions may stand at most {MaximumNesting} deep inside one another");
        Expect("(", "'(' behind event");
        var name = Text("the name of an event");
        if (name.Content.Length == 0)
            throw Fail(name, "an event needs a name");
        Expect(")", "')'");

        var filters = new List<StreamFilter>();
        while (true)
        {
            if (!Accept("."))
                throw Fail(_token, $"found {_token.Shown}; events alone are not a value: expected '.' and a filter (where, within, ..) or a reducer (count, sum, ..)");
            var word = _token;
            if (word.Kind is TokenKind.Word && StreamWords.Contains(word.Content))
            {
                Advance();
                Expect("(", $"'(' behind {word.Content}");
                filters.Add(Filter(word, filters));
                Expect(")", "')'");
                continue;
            }
            if (word.Kind is TokenKind.Word && ReducerWords.Contains(word.Content))
                return new Reduction(new EventStream(name.Content, [.. filters]), Reducer(listAllowed));

            var hint = ComparatorWords.Contains(word.Content) ? "a comparator needs one value: reduce the events first, for example with count()" : null;
            throw Unexpected(word, "a filter (where, sources, within, between, expires_after) or a reducer (count, sum, avg, min, max, mode, first, last, unique)", StreamWords.Concat(ReducerWords), hint);
        }
    }

    private StreamFilter Filter(Token word, List<StreamFilter> before)
    {
        switch (word.Content)
        {
            case "where":
                Enter();
                _events++;
                // One of Segment's examples wraps the condition in braces, the others do not.
                var braces = Accept("{");
                var condition = Disjunction();
                if (braces)
                    Expect("}", "AND, OR or '}'");
                else if (!_token.Is(")"))
                    throw Unexpected(_token, "AND, OR or ')'", ["AND", "OR"]);
                _events--;
                _nesting--;
                return new Where(condition);

            case "sources":
                return Sources();

            case "within":
                RefuseSession(word, before.Exists(filter => filter is ExpiresAfter));
                return new Within(Duration(HoursAndDays, out var afterParent), afterParent);

            case "between":
                RefuseSession(word, before.Exists(filter => filter is ExpiresAfter));
                var first = Duration(HoursAndDays, out var ofParent);
                Expect(",", "',' and the other end of the band");
                var secondAt = _token;
                // The prefix may stand before either end or both; it says one thing.
                var second = Duration(HoursAndDays, out var repeated);
                if (repeated && !ofParent)
                    throw Fail(secondAt, "write parent: before the first end of the band");
                if (first.Hours == second.Hours)
                    throw Fail(secondAt, "both ends of the band are the same, so no event can lie between them");
                return new Between(first, second, ofParent);

            default:
                if (_events > 0)
                    throw Fail(word, "expires_after cannot stand inside where(..): a session is the profile's, not another event's");
                RefuseSession(word, before.Exists(filter => filter is Within or Between or ExpiresAfter));
                return new ExpiresAfter(Duration(AnyUnit));
        }
    }

    private void RefuseSession(Token word, bool conflict)
    {
        if (conflict)
            throw Fail(word, "a session (expires_after) and a window (within, between) cannot both limit the same events");
    }

    private ExcludeSources Sources()
    {
        var braces = Accept("{");
        if (!_token.IsWord("exclude"))
            throw Unexpected(_token, "exclude: and the ids of sources", ["exclude"]);
        Advance();
        Expect(":", "':' behind exclude");
        var ids = ListOf(() => Text("the id of a source").Content);
        if (braces)
            Expect("}", "',' or '}'");
        return new ExcludeSources([.. ids]);
    }

    private Reducer Reducer(bool listAllowed)
    {
        var word = Advance();
        Expect("(", $"'(' behind {word.Content}");
        if (word.Content is "count")
        {
            Expect(")", "')': count() takes nothing");
            return new Reducer(ReducerKind.Count, null);
        }

        // A reducer sees the event it reduces, as where() does; the event around it is not in reach.
        var outer = _events;
        _events = 1;
        var field = Field();
        _events = outer;
        var type = As(word);
        var frequency = 0;
        if (word.Content is "mode")
        {
            Expect(",", "',' and the minimum frequency, as in mode(property('x'), 2)");
            frequency = Whole("a minimum frequency", 1, 1_000_000);
        }
        Expect(")", "')'");

        var kind = word.Content switch
        {
            "sum" => ReducerKind.Sum,
            "avg" => ReducerKind.Average,
            "min" => ReducerKind.Minimum,
            "max" => ReducerKind.Maximum,
            "mode" => ReducerKind.Mode,
            "first" => ReducerKind.First,
            "last" => ReducerKind.Last,
            _ => ReducerKind.Unique,
        };
        if (kind is ReducerKind.Unique)
        {
            if (_token.Is("."))
            {
                Advance();
                if (!_token.IsWord("count"))
                    throw Unexpected(_token, "count()", ["count"], "of a list only the size can be asked");
                Advance();
                Expect("(", "'(' behind count");
                Expect(")", "')'");
                kind = ReducerKind.UniqueCount;
            }
            else if (!listAllowed)
            {
                throw Fail(_token, $"found {_token.Shown}; unique(..) gives a list, which cannot be compared: expected .count()");
            }
        }
        return new Reducer(kind, field, type, frequency);
    }

    // Types that say what holds anyway are dropped, so that equal reducers are equal.
    private ReducerType As(Token reducer)
    {
        if (!_token.IsWord("as"))
            return ReducerType.Default;
        Advance();
        var type = Advance();
        return (reducer.Content, type.Kind is TokenKind.Word ? type.Content : "") switch
        {
            ("min" or "max", "number") => ReducerType.Default,
            ("min" or "max", "string") => ReducerType.Text,
            ("mode", "number" or "string") => ReducerType.Default,
            ("mode", "array") => ReducerType.Array,
            ("min" or "max", _) => throw Unexpected(type, "number or string", ["number", "string"]),
            ("mode", _) => throw Unexpected(type, "number, string or array", ["number", "string", "array"]),
            _ => throw Fail(type, $"{reducer.Content} takes no type; only min, max and mode do"),
        };
    }

    private Duration Duration(string[] units, out bool ofParent)
    {
        // A nested event is one inside where(); a parent exists for it alone.
        ofParent = Parent(_events > 0, "parent: measures from the event around a nested event; there is none here");
        return Duration(units);
    }

    private Duration Duration(string[] units)
    {
        var start = _token;
        var amount = Whole("a whole number and a unit, such as 7 days", 1, int.MaxValue);
        if (_token.Kind is not TokenKind.Word || !units.Contains(_token.Content))
            throw Unexpected(_token, units == AnyUnit ? "seconds, minutes, hours or days" : "hours or days", units);
        var unit = Advance().Content[0] switch
        {
            's' => TimeUnit.Second,
            'm' => TimeUnit.Minute,
            'h' => TimeUnit.Hour,
            _ => TimeUnit.Day,
        };
        if (amount > MaximumHours * 3600 / unit switch { TimeUnit.Second => 1, TimeUnit.Minute => 60, TimeUnit.Hour => 3600, _ => 86_400 })
            throw Fail(start, "a length of time may be at most a hundred years");
        return new Duration(amount, unit);
    }

    private bool Parent(bool allowed, string refusal)
    {
        if (!_token.IsWord("parent"))
            return false;
        if (!allowed)
            throw Fail(_token, refusal);
        Advance();
        Expect(":", "':' behind parent");
        return true;
    }

    private int Whole(string what, int minimum, int maximum)
    {
        var token = _token;
        if (token.Kind is not TokenKind.Number)
            throw Fail(token, $"found {token.Shown}; expected {what}");
        if (!int.TryParse(token.Content, System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out var whole) || whole < minimum || whole > maximum)
            throw Fail(token, $"found {token.Shown}; expected a whole number, at least {minimum}");
        Advance();
        return whole;
    }

    private Token Text(string what) =>
        _token.Kind is TokenKind.Text ? Advance() : throw Fail(_token, $"found {_token.Shown}; expected {what} in quotes");
}
