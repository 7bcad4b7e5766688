using IterableFunctions.Personas.Queries;

namespace IterableFunctions.Personas.Evaluation;

/// <summary>Finds what a definition refers to by <c>trait(..)</c>, wherever it stands.</summary>
internal static class TraitReferences
{
    public static IEnumerable<TraitReference> In(Condition condition) => condition switch
    {
        AndCondition and => and.Parts.SelectMany(In),
        OrCondition or => or.Parts.SelectMany(In),
        NotCondition not => In(not.Inner),
        Comparison comparison => In(comparison.Left).Concat(Cadence.Operands(comparison.Comparator).SelectMany(In)),
        _ => [],
    };

    public static IEnumerable<TraitReference> In(Scalar scalar) => scalar switch
    {
        TraitReference trait => [trait],
        Reduction reduction => reduction.Stream.Filters.OfType<Where>().SelectMany(where => In(where.Condition)),
        _ => [],
    };
}
