using IterableFunctions.Delivering;

namespace IterableFunctions.Tests.Delivering;

public class RetryScheduleTests
{
    [Theory]
    [InlineData(0, 5)]
    [InlineData(1, 5)]
    [InlineData(2, 10)]
    [InlineData(5, 80)]
    [InlineData(10, 2560)]
    [InlineData(11, 3600)]
    [InlineData(1000, 3600)]
    public void Wait_doubles_from_five_seconds_to_an_hour(int attempts, double seconds)
        => Assert.Equal(seconds, RetrySchedule.After(attempts, named: null, random: 0.5).TotalSeconds, precision: 3);

    [Fact]
    public void Wait_strays_by_a_fifth_to_either_side()
    {
        Assert.Equal(4, RetrySchedule.After(1, null, 0).TotalSeconds, precision: 3);
        Assert.Equal(6, RetrySchedule.After(1, null, 1).TotalSeconds, precision: 3);
    }

    [Fact]
    public void Wait_that_an_answer_names_is_never_undercut_and_strays_upward_only()
    {
        Assert.Equal(TimeSpan.FromSeconds(90), RetrySchedule.After(1, TimeSpan.FromSeconds(90), random: 0));
        Assert.Equal(TimeSpan.FromSeconds(108), RetrySchedule.After(1, TimeSpan.FromSeconds(90), random: 1));
        Assert.Equal(TimeSpan.FromSeconds(5), RetrySchedule.After(1, TimeSpan.FromSeconds(1), 0.5));
    }

    [Fact]
    public void Wait_that_an_answer_names_is_not_taken_beyond_the_longest()
    {
        Assert.Equal(TimeSpan.FromHours(1), RetrySchedule.After(1, TimeSpan.FromDays(30), random: 0));
    }
}
