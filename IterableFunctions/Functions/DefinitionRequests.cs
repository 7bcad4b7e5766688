using IterableFunctions.Intake;
using IterableFunctions.Iterable;
using IterableFunctions.Personas;
using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Previews;
using IterableFunctions.Personas.Runs;
using IterableFunctions.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace IterableFunctions.Functions;

/// <summary>What <see cref="Audiences"/> and <see cref="ComputedTraits"/> have in common: from requests to definitions, and back to answers.</summary>
public sealed class DefinitionRequests(DefinitionEditor editor, Previewer previewer, Catalogs catalogs, MemberTable members, RunDirectory runs, UserFields fields, IOptions<PersonasOptions> personas)
{
    /// <summary>How long a user who has saved waits for Iterable's fields.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public async Task<IResult> ListAsync(HttpRequest request, DefinitionKind kind)
    {
        if (NoProfiles is { } refusal)
            return refusal;
        var catalog = (await catalogs.ReloadAsync(request.HttpContext.RequestAborted)).Catalog;
        return Results.Json(new([.. catalog.Records.Where(definition => definition.Kind == kind).Select(definition => DefinitionReport.Of(definition, catalog))]), AppJson.Readable.DefinitionReports);
    }

    public async Task<IResult> GetAsync(HttpRequest request, DefinitionKind kind, string key)
    {
        if (NoProfiles is { } refusal)
            return refusal;
        var cancellation = request.HttpContext.RequestAborted;
        var catalog = (await catalogs.ReloadAsync(cancellation)).Catalog;
        if (DefinitionRules.Find(catalog, kind, key, IfMatch.Anything) is { } missing)
            return Problem(missing);
        var count = await MemberCount.OfAsync(members, key, cancellation);
        var run = catalog[key]!.Run is { } id ? await runs.FindAsync(id, cancellation) : null;
        return Shown(request, catalog[key]!, DefinitionReport.Of(catalog[key]!, catalog) with
        {
            Progress = run?.Progress,
            Size = count.Members,
            SizeIsAtLeast = count.IsComplete ? null : true,
            NotAddressable = count.NotAddressable,
        }, StatusCodes.Status200OK);
    }

    /// <summary>Creates or replaces.</summary>
    public Task<IResult> PutAsync(HttpRequest request, DefinitionKind kind, string key)
        => ReadAsync(request, kind, isSaved: true, async (draft, cancellation) =>
            draft.Key is { } said && said != key ? Problem(new(RefusalReason.Invalid, "other_key", $"\"key\" is \"{said}\", and the address names \"{key}\". A key never changes."))
            : DefinitionKeys.Check(key, isDerived: false) is { } refusal ? Problem(refusal)
            : await WarnAsync(request, await editor.SaveAsync(kind, key, draft, isNew: false, IfMatchOf(request), cancellation)));

    /// <summary>Creates, under a key that is given or made of the name.</summary>
    public Task<IResult> PostAsync(HttpRequest request, DefinitionKind kind)
        => ReadAsync(request, kind, isSaved: true, async (draft, cancellation) =>
        {
            var key = draft.Key ?? DefinitionKeys.Of(draft.Name!);
            return DefinitionKeys.Check(key, isDerived: draft.Key is null) is { } refusal ? Problem(refusal)
                : await WarnAsync(request, await editor.SaveAsync(kind, key, draft, isNew: true, IfMatch.Anything, cancellation));
        });

    /// <summary>What it would come to; saves nothing.</summary>
    public Task<IResult> PreviewAsync(HttpRequest request, DefinitionKind kind)
        => ReadAsync(request, kind, isSaved: false, async (draft, cancellation) =>
        {
            var (report, refusal) = await previewer.PreviewAsync(kind, draft, cancellation);
            return report is null ? Problem(refusal!) : Results.Json(report, AppJson.Readable.PreviewReport);
        });

