using CsCheck;

namespace IterableFunctions.Tests.Personas.Worlds;

/// <summary>
/// Random worlds, hour by hour on a clock of their own: persons, definitions, and what goes wrong. After each hour what Iterable knows equals what a scan of all events comes to. LONG_TESTS=1 runs
/// more of them, and longer ones.
/// </summary>
public sealed class WorldTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private static bool IsLong => Environment.GetEnvironmentVariable("LONG_TESTS") == "1";

    [Fact]
    public Task In_a_quiet_world_Iterable_knows_every_value_and_no_call_says_what_it_knew() => LiveAsync(Trouble.None, worlds: 6);

    [Fact]
    public Task Two_instances_tell_as_one() => LiveAsync(Trouble.Crowd, worlds: 6);

    [Fact]
    public Task Whatever_fails_Iterable_knows_every_value_in_the_end() => LiveAsync(Trouble.Everything, worlds: 10);

    [Fact]
    public Task Worlds_on_Azurite_end_as_those_in_memory() => LiveAsync(Trouble.Everything, worlds: 1, azurite.ConnectionString);

    private static int? Env(string name) => int.TryParse(Environment.GetEnvironmentVariable(name), out var n) ? n : null;

    private static Task LiveAsync(Trouble trouble, int worlds, string? azurite = null)
        => WorldPlan.Gen(trouble, persons: IsLong ? 6 : 3, days: Env("WORLD_DAYS") ?? (IsLong && azurite is null ? 21 : 1)).SampleAsync(
            async plan =>
            {
                await using var run = new WorldRun(plan, azurite);
                await run.LiveAsync();
                Assert.True(run.Hours > 0);
            },
            iter: Env("WORLD_COUNT") is { } n ? n : IsLong ? worlds * 20 : worlds,
            threads: 1,
            seed: Environment.GetEnvironmentVariable("WORLD_SEED"));
}
