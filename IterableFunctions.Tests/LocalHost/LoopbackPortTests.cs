using IterableFunctions.LocalHost;

namespace IterableFunctions.Tests.LocalHost;

public sealed class LoopbackPortTests
{
    [Fact]
    public async Task Port_that_was_given_is_not_given_again_though_nobody_listens_on_it_yet()
    {
        var given = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Enumerable.Range(0, 50).Select(n => (First: LoopbackPort.Free(1 + (n % 3)), Count: 1 + (n % 3))).ToList())));

        var ports = given.SelectMany(those => those).SelectMany(some => Enumerable.Range(some.First, some.Count)).ToList();
        Assert.Equal(ports.Count, ports.Distinct().Count());
        Assert.All(ports, port => Assert.InRange(port, 20_000, 31_999));
    }
}
