using System.Globalization;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Storage;

namespace IterableFunctions.Tests.Storage;

public sealed class ProfileCacheTests
{
    [Fact]
    public void It_keeps_64_MB_and_no_more_however_many_come()
    {
        using var cache = new ProfileCache();
        var document = new ProfileDocument { Traits = ProfileDocument.Tombstone.Traits.Add("long", new(new byte[1_000_000], 1, 1)) };

        for (var number = 0; number < 200; number++)
            cache.Keep(ExternalId.UserId($"u{number}"), new(number.ToString("x32", CultureInfo.InvariantCulture), document, null));

        Assert.InRange(Enumerable.Range(0, 200).Count(number => cache.Find(ExternalId.UserId($"u{number}")) is not null), 1, 67);
    }
}
