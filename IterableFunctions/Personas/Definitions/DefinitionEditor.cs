using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Runs;
using IterableFunctions.Storage;

namespace IterableFunctions.Personas.Definitions;

/// <summary>Changes definitions. Of two who change any at the same time one does it again, on what the other has left.</summary>
public sealed class DefinitionEditor(DefinitionTable table, Catalogs catalogs, Backfills backfills, TimeProvider time)
{
    private const int MostAttempts = 20;

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <summary>Creates or replaces.</summary>
    /// <param name="kind">Of the definition.</param>
    /// <param name="key">Of the definition; one that <see cref="DefinitionKeys"/> takes.</param>
    /// <param name="draft">What the user says, a name among it.</param>
    /// <param name="isNew">Whether the key must not be taken yet.</param>
    /// <param name="ifMatch">Which definition the user has seen.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public Task<DefinitionEdit> SaveAsync(DefinitionKind kind, string key, DefinitionDraft draft, bool isNew, IfMatch ifMatch, CancellationToken cancellation)
    {
        var now = Now;
        return EditAsync(key, catalog => DefinitionRules.Save(catalog, kind, key, draft, isNew, ifMatch, now), cancellation);
    }

    public Task<DefinitionEdit> DeleteAsync(DefinitionKind kind, string key, IfMatch ifMatch, CancellationToken cancellation)
        => EditAsync(key, catalog => DefinitionRules.Delete(catalog, kind, key, ifMatch), cancellation);

    /// <summary>Begins to let everybody leave an audience.</summary>
    public Task<DefinitionEdit> RetireAsync(DefinitionKind kind, string key, IfMatch ifMatch, CancellationToken cancellation)
    {
        var now = Now;
        return EditAsync(key, catalog => DefinitionRules.Retire(catalog, kind, key, ifMatch, now), cancellation);
    }

    /// <summary>Begins to tell Iterable of every member once more.</summary>
    public Task<DefinitionEdit> SyncAsync(DefinitionKind kind, string key, CancellationToken cancellation)
        => EditAsync(key, catalog => DefinitionRules.Sync(catalog, kind, key), cancellation);

    private async Task<DefinitionEdit> EditAsync(string key, Func<Catalog, DefinitionChange> decide, CancellationToken cancellation)
    {
        var (run, wished, isNew, removes) = (default(string), default(DefinitionRecord), false, false);
        for (var attempt = 0; attempt < MostAttempts; attempt++)
        {
            if (attempt > 0)
                await Task.Delay(Random.Shared.Next(1, 20 * attempt), cancellation);
            var stored = await catalogs.ReloadAsync(cancellation);
            // A write whose answer was lost is taken for another's, and stands there all the same.
            if (wished is not null && stored.Catalog[key] == wished)
                return new DefinitionEdit.Saved(wished, stored.Catalog, isNew);
            if (removes && stored.Catalog[key] is null)
                return new DefinitionEdit.Deleted();

            Catalog next;
            switch (decide(stored.Catalog))
            {
                case DefinitionChange.Refused refused:
                    return new DefinitionEdit.Refused(refused.Refusal);
                case DefinitionChange.Nothing nothing:
                    return new DefinitionEdit.Saved(nothing.Definition, stored.Catalog, IsNew: false);
                case DefinitionChange.Put put:
                    if (put.NeedsRun)
                        // A run that takes the place of one that resends does so in its place.
                        run ??= await backfills.StartAsync(key, put.Resends || (stored.Catalog[key]?.Run is { } replaced && RunIds.Resends(replaced)), cancellation);
                    next = stored.Catalog.With(put.NeedsRun ? put.Definition with { Run = run } : put.Definition);
                    (wished, isNew, removes) = (next[key], put.IsNew, false);
                    break;
                default:
                    next = stored.Catalog.Without(key);
                    (wished, removes) = (null, true);
                    break;
            }

            if (await table.ReplaceAsync(stored, next, key, cancellation) is null)
                continue;
            // This process goes by it from now on.
            await catalogs.ReloadAsync(cancellation);
            return wished is null ? new DefinitionEdit.Deleted() : new DefinitionEdit.Saved(wished, next, isNew);
        }

        return new DefinitionEdit.Refused(new(RefusalReason.Busy, "busy", "Others are changing definitions at the same time, time and again. Try again."));
    }
}
