namespace IterableFunctions.Tests;

public class SkeletonTests
{
    [Fact]
    public void Builds() => Assert.NotNull(typeof(Functions.Health));
}
