using Azure.Data.Tables;
using IterableFunctions.Personas;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Runs;
using IterableFunctions.Readiness;
using IterableFunctions.Storage;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace IterableFunctions.Tests.Readiness;

/// <summary>When an hourly run is late, at twenty minutes past eleven unless a test says otherwise.</summary>
public sealed class HourCheckTests(AzuriteFixture azurite) : IClassFixture<AzuriteFixture>
{
    private static readonly DateTimeOffset Eleven = new(2026, 1, 31, 11, 0, 0, TimeSpan.Zero);

    private readonly RunTable _runs = new(new TableServiceClient(azurite.ConnectionString), Options.Create(new StorageOptions { TablePrefix = AzuriteFixture.Unique("hours") }));

    [Fact]
    public async Task App_that_has_just_been_deployed_is_not_late() => Assert.Null(await ReasonAsync());

    [Fact]
    public async Task App_that_was_deployed_within_the_hour_is_not_late_for_a_definition_that_was_saved_since()
    {
        await _runs.PutAsync(new() { Id = RunIds.OfBackfill("plan", resend: false, Eleven.AddMinutes(15)), Definition = "plan", Started = Eleven.AddMinutes(16).UtcDateTime }, CancellationToken.None);
        Assert.Null(await ReasonAsync());
        Assert.Equal("The hourly run of 2026-01-31 12:00:00Z has not begun.", await ReasonAsync(minutes: 72));
    }

    [Fact]
    public async Task Timer_that_has_never_fired_makes_the_first_hour_late()
    {
        var time = new FakeTimeProvider(Eleven.AddMinutes(-40));
        var check = CheckOf(time);
        time.Advance(TimeSpan.FromMinutes(51));
        Assert.Null(await check.ReasonAsync(CancellationToken.None));
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("The hourly run of 2026-01-31 11:00:00Z has not begun.", await check.ReasonAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Hour_is_late_however_many_before_it_were_missed()
    {
        await PutAsync(Eleven.AddHours(-5), ended: true);
        Assert.Equal("The hourly run of 2026-01-31 11:00:00Z has not begun.", await ReasonAsync());
    }

    [Fact]
    public async Task Hour_that_has_begun_after_one_that_has_ended_is_in_time()
    {
        await PutAsync(Eleven.AddHours(-1), ended: true);
        await PutAsync(Eleven, ended: false);
        Assert.Null(await ReasonAsync());
    }

    [Fact]
    public async Task Hour_that_has_not_begun_by_twelve_minutes_past_is_late()
    {
        await PutAsync(Eleven.AddHours(-1), ended: true);
        Assert.Null(await ReasonAsync(minutes: 11));
        Assert.Equal("The hourly run of 2026-01-31 11:00:00Z has not begun.", await ReasonAsync(minutes: 12));
    }

    [Fact]
    public async Task Hour_that_has_not_ended_when_the_next_has_begun_is_late()
    {
        await PutAsync(Eleven.AddHours(-1), ended: false);
        await PutAsync(Eleven, ended: false);
        Assert.StartsWith("The hourly run of 2026-01-31 10:00:00Z, which began at 2026-01-31 10:02:00Z, has not ended.", await ReasonAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_Personas_no_hour_is_late()
    {
        await PutAsync(Eleven.AddHours(-5), ended: false);
        Assert.Null(await ReasonAsync(enabled: false));
    }

    private Task PutAsync(DateTimeOffset hour, bool ended)
        => _runs.PutAsync(new() { Id = RunIds.OfHour(Hour.Containing(hour)), Started = hour.AddMinutes(2).UtcDateTime, Finished = ended ? hour.AddMinutes(3).UtcDateTime : null }, CancellationToken.None);

    private Task<string?> ReasonAsync(int minutes = 20, bool enabled = true)
        => CheckOf(new FakeTimeProvider(Eleven.AddMinutes(minutes)), enabled).ReasonAsync(CancellationToken.None);

    private HourCheck CheckOf(TimeProvider time, bool enabled = true) => new(_runs, Options.Create(new PersonasOptions { Enabled = enabled }), time);
}
