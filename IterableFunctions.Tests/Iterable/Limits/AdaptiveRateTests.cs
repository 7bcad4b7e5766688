using IterableFunctions.Iterable.Limits;
using Microsoft.Extensions.Time.Testing;

namespace IterableFunctions.Tests.Iterable.Limits;

public class AdaptiveRateTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Rate_starts_at_a_quarter_of_the_limit() => Assert.Equal(500, new AdaptiveRate(2_000, _time).Current);

    [Fact]
    public void Rate_of_an_instance_that_is_never_refused_reaches_the_limit_in_ten_seconds_and_stays()
    {
        var rate = new AdaptiveRate(2_000, _time);
        Succeed(rate, TimeSpan.FromSeconds(10));
        Assert.Equal(2_000, rate.Current, precision: 3);
        Succeed(rate, TimeSpan.FromSeconds(10));
        Assert.Equal(2_000, rate.Current);
    }

    [Fact]
    public void Time_without_calls_is_no_reason_to_grow()
    {
        var rate = new AdaptiveRate(2_000, _time);
        _time.Advance(TimeSpan.FromHours(1));
        rate.Succeeded();
        Assert.InRange(rate.Current, 500, 600);
    }

    [Fact]
    public void Refusal_halves_the_rate_once_a_pause()
    {
        var rate = new AdaptiveRate(2_000, _time);
        var underWay = _time.GetTimestamp();
        _time.Advance(TimeSpan.FromMilliseconds(10));

        rate.Refused(underWay, TimeSpan.FromSeconds(2));
        rate.Refused(underWay, TimeSpan.FromSeconds(2));
        Assert.Equal(250, rate.Current);

        _time.Advance(TimeSpan.FromSeconds(2));
        rate.Refused(_time.GetTimestamp(), null);
        Assert.Equal(125, rate.Current);
    }

    [Fact]
    public void Rate_is_never_below_one_call_a_second()
    {
        var rate = new AdaptiveRate(5, _time);
        for (var refusal = 0; refusal < 20; refusal++)
        {
            _time.Advance(TimeSpan.FromSeconds(2));
            rate.Refused(_time.GetTimestamp(), null);
        }

        Assert.Equal(1, rate.Current);
    }

    [Fact]
    public void Pause_is_what_the_answer_names_else_a_second_and_at_most_a_minute()
    {
        var rate = new AdaptiveRate(100, _time);
        Assert.Equal(TimeSpan.Zero, rate.PauseLeft);
        rate.Refused(_time.GetTimestamp(), null);
        Assert.Equal(TimeSpan.FromSeconds(1), rate.PauseLeft);
        rate.Refused(_time.GetTimestamp(), TimeSpan.FromSeconds(7));
        Assert.Equal(TimeSpan.FromSeconds(7), rate.PauseLeft);
        rate.Refused(_time.GetTimestamp(), TimeSpan.FromSeconds(3));
        Assert.Equal(TimeSpan.FromSeconds(7), rate.PauseLeft);
        rate.Refused(_time.GetTimestamp(), TimeSpan.FromDays(3));
        Assert.Equal(TimeSpan.FromMinutes(1), rate.PauseLeft);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(TimeSpan.Zero, rate.PauseLeft);
    }

    [Fact]
    public void Success_brings_a_refused_rate_back_to_the_limit_within_a_minute()
    {
        var rate = new AdaptiveRate(2_000, _time);
        Succeed(rate, TimeSpan.FromSeconds(10));
        for (var refusal = 0; refusal < 20; refusal++)
        {
            _time.Advance(TimeSpan.FromSeconds(2));
            rate.Refused(_time.GetTimestamp(), null);
        }

        Succeed(rate, TimeSpan.FromSeconds(55));
        Assert.InRange(rate.Current, 1_800, 1_900);
        Succeed(rate, TimeSpan.FromSeconds(5));
        Assert.Equal(2_000, rate.Current);
    }

    [Theory]
    [InlineData(1.0, 500.0)]
    [InlineData(300.0, 400.0)]
    public void Instances_that_share_a_limit_meet_at_fair_shares(double first, double second)
    {
        const double Limit = 500;
        var rates = new[] { Grown(first), Grown(second) };
        for (var tick = 0; tick < 600; tick++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(250));
            // Whoever makes more of the calls meets more of the refusals; here each tick one call is refused, and it is theirs in proportion.
            if (rates[0].Current + rates[1].Current > Limit)
                rates.MaxBy(rate => rate.Current)!.Refused(_time.GetTimestamp(), TimeSpan.FromMilliseconds(100));
            foreach (var rate in rates)
                rate.Succeeded();
        }

        Assert.InRange(rates[0].Current / rates[1].Current, 0.45, 2.2);
        Assert.InRange(rates[0].Current + rates[1].Current, Limit / 2, Limit * 1.05);

        AdaptiveRate Grown(double to)
        {
            var rate = new AdaptiveRate(Limit, _time);
            while (rate.Current > to)
            {
                _time.Advance(TimeSpan.FromSeconds(2));
                rate.Refused(_time.GetTimestamp(), null);
            }

            while (rate.Current < to - 10)
                Succeed(rate, TimeSpan.FromMilliseconds(100));
            return rate;
        }
    }

    private void Succeed(AdaptiveRate rate, TimeSpan during)
    {
        for (var step = TimeSpan.FromMilliseconds(100); during > TimeSpan.Zero; during -= step)
        {
            _time.Advance(step);
            rate.Succeeded();
        }
    }
}
