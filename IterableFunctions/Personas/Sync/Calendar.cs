using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Storage;

namespace IterableFunctions.Personas.Sync;

/// <summary>
/// When profiles have to be looked at though nothing arrives. A document lists the hours for which it has rows in the table <c>Due</c>; a row is inserted before the document that needs it is
/// written, so that no look is ever missed, at the cost of some that find nothing.
/// </summary>
public sealed class Calendar(DueTable due)
{
    /// <summary>Makes sure of a look at an hour, or before.</summary>
    /// <param name="profile">The profile's id.</param>
    /// <param name="document">The document that is about to be written.</param>
    /// <param name="needed">The hour; null where no look is needed.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public async Task<ProfileDocument> ArmAsync(string profile, ProfileDocument document, Hour? needed, CancellationToken cancellation)
    {
        if (needed is not { } hour || document.Due.Any(outstanding => outstanding <= hour))
            return document;
        await due.AddAsync(profile, hour, attempts: 0, cancellation);
        return document with { Due = [.. document.Due.Append(hour).Order()] };
    }
}
