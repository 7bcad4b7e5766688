using CsCheck;
using Xunit.Abstractions;

namespace IterableFunctions.Tests.Personas.Worlds;

/// <summary>
/// Random worlds, hour by hour on a clock of their own: persons, definitions, and what goes wrong. After each hour what Iterable knows equals what a scan of all events comes to. LONG_TESTS=1 runs
/// more of them, and longer ones. CsCheck_Seed, which a failure names, runs one again; where there are two instances it may take another course.
/// </summary>
public sealed class WorldTests(AzuriteFixture azurite, ITestOutputHelper output) : IClassFixture<AzuriteFixture>
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

    private async Task LiveAsync(Trouble trouble, int worlds, string? azurite = null)
    {
        var gate = new Lock();
        var (lived, hours, calls, unanswered, deaths) = (0, 0, 0, 0, 0);
        await WorldPlan.Gen(trouble, persons: IsLong ? 6 : 3, days: IsLong && azurite is null ? 21 : 1).SampleAsync(
            async plan =>
            {
                await using var run = new WorldRun(plan, azurite);
                await run.LiveAsync();
                Assert.True(run.Hours > 24);
                lock (gate)
                    (lived, hours, calls, unanswered, deaths) = (lived + 1, hours + run.Hours, calls + run.Calls, unanswered + run.Unanswered, deaths + run.Deaths);
            },
            iter: IsLong ? worlds * 3 : worlds,
            // Most of the time goes into waiting for what never answers.
            threads: IsLong ? 4 : 1);
        output.WriteLine($"{trouble}: {lived} worlds, {hours} hours compared, {calls} calls, {unanswered} of them without an answer that says so, {deaths} deaths");
    }
}
