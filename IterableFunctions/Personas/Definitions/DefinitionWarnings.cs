using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Queries;

namespace IterableFunctions.Personas.Definitions;

/// <summary>What is odd about a definition that was saved all the same. Pure.</summary>
public static class DefinitionWarnings
{
    /// <param name="definition">As it was saved.</param>
    /// <param name="catalog">That it stands in.</param>
    /// <param name="isNew">Whether it was not there before.</param>
    /// <param name="fields">Iterable's user fields with their types; null where it does not say.</param>
    public static IEnumerable<string> Of(DefinitionRecord definition, Catalog catalog, bool isNew, IReadOnlyDictionary<string, string>? fields)
    {
        if (definition is { SendIdentify: false, SendTrack: false })
            yield return "Neither sendIdentify nor sendTrack is on, so Iterable is told nothing of it.";
        if (definition.SendIdentify && TypeOf(definition, catalog) is { } own)
        {
            if (fields is null)
                yield return $"Iterable did not say in time whether it has a user field \"{definition.Key}\" of another type than {own}; it would refuse the values.";
            else if (fields.TryGetValue(definition.Key, out var theirs) && !Takes(theirs, own))
                yield return $"Iterable has a user field \"{definition.Key}\" of the type {theirs}, and the values here are of the type {own}: it will refuse them. Choose another key, or switch sendIdentify off.";
        }

        string[] others = isNew ? [.. catalog.ThoseThatReferTo(definition.Key).Order(StringComparer.Ordinal).Select(other => $"\"{other}\"")] : [];
        if (others.Length > 0)
            yield return $"trait('{definition.Key}') in {string.Join(", ", others)} means this definition from now on, and no longer the custom trait.";
    }

    /// <summary>The type that Iterable gives a field with a definition's values; null where that depends on the events.</summary>
    private static string? TypeOf(DefinitionRecord definition, Catalog catalog)
        => definition.Kind == DefinitionKind.Audience ? "boolean" : QueryParser.ParseTrait(definition.Query) switch
        {
            Reduction { Reducer: var reducer } => TypeOf(reducer),
            TraitReference { Path: { IsSingle: true, Head: var key } } when catalog[key] is { } other => TypeOf(other, catalog),
            _ => null,
        };

    private static string? TypeOf(Reducer reducer) => (reducer.Kind, reducer.As) switch
    {
        (ReducerKind.Count or ReducerKind.UniqueCount, _) => "long",
        (ReducerKind.Sum or ReducerKind.Average, _) => "double",
        (ReducerKind.Minimum or ReducerKind.Maximum, not ReducerType.Text) => "double",
        (ReducerKind.Minimum or ReducerKind.Maximum or ReducerKind.Unique, _) => "string",
        (ReducerKind.Mode, not ReducerType.Number) => "string",
        _ => null,
    };

    /// <summary>A whole number is also a double, and Iterable has two kinds of text.</summary>
    private static bool Takes(string field, string value) => (field, value) switch
    {
        ("double" or "float", "long" or "double") or ("long" or "integer", "long") or ("string" or "keyword" or "text", "string") => true,
        _ => field == value,
    };
}
