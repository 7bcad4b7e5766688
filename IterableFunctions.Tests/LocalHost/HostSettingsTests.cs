using IterableFunctions.LocalHost;

namespace IterableFunctions.Tests.LocalHost;

public sealed class HostSettingsTests : IDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.json");

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void Without_any_settings_everything_is_local()
    {
        var settings = HostSettings.Read([], []);
        Assert.Equal(new Uri("http://localhost:7071"), settings.Address);
        Assert.Equal(AzuritePorts.Default, settings.Azurite);
        Assert.Equal("local-secret", settings.Values["Segment:SharedSecret"]);
        Assert.Equal("00:00:02", settings.Values["Personas:BackfillDelay"]);
        Assert.Equal("00:10:00", settings.Values["LocalHost:QueueLease"]);
        Assert.Equal("4", settings.Values["AzureFunctionsJobHost:extensions:queues:batchSize"]);
        Assert.True(settings.Sandbox);
        Assert.Equal(("sandbox", "http://127.0.0.1:7071/sandbox"), (settings.Values["Iterable:ApiKey"], settings.Values["Iterable:BaseUrl"]));
        Assert.True(settings.SandboxSegment);
        Assert.Equal(("sandbox", "http://127.0.0.1:7071/sandbox/segment"), (settings.Values["Segment:WriteKey"], settings.Values["Segment:BaseUrl"]));
        Assert.Equal("local-webhook-token", settings.Values["Iterable:WebhookSecret"]);
    }

    [Fact]
    public void With_a_write_key_there_is_no_sandbox_source()
    {
        var settings = HostSettings.Read([], Told(("Segment__WriteKey", "0123")));
        Assert.False(settings.SandboxSegment);
        Assert.DoesNotContain("Segment:BaseUrl", settings.Values.Keys);
        Assert.True(settings.Sandbox);
    }

    [Fact]
    public void With_an_Iterable_key_there_is_no_sandbox()
    {
        var settings = HostSettings.Read([], Told(("Iterable__ApiKey", "0123")));
        Assert.False(settings.Sandbox);
        Assert.DoesNotContain("Iterable:BaseUrl", settings.Values.Keys);
    }

    [Fact]
    public void The_later_of_two_settings_wins_and_an_empty_one_counts_as_unset()
    {
        var settings = HostSettings.Read([], Told(("Segment__SharedSecret", "file"), ("segment__sharedsecret", "environment"), ("Personas__BackfillDelay", "")));
        Assert.Equal(("environment", "00:00:02"), (settings.Values["Segment:SharedSecret"], settings.Values["Personas:BackfillDelay"]));
    }

    [Fact]
    public void Azurite_may_use_other_ports_and_then_has_a_folder_of_its_own()
    {
        var settings = HostSettings.Read([], Told(("LocalHost__AzuritePort", "11000")));
        Assert.Equal(new AzuritePorts(11000, 11001, 11002), settings.Azurite);
        Assert.Contains("QueueEndpoint=http://127.0.0.1:11001/", settings.Values["AzureWebJobsStorage"], StringComparison.Ordinal);
        Assert.NotEqual(HostSettings.Read([], []).DataFolder, settings.DataFolder);
    }

    [Fact]
    public void Storage_elsewhere_needs_no_Azurite()
        => Assert.Null(HostSettings.Read([], Told(("AzureWebJobsStorage", AzuritePorts.Default.ConnectionString))).Azurite);

    [Fact]
    public void Port_0_is_replaced_by_a_free_one_which_the_sandbox_s_address_has_too()
    {
        var settings = HostSettings.Read(["--urls", "http://127.0.0.1:0"], []);
        Assert.NotEqual(0, settings.Address.Port);
        Assert.Equal($"http://127.0.0.1:{settings.Address.Port}/sandbox", settings.Values["Iterable:BaseUrl"]);
    }

    [Fact]
    public void Options_are_read_with_a_space_or_an_equals_sign()
    {
        var settings = HostSettings.Read(["--urls=http://[::1]:7072", "--time-offset", "31.00:00:00", "--demo"], []);
        Assert.Equal((new Uri("http://[::1]:7072"), TimeSpan.FromDays(31), true), (settings.Address, settings.TimeOffset, settings.Demo));
    }

    [Theory]
    [InlineData("There is no option --port. The options are --urls URL, --time-offset d.hh:mm:ss and --demo.", "--port", "7072")]
    [InlineData("--urls needs a value. The options are --urls URL, --time-offset d.hh:mm:ss and --demo.", "--urls")]
    [InlineData("--urls http://0.0.0.0:7071 is not a loopback address, and the local host checks no function keys: use localhost, 127.0.0.1 or [::1].", "--urls", "http://0.0.0.0:7071")]
    [InlineData("--urls http://+:7071 is not an address to listen on; it takes one such as http://127.0.0.1:7071.", "--urls", "http://+:7071")]
    [InlineData("--urls https://localhost:7071 is not an address to listen on; it takes one such as http://127.0.0.1:7071.", "--urls", "https://localhost:7071")]
    [InlineData("--time-offset a month is not a span of time forward; it takes d.hh:mm:ss, such as 31.00:00:00.", "--time-offset", "a month")]
    [InlineData("--time-offset -1.00:00:00 is not a span of time forward; it takes d.hh:mm:ss, such as 31.00:00:00.", "--time-offset", "-1.00:00:00")]
    public void A_command_line_that_cannot_be_understood_is_refused_in_one_sentence(string sentence, params string[] args)
    {
        var refused = Assert.Throws<StartException>(() => HostSettings.Read(args, []));
        Assert.Equal((sentence, 2), (refused.Message, refused.ExitCode));
    }

    [Theory]
    [InlineData("LocalHost__QueueLease", "0", "LocalHost__QueueLease is 0; it takes hh:mm:ss, from 00:00:01 to 7.00:00:00.")]
    [InlineData("LocalHost__QueueLease", "soon", "LocalHost__QueueLease is soon; it takes hh:mm:ss, from 00:00:01 to 7.00:00:00.")]
    [InlineData("LocalHost__AzuritePort", "high", "LocalHost__AzuritePort is high; it takes the first of three port numbers in a row, such as 10000.")]
    public void A_setting_that_cannot_be_understood_is_refused_in_one_sentence(string name, string value, string sentence)
        => Assert.Equal(sentence, Assert.Throws<StartException>(() => HostSettings.Read([], Told((name, value)))).Message);

    [Fact]
    public void The_values_of_a_settings_file_are_read()
    {
        File.WriteAllText(_file, """{ "IsEncrypted": false, "Values": { /* mine */ "Segment__SharedSecret": "mine", "Personas__Enabled": false, } }""");
        Assert.Equivalent(Told(("Personas__Enabled", "False"), ("Segment__SharedSecret", "mine")), HostSettings.LocalSettings(_file));
    }

    [Fact]
    public void A_settings_file_that_is_not_JSON_is_named()
    {
        File.WriteAllText(_file, "{ no JSON");
        var refused = Assert.Throws<StartException>(() => HostSettings.LocalSettings(_file));
        Assert.StartsWith($"{_file} is not valid JSON: ", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_settings_file_need_not_exist() => Assert.Empty(HostSettings.LocalSettings(_file));

    private static IEnumerable<KeyValuePair<string, string?>> Told(params (string Name, string Value)[] settings)
        => settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value));
}
