using System.Collections.Immutable;
using IterableFunctions.Personas.Evaluation;

namespace IterableFunctions.Personas.Profiles;

/// <summary>
/// The documents' part of a merge: the survivor lists the loser, the loser is sealed as a redirect that keeps what it knew, the survivor joins that into its own, and, when
/// the rows have moved, strikes the loser off. Pure; every step can be taken twice.
/// </summary>
public static class ProfileMerge
{
    /// <summary>The survivor with a loser listed, and room kept for its ids.</summary>
    public static ProfileDocument List(ProfileDocument survivor, Person loser)
        => Replace(survivor, new(loser.Profile, [.. loser.Document.AllIds], Joined: false));

    /// <summary>The loser as a redirect.</summary>
    public static ProfileDocument Seal(ProfileDocument loser, string survivor) => loser with { Kind = ProfileKind.Redirect, RedirectTo = survivor };

    /// <summary>
    /// The survivor with all that the loser knew: of each trait the newest value, of everything sent the newest time. States are dropped: they are built anew from the rows, for
    /// what two profiles counted cannot be added up while messages may stand in both.
    /// </summary>
    public static ProfileDocument Join(ProfileDocument survivor, Person loser, string survivorProfile)
    {
        var (listed, other) = (survivor.Merging.Single(absorption => absorption.Profile == loser.Profile), loser.Document);
        if (listed.Joined)
            return survivor;

        var traits = survivor.Traits.ToBuilder();
        foreach (var (name, trait) in other.Traits)
        {
            if (!traits.TryGetValue(name, out var own) || trait.IsNewerThan(own))
                traits[name] = trait;
        }

        var sent = survivor.Sent.ToBuilder();
        foreach (var (address, times) in other.Sent)
            sent[address] = sent.TryGetValue(address, out var own) ? own.Join(times) : times;

        var joined = survivor with
        {
            Ids = [.. survivor.Ids.Concat(other.Ids).DistinctBy(known => known.Id).OrderBy(known => known.Since)],
            Traits = traits.ToImmutable(),
            Sent = sent.ToImmutable(),
            Recent = ProfileFold.Newest(other.Recent.Concat(survivor.Recent.Reverse())),
            States = LeafStates.None,
            BuiltThrough = 0,
            EvaluatedHour = survivor.EvaluatedHour > other.EvaluatedHour ? survivor.EvaluatedHour : other.EvaluatedHour,
            // What was last evaluated was half a person; until the whole is, nothing new is told of it.
            Values = survivor.Values.SetItems(other.Values.Where(value => !survivor.Values.ContainsKey(value.Key))).ToImmutableSortedDictionary(value => value.Key, value => value.Value with { Version = 0 }, StringComparer.Ordinal),
            Told = survivor.Told.SetItems(other.Told.Select(told => KeyValuePair.Create(told.Key, survivor.Told.TryGetValue(told.Key, out var own) ? Join(own, told.Value) : told.Value))),
            Lease = survivor.Lease.Until >= other.Lease.Until ? survivor.Lease : other.Lease,
            BulkAt = Math.Max(survivor.BulkAt, other.BulkAt),
            Carrier = survivor.Carrier ?? other.Carrier,
            Created = Math.Min(survivor.Created, other.Created),
            LastMessage = Math.Max(survivor.LastMessage, other.LastMessage),
            // What the loser was absorbing itself.
            Merging = [.. survivor.Merging.Concat(other.Merging.Where(absorption => absorption.Profile != survivorProfile)).DistinctBy(absorption => absorption.Profile)],
        };
        return Replace(joined, listed with { Joined = true });
    }

    /// <summary>The survivor without a loser: its rows have moved, or it is not to be merged after all. The rows count as those of a fold, so that no build passes over them.</summary>
    public static ProfileDocument Strike(ProfileDocument survivor, string loser)
        => survivor with { Merging = survivor.Merging.RemoveAll(absorption => absorption.Profile == loser), Folds = survivor.Folds + 1 };

    /// <summary>A redirect that says where to and nothing about anybody.</summary>
    public static ProfileDocument Strip(ProfileDocument redirect) => new() { Kind = ProfileKind.Redirect, RedirectTo = redirect.RedirectTo };

    /// <summary>Of two tellings to one identifier nobody knows which landed last.</summary>
    private static Told Join(Told one, Told other) => (one.Number >= other.Number ? one : other) with { State = ToldState.Unknown, HasLanded = true };

    private static ProfileDocument Replace(ProfileDocument survivor, Absorption absorption)
        => survivor with { Merging = [.. survivor.Merging.RemoveAll(other => other.Profile == absorption.Profile), absorption] };
}
