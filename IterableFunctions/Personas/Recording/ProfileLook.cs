using Azure;
using IterableFunctions.Iterable;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Storage;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Personas.Recording;

/// <summary>
/// The last look at a call before it is sent: without what newer messages have set, and not at all where the person has been deleted meanwhile. A call of a message
/// that was recorded a moment ago is held against the document that was written then; one that has waited against what stands in storage now.
/// </summary>
public sealed class ProfileLook(ProfileTable profiles, ProfileCache cache, IOptions<IterableOptions> options)
{
    private readonly ProjectType _project = options.Value.ProjectType;

    /// <returns>The call to send, or null where nothing of it is left to say.</returns>
    public async ValueTask<IterableRequest?> LookAsync(IterableRequest request, CancellationToken cancellation)
    {
        // What was not recorded, or only queued for it, is sent as it is.
        if (request.Profile is not { } profile)
            return request;
        if (!request.HasWaited && cache.Get(profile) is { } recorded)
            return OutOfDate.Thin(request, recorded.Document, _project);
        if (!request.HasWaited && request.Endpoint == IterableEndpoint.TrackEvent)
            return request;

        StoredProfile? stored;
        try
        {
            stored = await profiles.FindEndAsync(profile, cancellation);
        }
        catch (Exception e) when (!request.HasWaited && !cancellation.IsCancellationRequested && e is (RequestFailedException or AggregateException or OperationCanceledException))
        {
            // What is recorded is not kept from Iterable because storage fails now. What waits in a queue can wait on.
            return request;
        }

        return stored?.Document.Kind switch
        {
            ProfileKind.Tombstone => null,
            ProfileKind.Live => OutOfDate.Thin(request, stored.Document, _project),
            _ => request,
        };
    }
}
