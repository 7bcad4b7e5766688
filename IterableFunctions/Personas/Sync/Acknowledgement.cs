using IterableFunctions.Personas.Profiles;

namespace IterableFunctions.Personas.Sync;

/// <summary>How a telling ended.</summary>
/// <param name="Key">Which.</param>
/// <param name="Number">Its number.</param>
/// <param name="State">Acknowledged or refused; unknown where nobody can say, or it was not sent.</param>
/// <param name="Refusal">What Iterable refused, of an acknowledged one too: one of its two calls.</param>
/// <param name="OneWith">The identifier whose user this one's is as well by now; null where that is not known.</param>
public sealed record Answer(ToldKey Key, long Number, ToldState State, string? Refusal = null, string? OneWith = null);

/// <summary>Takes Iterable's answers into a document. Pure.</summary>
public static class Acknowledgement
{
    /// <summary>Doubts all that Iterable was told of a definition, so that it is told once more, under the same numbers.</summary>
    public static ProfileDocument Forget(ProfileDocument document, string definition)
    {
        var told = document.Told.ToBuilder();
        foreach (var (key, before) in document.Told)
        {
            if (key.Definition == definition && !SyncPlan.IsEmpty(before.Json.Span))
                told[key] = before with { State = ToldState.Unknown, HasLanded = before.HasLanded || before.State == ToldState.Acknowledged };
        }

        return document with { Told = told.ToImmutable() };
    }

    /// <summary>Takes answers.</summary>
    /// <param name="document">As it stands now.</param>
    /// <param name="answers">How the tellings ended.</param>
    /// <param name="inTime">
    /// Whether whoever sent them still holds the lease. Else somebody else may have told Iterable something since, and this call may have landed last: what stands there is unknown.
    /// </param>
    /// <param name="now">UTC ticks.</param>
    public static ProfileDocument Take(ProfileDocument document, IEnumerable<Answer> answers, bool inTime, long now)
    {
        var told = document.Told.ToBuilder();
        foreach (var answer in answers.Where(answer => answer.State != ToldState.Unknown || !inTime))
        {
            if (!told.TryGetValue(answer.Key, out var before))
            {
                // An email has taken it over meanwhile, and stands for the same user.
                foreach (var key in document.Told.Keys.Where(key => key.Definition == answer.Key.Definition))
                    told[key] = told[key] with { State = ToldState.Unknown, HasLanded = true };
                continue;
            }

            told[answer.Key] = inTime && before.Number == answer.Number
                ? before with { State = answer.State, When = now, IsTakeover = false, Refusal = answer.Refusal }
                : before with { State = ToldState.Unknown, HasLanded = true };
            if (answer.OneWith is { } former && told[answer.Key].State == ToldState.Acknowledged)
                told.Remove(answer.Key with { Identifier = former });
        }

        return document with { Told = told.ToImmutable() };
    }
}
