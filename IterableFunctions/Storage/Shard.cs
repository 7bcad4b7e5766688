using System.Globalization;

namespace IterableFunctions.Storage;

/// <summary>Profiles in 64 parts of about the same size, by the first two digits of their random ids, so that work on all of them is done in parts at the same time.</summary>
/// <param name="Number">0 to 63.</param>
public readonly record struct Shard(int Number)
{
    public const int Count = 64;

    public static IEnumerable<Shard> All => Enumerable.Range(0, Count).Select(number => new Shard(number));

    /// <summary>The shard of a profile.</summary>
    public static Shard Of(string profile) => new(int.Parse(profile.AsSpan(0, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) / (256 / Count));

    /// <summary>How much of the shard lies at and before a profile's id: ids are evenly spread. From 0 to 1.</summary>
    public double PartThrough(string? profile)
        => profile is null ? 0 : (uint.Parse(profile.AsSpan(0, 8), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture) - (Number * (double)(1L << 26))) / (1L << 26);

    /// <summary>Two digits.</summary>
    public override string ToString() => Number.ToString("D2", CultureInfo.InvariantCulture);
}
