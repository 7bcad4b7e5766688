using IterableFunctions.Intake;
using IterableFunctions.Personas;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Personas.Recording;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Functions;

/// <summary>Shows and deletes persons. Both need a function key.</summary>
public sealed class Profiles(ProfileDirectory directory, Deletion deletion, IOptions<PersonasOptions> personas)
{
    private const string Route = "profiles/{type}/{id}";

    [Function("ProfileGet")]
    public async Task<IResult> GetAsync([HttpTrigger(AuthorizationLevel.Function, "get", Route = Route)] HttpRequest request, string type, string id)
        => Refusal(type, id) is { } refusal ? refusal
            : await directory.FindAsync(IdOf(type, id), request.HttpContext.RequestAborted) is { } report ? Results.Json(report, AppJson.Readable.ProfileReport)
            : NotFound();

    /// <summary>202: the person is gone for everyone who asks, and the rest of what was theirs goes in the background.</summary>
    [Function("ProfileDelete")]
    public async Task<IResult> DeleteAsync([HttpTrigger(AuthorizationLevel.Function, "delete", Route = Route)] HttpRequest request, string type, string id)
        => Refusal(type, id) is { } refusal ? refusal
            : await deletion.DeleteAsync(IdOf(type, id), request.HttpContext.RequestAborted) ? Results.Accepted()
            : NotFound();

    private WebhookAnswer? Refusal(string type, string id)
        => !personas.Value.Enabled ? WebhookAnswer.Problem(StatusCodes.Status404NotFound, "no_profiles", "Personas__Enabled is false, so there are no profiles.")
            : type is not (ExternalId.UserIdType or ExternalId.EmailType or ExternalId.AnonymousIdType) ? WebhookAnswer.Problem(StatusCodes.Status400BadRequest, "invalid_type", "The type is user_id, email or anonymous_id.")
            : IdOf(type, id).IsBlocked ? NotFound()
            : null;

    /// <summary>Routing decodes everything in a path but the slash.</summary>
    private static ExternalId IdOf(string type, string id) => ExternalId.Of(type, id.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase));

    private static WebhookAnswer NotFound() => WebhookAnswer.Problem(StatusCodes.Status404NotFound, "no_profile", "Nobody has this identifier.");
}