    public async Task<IResult> DeleteAsync(HttpRequest request, DefinitionKind kind, string key)
    {
        if (NoProfiles is { } refusal)
            return refusal;
        var (cancellation, ifMatch) = (request.HttpContext.RequestAborted, IfMatchOf(request));
        return request.Query["retire"].ToString().ToLowerInvariant() switch
        {
            "" or "false" => Answer(request, await editor.DeleteAsync(kind, key, ifMatch, cancellation)),
            "true" => Answer(request, await editor.RetireAsync(kind, key, ifMatch, cancellation), StatusCodes.Status202Accepted),
            _ => Problem(new(RefusalReason.Invalid, "invalid_retire", "\"retire\" is true or false.")),
        };
    }

    public async Task<IResult> SyncAsync(HttpRequest request, DefinitionKind kind, string key)
        => NoProfiles ?? Answer(request, await editor.SyncAsync(kind, key, request.HttpContext.RequestAborted), StatusCodes.Status202Accepted);

    private IResult? NoProfiles => personas.Value.Enabled ? null : WebhookAnswer.Problem(StatusCodes.Status404NotFound, "no_profiles", "Personas__Enabled is false, so there are no audiences and no computed traits.");

    private async Task<IResult> ReadAsync(HttpRequest request, DefinitionKind kind, bool isSaved, Func<DefinitionDraft, CancellationToken, Task<IResult>> answer)
        => NoProfiles ?? await RequestBody.AcceptAsync(request, async (body, cancellation) =>
        {
            var (draft, refusal) = DraftReader.Read(body, kind, isSaved);
            return draft is null ? Problem(refusal!) : await answer(draft, cancellation);
        });

    /// <summary>Of what was saved, says what is odd about it.</summary>
    private async Task<IResult> WarnAsync(HttpRequest request, DefinitionEdit edit)
    {
        if (edit is not DefinitionEdit.Saved saved)
            return Answer(request, edit);
        var known = saved.Definition.SendIdentify ? await fields.FindAsync(Patience, request.HttpContext.RequestAborted) : null;
        return Answer(request, edit, warnings: [.. DefinitionWarnings.Of(saved.Definition, saved.Catalog, saved.IsNew, known)]);
    }

    private static IResult Answer(HttpRequest request, DefinitionEdit edit, int status = StatusCodes.Status200OK, IReadOnlyList<string>? warnings = null) => edit switch
    {
        DefinitionEdit.Saved saved => Shown(
            request, saved.Definition, DefinitionReport.Of(saved.Definition, saved.Catalog) with { Warnings = warnings is { Count: > 0 } ? warnings : null }, saved.IsNew ? StatusCodes.Status201Created : status),
        DefinitionEdit.Refused refused => Problem(refused.Refusal),
        _ => Results.NoContent(),
    };

    private static IResult Shown(HttpRequest request, DefinitionRecord definition, DefinitionReport report, int status)
    {
        request.HttpContext.Response.Headers.ETag = DefinitionTag.Of(definition);
        return Results.Json(report, AppJson.Readable.DefinitionReport, statusCode: status);
    }

    private static WebhookAnswer Problem(DefinitionRefusal refusal) => WebhookAnswer.Problem(refusal.Reason switch
    {
        RefusalReason.Missing => StatusCodes.Status404NotFound,
        RefusalReason.Conflict => StatusCodes.Status409Conflict,
        RefusalReason.Changed => StatusCodes.Status412PreconditionFailed,
        RefusalReason.Busy => StatusCodes.Status503ServiceUnavailable,
        _ => StatusCodes.Status400BadRequest,
    }, refusal.Code, refusal.Detail, refusal.Query is { } query ? new(query.Line, query.Column, query.Problem, query.Excerpt) : null);

    /// <summary>What cannot be read as a list of tags matches nothing.</summary>
    private static IfMatch IfMatchOf(HttpRequest request)
        => request.Headers.IfMatch.Count == 0 ? IfMatch.Anything
            : EntityTagHeaderValue.TryParseStrictList(request.Headers.IfMatch, out var tags) ? new([.. tags.Where(tag => !tag.IsWeak).Select(tag => tag.Tag.ToString())])
            : new([]);
}
