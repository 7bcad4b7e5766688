using System.Text.Json;
using System.Text.Json.Serialization;
using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Personas.Sync;

namespace IterableFunctions.Personas.Recording;

/// <summary>What the definitions come to for a person, and what Iterable was told of it. Pure.</summary>
public static class DefinitionValues
{
    /// <summary>The audiences that a person is in, or that Iterable was told of.</summary>
    public static IReadOnlyList<AudienceReport> Audiences(ProfileDocument document, Catalog catalog)
        => [.. Of(document, catalog, DefinitionKind.Audience).Select(known => new AudienceReport(
            known.Definition.Key, known.Definition.Name, known.Value is { } value ? !SyncPlan.IsEmpty(value.Json.Span) : null, Utc(known.Value?.Since), known.Told))];

    /// <summary>The computed traits that have a value, or that Iterable was told of.</summary>
    public static IReadOnlyList<ComputedTraitReport> ComputedTraits(ProfileDocument document, Catalog catalog)
        => [.. Of(document, catalog, DefinitionKind.ComputedTrait).Select(known => new ComputedTraitReport(
            known.Definition.Key, known.Definition.Name, known.Value is { } value ? Json(value.Json) : null, Utc(known.Value?.Since), known.Told))];

    private static IEnumerable<(DefinitionRecord Definition, KnownValue? Value, IReadOnlyList<ToldReport> Told)> Of(ProfileDocument document, Catalog catalog, DefinitionKind kind)
    {
        foreach (var definition in catalog.Records.Where(definition => definition.Kind == kind))
        {
            // What another query came to says nothing.
            var value = document.Values.GetValueOrDefault(definition.Key) is { } known && known.Version == definition.Version ? known : null;
            ToldReport[] told = [.. document.Told.Where(told => told.Key.Definition == definition.Key).Select(told => ToldReport.Of(told.Key.Identifier, told.Value))];
            if (value is not null || told.Length > 0)
                yield return (definition, value, told);
        }
    }

    internal static JsonElement Json(ReadOnlyMemory<byte> json) => JsonSerializer.Deserialize(json.Span, AppJson.Default.JsonElement);

    private static DateTime? Utc(long? ticks) => ticks is { } known ? new(known, DateTimeKind.Utc) : null;
}

/// <param name="Key">The audience's key.</param>
/// <param name="Name">Its name.</param>
/// <param name="Member">Whether the person is in it; null where the query as it stands now has not been evaluated for them yet.</param>
/// <param name="Since">Since when that is so, UTC.</param>
/// <param name="Told">What Iterable was told last, of each identifier.</param>
public sealed record AudienceReport(string Key, string Name, bool? Member, DateTime? Since, IReadOnlyList<ToldReport> Told);

/// <param name="Key">The computed trait's key.</param>
/// <param name="Name">Its name.</param>
/// <param name="Value">JSON; null where it is null, or the query as it stands now has not been evaluated for the person yet.</param>
/// <param name="Since">Since when it is that, UTC.</param>
/// <param name="Told">What Iterable was told last, of each identifier.</param>
public sealed record ComputedTraitReport(string Key, string Name, JsonElement? Value, DateTime? Since, IReadOnlyList<ToldReport> Told);

/// <summary>What Iterable was told last of one identifier.</summary>
/// <param name="Identifier">As <c>email:ann@example.com</c>.</param>
/// <param name="Value">JSON.</param>
/// <param name="State">Whether Iterable has it.</param>
/// <param name="When">When Iterable answered; while it has not, when it was decided to tell. UTC.</param>
/// <param name="Refusal">Iterable's code and words, where it refused that or a part of it.</param>
public sealed record ToldReport(string Identifier, JsonElement Value, ToldReportState State, DateTime When, string? Refusal)
{
    public static ToldReport Of(string identifier, Told told) => new(identifier, DefinitionValues.Json(told.Json), told.State switch
    {
        ToldState.Acknowledged => ToldReportState.Acknowledged,
        ToldState.Refused => ToldReportState.Refused,
        _ => ToldReportState.Unknown,
    }, new(told.When, DateTimeKind.Utc), told.Refusal);
}

/// <summary>Whether Iterable has what it was told.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ToldReportState>))]
public enum ToldReportState
{
    /// <summary>It has said so.</summary>
    [JsonStringEnumMemberName("acknowledged")]
    Acknowledged,

    /// <summary>On its way, or without an answer that counts; it is sent again.</summary>
    [JsonStringEnumMemberName("unknown")]
    Unknown,

    /// <summary>It has refused; it is not told again until the value changes.</summary>
    [JsonStringEnumMemberName("refused")]
    Refused,
}
