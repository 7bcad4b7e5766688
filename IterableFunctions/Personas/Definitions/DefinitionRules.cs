using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Queries;

namespace IterableFunctions.Personas.Definitions;

/// <summary>What may be done with definitions, and what follows from it. Pure.</summary>
public static class DefinitionRules
{
    public const int MostDefinitions = 500;

    /// <summary>Event conditions of all definitions, each counted once. Their list stands in one row, which Azure lets grow to 1 MB.</summary>
    public const int MostLeaves = 10_000;

    /// <summary>Creates or replaces.</summary>
    /// <param name="catalog">The definitions that there are.</param>
    /// <param name="kind">Of the definition.</param>
    /// <param name="key">Of the definition.</param>
    /// <param name="draft">What the user says, a name among it.</param>
    /// <param name="isNew">Whether the key must not be taken yet.</param>
    /// <param name="ifMatch">Which definition the user has seen.</param>
    /// <param name="now">UTC.</param>
    public static DefinitionChange Save(Catalog catalog, DefinitionKind kind, string key, DefinitionDraft draft, bool isNew, IfMatch ifMatch, DateTime now)
    {
        var before = catalog[key];
        if (before is not null && before.Kind != kind)
            return Refuse(RefusalReason.Conflict, "other_kind", $"\"{key}\" is {Article(before.Kind)}, and stays one: keys are unique over audiences and computed traits. Choose another key.");
        if (isNew && before is not null)
            return Refuse(RefusalReason.Conflict, "key_taken", $"The key \"{key}\" is taken by \"{before.Name}\". Give a \"key\" of your own, or change that definition with PUT.");
        if (ifMatch.Check(before) is { } changed)
            return new DefinitionChange.Refused(changed);
        if (before is null && catalog.Records.Count >= MostDefinitions)
            return Refuse(RefusalReason.Conflict, "too_many_definitions", $"There are {catalog.Records.Count} definitions already, and no more are taken. Delete some first.");

        // Who says of a retiring audience what it is to be wants to keep it.
        var after = draft.Onto(before ?? new() { Key = key, Kind = kind, Name = draft.Name!, Query = draft.Query, Created = now }) with { Retiring = false };
        if (after == before)
            return new DefinitionChange.Nothing(before);
        var needsRun = before is null || before.Retiring || before.Query != after.Query || before.IncludeAnonymousUsers != after.IncludeAnonymousUsers || (after.IsSent && !before.IsSent);
        // Those that refer to it still need the run that would bring them up to its query.
        var endsRun = !after.Enabled && !needsRun && !catalog.ThoseThatReferTo(key).Any();
        after = after with { Changed = now, Run = endsRun ? null : after.Run };
        return Compile(catalog, after) is { } refusal ? new DefinitionChange.Refused(refusal) : new DefinitionChange.Put(after, IsNew: before is null, needsRun);
    }

    /// <summary>Deletes; Iterable keeps what it was told.</summary>
    public static DefinitionChange Delete(Catalog catalog, DefinitionKind kind, string key, IfMatch ifMatch)
        => Find(catalog, kind, key, ifMatch) is { } refusal ? new DefinitionChange.Refused(refusal)
            : StillReferredTo(catalog, key) is { } referred ? new DefinitionChange.Refused(referred)
            : new DefinitionChange.Remove();

    /// <summary>Lets everybody leave an audience; the run that does it deletes it at its end.</summary>
    public static DefinitionChange Retire(Catalog catalog, DefinitionKind kind, string key, IfMatch ifMatch, DateTime now)
        => kind != DefinitionKind.Audience ? Refuse(RefusalReason.Invalid, "not_an_audience", "Only an audience can be retired: nobody leaves a computed trait. Delete it without ?retire=true.")
            : Find(catalog, kind, key, ifMatch) is { } refusal ? new DefinitionChange.Refused(refusal)
            : catalog[key]! is { Retiring: true } retiring ? new DefinitionChange.Nothing(retiring)
            : StillReferredTo(catalog, key) is { } referred ? new DefinitionChange.Refused(referred)
            : new DefinitionChange.Put(catalog[key]! with { Retiring = true, Changed = now }, IsNew: false, NeedsRun: true);

    /// <summary>Tells Iterable of every member once more.</summary>
    public static DefinitionChange Sync(Catalog catalog, DefinitionKind kind, string key)
        => Find(catalog, kind, key, IfMatch.Anything) is { } refusal ? new DefinitionChange.Refused(refusal)
            : catalog[key]! switch
            {
                { Retiring: true } => Refuse(RefusalReason.Conflict, "retiring", "The audience is being retired, and everybody leaves it already."),
                { IsSent: false } => Refuse(RefusalReason.Conflict, "not_sent", "Nothing of it is sent: it is disabled, or neither sendIdentify nor sendTrack is on."),
                var definition => new DefinitionChange.Put(definition, IsNew: false, NeedsRun: true, Resends: true),
            };

    /// <summary>Why there is nothing to be done with a definition; null where it is there, and the one that the user has seen.</summary>
    public static DefinitionRefusal? Find(Catalog catalog, DefinitionKind kind, string key, IfMatch ifMatch)
        => catalog[key] switch
        {
            null => ifMatch.Check(null) ?? new(RefusalReason.Missing, "no_definition", $"There is no {NameOf(kind)} \"{key}\"."),
            var other when other.Kind != kind => new(RefusalReason.Missing, "no_definition", $"There is no {NameOf(kind)} \"{key}\"; there is {Article(other.Kind)} of that key."),
            var definition => ifMatch.Check(definition),
        };

    /// <summary>Why a definition cannot stand beside the others; null where it can.</summary>
    public static DefinitionRefusal? Compile(Catalog catalog, DefinitionRecord definition)
    {
        try
        {
            var next = catalog.With(definition);
            return next.Set.Leaves.Length <= MostLeaves ? null
                : new(RefusalReason.Conflict, "too_many_conditions", $"With it the definitions have {next.Set.Leaves.Length} different event conditions; they may have {MostLeaves}. Delete definitions first.");
        }
        catch (DefinitionException e)
        {
            return Of(e);
        }
    }

    /// <summary>What is wrong with a definition that cannot be compiled.</summary>
    public static DefinitionRefusal Of(DefinitionException e)
        => e.InnerException is QuerySyntaxException query
            ? new(RefusalReason.Invalid, "invalid_query", $"The query cannot be read. Line {query.Line}, column {query.Column}: {query.Problem}{(query.Problem.EndsWith('?') ? "" : ".")}", query)
            : new(RefusalReason.Invalid, "circular_reference", $"{char.ToUpperInvariant(e.Message[0])}{e.Message[1..]}.");

    private static DefinitionRefusal? StillReferredTo(Catalog catalog, string key)
    {
        string[] others = [.. catalog.ThoseThatReferTo(key).Order(StringComparer.Ordinal).Select(other => $"\"{other}\"")];
        return others.Length == 0 ? null : new(RefusalReason.Conflict, "referred_to", $"\"{key}\" cannot go, for others refer to it: {string.Join(", ", others)}. Change or delete them first.");
    }

    private static DefinitionChange.Refused Refuse(RefusalReason reason, string code, string detail) => new(new(reason, code, detail));

    private static string NameOf(DefinitionKind kind) => kind == DefinitionKind.Audience ? "audience" : "computed trait";

    private static string Article(DefinitionKind kind) => kind == DefinitionKind.Audience ? "an audience" : "a computed trait";
}
