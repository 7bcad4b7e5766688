namespace IterableFunctions.Personas.Queries;

/// <summary>The events of one name that pass every filter, in whatever order the filters are written.</summary>
public sealed record EventStream(string Event, NodeList<StreamFilter> Filters)
{
    public override string ToString() => QueryPrinter.Print(this);
}

public abstract record StreamFilter
{
    /// <summary>The canonical text, without the leading dot.</summary>
    public sealed override string ToString() => QueryPrinter.Print(this);
}

/// <summary>Keeps events of which the condition holds. A reduction of other events inside it makes a funnel.</summary>
public sealed record Where(Condition Condition) : StreamFilter;

/// <summary>Drops events that came from one of these Segment sources.</summary>
public sealed record ExcludeSources(NodeList<string> Sources) : StreamFilter;

/// <summary><c>within(d)</c>: no older than d at hour H; of the parent: no later than d after it.</summary>
public sealed record Within(Duration Duration, bool OfParent) : StreamFilter;

/// <summary><c>between(a, b)</c>: the band between two ages at hour H, or between two distances after the parent.</summary>
public sealed record Between(Duration First, Duration Second, bool OfParent) : StreamFilter;

/// <summary>Only the running session: it ends when no event came for this long.</summary>
public sealed record ExpiresAfter(Duration Inactivity) : StreamFilter;
