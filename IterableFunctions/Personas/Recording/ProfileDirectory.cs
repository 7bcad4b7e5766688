using System.Text.Json;
using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Storage;

namespace IterableFunctions.Personas.Recording;

/// <summary>Looks persons up.</summary>
public sealed class ProfileDirectory(IdentityTable identities, ProfileTable profiles, Catalogs catalogs)
{
    /// <summary>The person with an id; null where nobody has it.</summary>
    public async Task<ProfileReport?> FindAsync(ExternalId id, CancellationToken cancellation)
    {
        if ((await new Recognition(identities, profiles, cancellation).FindAsync(id)).Holder is not { Document: var document } holder)
            return null;
        var catalog = await catalogs.CurrentAsync(document.BuiltThrough, cancellation);
        var events = await Task.WhenAll(document.Recent.Select(recent => profiles.FindEventAsync(holder.Profile, recent, cancellation)));
        return new(
            holder.Profile,
            [.. document.Ids.Order(Comparer<KnownId>.Create((one, other) => ExternalId.ByPriority(one.Id, other.Id))).Select(known => new IdentifierReport(known.Id.Type, known.Id.Value, Utc(known.Since)))],
            document.Traits.Where(trait => !trait.Value.IsNull).ToDictionary(
                trait => trait.Key,
                trait => new TraitReport(JsonSerializer.Deserialize(trait.Value.Json.Span, AppJson.Default.JsonElement), Utc(trait.Value.Time))),
            DefinitionValues.Audiences(document, catalog),
            DefinitionValues.ComputedTraits(document, catalog),
            // Those of a merge that is not finished are on their way.
            [.. events.OfType<Evaluation.ProfileEvent>().Select(e => new EventReport(e.Name, Utc(e.Timestamp), e.MessageId, e.Properties.ValueKind == JsonValueKind.Undefined ? null : e.Properties))],
            Utc(document.LastMessage),
            document.Merging.IsEmpty ? null : true);
    }

    private static DateTime Utc(long ticks) => new(ticks, DateTimeKind.Utc);
}

/// <summary>What is known of a person.</summary>
/// <param name="Profile">The profile's id.</param>
/// <param name="Identifiers">By priority.</param>
/// <param name="Traits">By name.</param>
/// <param name="Audiences">Those that the person is in, or that Iterable was told of.</param>
/// <param name="ComputedTraits">Those that have a value, or that Iterable was told of.</param>
/// <param name="Events">The newest, newest first.</param>
/// <param name="LastMessage">When a message last arrived, UTC.</param>
/// <param name="Merging">Whether another profile is being merged into this one; events of it may be missing still.</param>
public sealed record ProfileReport(
    string Profile,
    IReadOnlyList<IdentifierReport> Identifiers,
    IReadOnlyDictionary<string, TraitReport> Traits,
    IReadOnlyList<AudienceReport> Audiences,
    IReadOnlyList<ComputedTraitReport> ComputedTraits,
    IReadOnlyList<EventReport> Events,
    DateTime LastMessage,
    bool? Merging);

/// <param name="Type">As <c>user_id</c>.</param>
/// <param name="Id">The id.</param>
/// <param name="Since">When the message happened that brought it, UTC.</param>
public sealed record IdentifierReport(string Type, string Id, DateTime Since);

/// <param name="Value">JSON.</param>
/// <param name="Time">When the message happened that set it, UTC.</param>
public sealed record TraitReport(JsonElement Value, DateTime Time);

/// <param name="Name">The event's name.</param>
/// <param name="Timestamp">When it happened, UTC.</param>
/// <param name="MessageId">Of its message.</param>
/// <param name="Properties">An object; null where it had none.</param>
public sealed record EventReport(string Name, DateTime Timestamp, string MessageId, JsonElement? Properties);
