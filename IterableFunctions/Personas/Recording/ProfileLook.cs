using Azure;
using IterableFunctions.Iterable;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Storage;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Personas.Recording;

/// <summary>
/// Looks at a call before and after it is sent. Before: without what newer messages have set, and not at all where the person has been deleted meanwhile. After: what it may have undone of newer
/// ones. A call of a message that was recorded a moment ago is held against the document that was written then, or by a later message of this process; one that has waited, or has come again, against
/// what stands in storage now.
/// </summary>
public sealed class ProfileLook(IdentityTable identities, ProfileTable profiles, ProfileCache cache, IOptions<IterableOptions> options)
{
    private readonly ProjectType _project = options.Value.ProjectType;

    /// <returns>The call to send, or null where nothing of it is left to say.</returns>
    public async ValueTask<IterableRequest?> LookAsync(IterableRequest request, CancellationToken cancellation)
    {
        // An event that was recorded just now is sent as it is.
        if (!request.HasWaited && request.Endpoint == IterableEndpoint.TrackEvent)
            return request;
        var document = await DocumentAsync(request, cancellation);
        return document?.Kind switch
        {
            ProfileKind.Tombstone => null,
            ProfileKind.Live => OutOfDate.Thin(request, document, _project),
            _ => request,
        };
    }

    /// <returns>What is to be said once more, or null where nothing is.</returns>
    public async ValueTask<IterableRequest?> LookBackAsync(IterableRequest request, CancellationToken cancellation)
        => request.Endpoint != IterableEndpoint.TrackEvent && await DocumentAsync(request, cancellation) is { Kind: ProfileKind.Live } document ? OutOfDate.Mend(request, document, _project) : null;

    /// <summary>Null where there is none to look at: of what was not recorded, or only queued for it. When it has waited it is looked for by whom it is addressed to.</summary>
    private async Task<ProfileDocument?> DocumentAsync(IterableRequest request, CancellationToken cancellation)
    {
        if (request is { Profile: null, HasWaited: false })
            return null;
        if (request is { Profile: { } known, HasWaited: false, IsRepeat: false } && cache.Get(known) is { } recorded)
            return recorded.Document;
        try
        {
            return (request.Profile is { } profile ? await profiles.FindEndAsync(profile, cancellation) : await HolderAsync(request, cancellation))?.Document;
        }
        catch (Exception e) when (!request.HasWaited && !cancellation.IsCancellationRequested && e is (RequestFailedException or AggregateException or OperationCanceledException))
        {
            // What is recorded is not kept from Iterable because storage fails now. What waits in a queue can wait on.
            return null;
        }
    }

    private async Task<StoredProfile?> HolderAsync(IterableRequest request, CancellationToken cancellation)
        => (request.UserId is { } userId ? ExternalId.UserId(userId) : request.Email is { } email ? ExternalId.Email(email) : default(ExternalId?)) is { } id
            ? (await new Recognition(identities, profiles, cancellation).FindAsync(id)).Holder
            : null;
}
