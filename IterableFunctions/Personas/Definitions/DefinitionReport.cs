using System.Text.Json.Serialization;
using IterableFunctions.Personas.Evaluation;

namespace IterableFunctions.Personas.Definitions;

/// <summary>A definition as it is shown: what was said of it, and what became of that.</summary>
public sealed record DefinitionReport
{
    public required string Key { get; init; }

    /// <summary><c>audience</c> or <c>computedTrait</c>.</summary>
    public required string Kind { get; init; }

    public required string Name { get; init; }

    /// <summary>As it was written.</summary>
    public required string Query { get; init; }

    /// <summary>As it was read.</summary>
    public required string CanonicalQuery { get; init; }

    public string? Description { get; init; }

    public required bool Enabled { get; init; }

    public required bool SendIdentify { get; init; }

    public required bool SendTrack { get; init; }

    public string? EnterEvent { get; init; }

    public string? ExitEvent { get; init; }

    public string? TrackEvent { get; init; }

    public required bool IncludeAnonymousUsers { get; init; }

    public required CadenceReport Cadence { get; init; }

    public required DefinitionState State { get; init; }

    /// <summary>The run that brings every profile up to it; null where none goes on.</summary>
    public string? Run { get; init; }

    /// <summary>How far that run is, from 0 to 1. Null where it was not asked for, or has not begun.</summary>
    public double? Progress { get; init; }

    /// <summary>UTC.</summary>
    public required DateTime Created { get; init; }

    /// <summary>UTC.</summary>
    public required DateTime Changed { get; init; }

    /// <summary>When the last run ended that brought every profile up to it, UTC; null before the first.</summary>
    public DateTime? LastSync { get; init; }

    /// <summary>How many are in it, or have a value that is not empty. Null where it was not counted.</summary>
    public int? Size { get; init; }

    /// <summary>Whether counting ended before all were counted.</summary>
    public bool? SizeIsAtLeast { get; init; }

    /// <summary>How many of those Iterable cannot be told of, for want of an email and a userId.</summary>
    public int? NotAddressable { get; init; }

    /// <summary>What is odd about it as it was saved.</summary>
    public IReadOnlyList<string>? Warnings { get; init; }

    /// <param name="definition">The definition.</param>
    /// <param name="catalog">That it stands in.</param>
    public static DefinitionReport Of(DefinitionRecord definition, Catalog catalog)
    {
        var compiled = catalog.Set.Definitions.First(other => other.Key == definition.Key);
        var isAudience = definition.Kind == DefinitionKind.Audience;
        return new()
        {
            Key = definition.Key,
            Kind = NameOf(definition.Kind),
            Name = definition.Name,
            Query = definition.Query,
            CanonicalQuery = compiled.CanonicalText,
            Description = definition.Description,
            Enabled = definition.Enabled,
            SendIdentify = definition.SendIdentify,
            SendTrack = definition.SendTrack,
            EnterEvent = isAudience ? definition.EnterEvent : null,
            ExitEvent = isAudience ? definition.ExitEvent : null,
            TrackEvent = isAudience ? null : definition.TrackEvent,
            IncludeAnonymousUsers = definition.IncludeAnonymousUsers,
            Cadence = CadenceReport.Of(compiled.Cadence),
            State = definition switch
            {
                { Retiring: true } => DefinitionState.Retiring,
                { Enabled: false } => DefinitionState.Disabled,
                { Run: not null } => DefinitionState.Backfilling,
                _ => DefinitionState.Live,
            },
            Run = definition.Run,
            Created = definition.Created,
            Changed = definition.Changed,
            LastSync = definition.Synced,
        };
    }

    public static string NameOf(DefinitionKind kind) => kind == DefinitionKind.Audience ? "audience" : "computedTrait";
}

/// <summary>What becomes of a definition's values.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DefinitionState>))]
public enum DefinitionState
{
    /// <summary>Iterable is told, while a run brings every profile up to it.</summary>
    [JsonStringEnumMemberName("backfilling")]
    Backfilling,

    /// <summary>Iterable is told of what changes.</summary>
    [JsonStringEnumMemberName("live")]
    Live,

    /// <summary>It is evaluated, and Iterable is told nothing.</summary>
    [JsonStringEnumMemberName("disabled")]
    Disabled,

    /// <summary>Everybody leaves it; then it goes.</summary>
    [JsonStringEnumMemberName("retiring")]
    Retiring,
}

/// <summary>When a definition is evaluated.</summary>
/// <param name="Kind"><c>realTime</c> or <c>hourly</c>.</param>
/// <param name="Part">For hourly: the first part of the query that makes it so.</param>
/// <param name="Reason">For hourly: why that part does.</param>
public sealed record CadenceReport(string Kind, string? Part, string? Reason)
{
    public static CadenceReport Of(Cadence cadence) => new(cadence.IsHourly ? "hourly" : "realTime", cadence.Part, cadence.Reason);
}

public sealed record DefinitionReports(IReadOnlyList<DefinitionReport> Definitions);
