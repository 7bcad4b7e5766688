using System.Text.Json;
using IterableFunctions.Personas.Definitions;

namespace IterableFunctions.Personas.Previews;

/// <summary>What a definition would come to, judged by a sample.</summary>
/// <param name="CanonicalQuery">The query as it was read.</param>
/// <param name="Cadence">When it would be evaluated.</param>
/// <param name="Estimate">How many would be in it, or have a value that is not empty.</param>
/// <param name="IsExact">Whether that is counted and not estimated.</param>
/// <param name="Profiles">How many profiles there are that it would be evaluated for, estimated unless <paramref name="IsExact"/>.</param>
/// <param name="Sampled">How many of them were evaluated.</param>
/// <param name="Matched">How many of those would be in it, or have a value that is not empty.</param>
/// <param name="Method">How the estimate was made, for people.</param>
/// <param name="Members">Some of those that matched.</param>
/// <param name="Values">Of a computed trait: the commonest values, commonest first.</param>
public sealed record PreviewReport(
    string CanonicalQuery, CadenceReport Cadence, long Estimate, bool IsExact, long Profiles, int Sampled, int Matched, string Method, IReadOnlyList<PreviewMember> Members, IReadOnlyList<PreviewValue>? Values);

/// <param name="Profile">The profile's id.</param>
/// <param name="Identifiers">As <c>email:ann@example.com</c>, by priority.</param>
/// <param name="Value">Of a computed trait.</param>
public sealed record PreviewMember(string Profile, IReadOnlyList<string> Identifiers, JsonElement? Value);

/// <param name="Value">JSON.</param>
/// <param name="Profiles">How many of the sample have it.</param>
public sealed record PreviewValue(JsonElement Value, int Profiles);
