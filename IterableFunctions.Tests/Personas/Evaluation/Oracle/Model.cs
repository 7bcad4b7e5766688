namespace IterableFunctions.Tests.Personas.Evaluation.Oracle;

// The oracle's own idea of a definition: generated, written out as text for the product to read, and answered by scanning.
// Nothing here is shared with the product, so that a mistake would have to be made twice.

internal abstract record OCondition;

internal sealed record OAll(OCondition[] Parts) : OCondition;

internal sealed record OAny(OCondition[] Parts) : OCondition;

internal sealed record ONot(OCondition Inner) : OCondition;

/// <param name="Operator">= != &gt; &gt;= &lt; &lt;=</param>
internal sealed record ORelation(OValue Left, string Operator, OValue Right) : OCondition;

internal sealed record OExists(OValue Left, bool Exists) : OCondition;

/// <param name="Name">contains, omits, starts_with or ends_with</param>
internal sealed record OText(OValue Left, string Name, string[] Texts) : OCondition;

internal sealed record OListed(OValue Left, bool Listed, OValue[] Options) : OCondition;

internal sealed record OBefore(OValue Left, bool Before, DateTime Bound) : OCondition;

/// <param name="Name">within_last, within_next, before_last or after_next</param>
internal sealed record ORelative(OValue Left, string Name, int Amount, bool Days) : OCondition;

internal abstract record OValue;

/// <param name="Value">decimal, string, bool or DateTime (a date literal)</param>
internal sealed record OLiteral(object Value) : OValue;

internal sealed record OTrait(string Name) : OValue;

internal sealed record OProperty(string Name, bool OfParent) : OValue;

/// <param name="Reducer">count, sum, avg, min, max, min_text, max_text, mode, first, last, unique, unique_count</param>
internal sealed record OReduction(OStream Stream, string Reducer, string Property = "", int Frequency = 0) : OValue;

/// <param name="Event">The name.</param>
/// <param name="Wheres">All must hold.</param>
/// <param name="Window">Ages in hours: more than the first, at most the second.</param>
/// <param name="Behind">Minutes behind the parent: more than the first, at most the second.</param>
/// <param name="SessionMinutes">0: no session.</param>
/// <param name="ExcludedSource">Null: none.</param>
internal sealed record OStream(string Event, OCondition[] Wheres, (int From, int To)? Window, (int From, int To)? Behind, int SessionMinutes, string? ExcludedSource);

internal sealed record ODefinition(string Key, OCondition? Condition, OValue? Value);

internal sealed record OEvent(string Name, DateTime Time, string Id, string? Source, Dictionary<string, object?> Properties);

internal sealed record OArrival(DateTime At, OEvent Event);
