namespace IterableFunctions.Segment;

/// <summary>Settings <c>Segment__…</c>.</summary>
public sealed class SegmentOptions
{
    public const string Section = "Segment";

    /// <summary>The shared secret of the Segment webhook, with which it signs. Required.</summary>
    public string SharedSecret { get; set; } = "";

    /// <summary>
    /// Takes bodies that are a JSON array. Segment signs only the first element of such, so it needs <see cref="HeaderSecret"/> as well. Default false.
    /// </summary>
    public bool AcceptArrays { get; set; }

    /// <summary>What the custom header <c>X-Segment-Secret</c> of the Segment webhook must hold when the body is an array.</summary>
    public string? HeaderSecret { get; set; }
}
