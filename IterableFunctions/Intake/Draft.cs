using IterableFunctions.Iterable;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Personas.Recording;

namespace IterableFunctions.Intake;

/// <summary>A message on its way through: what is still to be done with it, and what has become of it.</summary>
internal sealed class Draft
{
    public required string? MessageId { get; init; }

    /// <summary>What profiles take from it; null when nothing is to be recorded.</summary>
    public ProfileMessage? Recordable { get; init; }

    /// <summary>Whom it asks to delete; null when nobody.</summary>
    public ExternalId? Deletes { get; init; }

    /// <summary>The call that it becomes; null when nothing is to be sent.</summary>
    public IterableRequest? Request { get; set; }

    /// <summary>A call that has to be made before it; null when none.</summary>
    public IterableRequest? First { get; set; }

    /// <summary>The profile that it stands in; null until it does.</summary>
    public Recording.Recorded? Recorded { get; set; }

    /// <summary>What of it had to be left out.</summary>
    public string? Warning { get; init; }

    /// <summary>What has become of it, or will have when what is still to be done is done; null as long as delivering decides that.</summary>
    public MessageResult? Result { get; set; }
}
