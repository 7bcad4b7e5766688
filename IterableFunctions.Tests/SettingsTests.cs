using IterableFunctions.LocalHost;
using Microsoft.Extensions.Configuration;

namespace IterableFunctions.Tests;

/// <summary>Settings that end the start, each with a sentence that names it. As in Azure: nothing is set but what the test sets.</summary>
public class SettingsTests
{
    private static readonly Dictionary<string, string?> Complete = new()
    {
        ["Segment__SharedSecret"] = "s",
        ["Iterable__ApiKey"] = "k",
        ["AzureWebJobsStorage"] = "UseDevelopmentStorage=true",
    };

    [Fact]
    public void Three_settings_are_enough() => Assert.Empty(Check());

    [Theory]
    [InlineData("Segment__SharedSecret", null, "Segment__SharedSecret is not set")]
    [InlineData("Segment__SharedSecret", " ", "Segment__SharedSecret is not set")]
    [InlineData("Segment__SharedSecret", "@Microsoft.KeyVault(SecretUri=https://kv.vault.azure.net/secrets/s)", "Segment__SharedSecret is a Key Vault reference that Azure has not resolved")]
    [InlineData("Iterable__ApiKey", "@Microsoft.KeyVault(SecretUri=https://kv.vault.azure.net/secrets/k)", "Iterable__ApiKey is a Key Vault reference that Azure has not resolved")]
    [InlineData("Iterable__ApiKey", null, "Iterable__ApiKey is not set")]
    [InlineData("Iterable__ApiKey", "a\nb", "Iterable__ApiKey holds blanks")]
    [InlineData("AzureWebJobsStorage", null, "AzureWebJobsStorage is not set")]
    [InlineData("Iterable__DataCenter", "Mars", "Iterable__DataCenter is \"Mars\"; it must be US or EU.")]
    [InlineData("Iterable__ProjectType", "3", "Iterable__ProjectType is \"3\"; it must be Hybrid or Email or UserId.")]
    [InlineData("Iterable__PreferUserId", "yes", "Iterable__PreferUserId is \"yes\"; it must be true or false.")]
    [InlineData("Iterable__PreferUserId", "true", "Iterable__ProjectType is Email; here it is Hybrid")]
    [InlineData("Iterable__BaseUrl", "api.iterable.com", "Iterable__BaseUrl is no address")]
    [InlineData("Iterable__BaseUrl", "ftp://api.iterable.com", "it must be an address")]
    [InlineData("Iterable__BaseUrl", "https://api.iterable.com/api/", "leave out /api")]
    [InlineData("Iterable__BaseUrl", "http://user:word@api.iterable.com", "Iterable__BaseUrl must not hold credentials")]
    [InlineData("Iterable__BaseUrl", "http://api.iterable.com", "begin with https")]
    [InlineData("Pages__TrackAll", "on", "Pages__TrackAll is \"on\"; it must be true or false.")]
    [InlineData("Delivering__FirstRetry", "0", "Delivering__FirstRetry is 00:00:00; it must be a time such as 00:00:05")]
    [InlineData("Delivering__FirstRetry", "02:00:00", "at most Delivering__LongestRetry (01:00:00).")]
    [InlineData("Delivering__LongestRetry", "8", "Delivering__LongestRetry is 8.00:00:00; it must be a time such as 01:00:00, at most a day.")]
    [InlineData("Delivering__LongestRetry", "soon", "Delivering__LongestRetry is \"soon\"; it must be a time")]
    [InlineData("Storage__TablePrefix", "my-app", "Storage__TablePrefix is \"my-app\"; it must be letters and digits")]
    [InlineData("Storage__TablePrefix", "1app", "a letter first")]
    [InlineData("Personas__Enabled", "on", "Personas__Enabled is \"on\"; it must be true or false.")]
    [InlineData("Segment__AcceptArrays", "true", "Segment__HeaderSecret must be set")]
    [InlineData("Iterable__WebhookSecret", "token", "Segment__WriteKey must be set too")]
    [InlineData("Iterable__WebhookNames", "Ours", "Iterable__WebhookNames is \"Ours\"; it must be Segment or Iterable or Both.")]
    [InlineData("Segment__WriteKey", "a b", "Segment__WriteKey holds blanks")]
    [InlineData("Segment__Patience", "00:01:00", "Segment__Patience is 00:01:00; it must be from 00:00:00.05 to 00:00:10.")]
    [InlineData("Segment__BaseUrl", "https://api.segment.io/v1", "leave out /v1")]
    [InlineData("Segment__BaseUrl", "http://api.segment.io", "begin with https")]
    [InlineData("Segment__BaseUrl", "api.segment.io", "such as https://api.segment.io")]
    public void Setting_that_is_wrong_is_named_in_one_sentence(string setting, string? value, string sentence)
        => Assert.Contains(sentence, Assert.Single(Check((setting, value))), StringComparison.Ordinal);

    [Fact]
    public void Email_based_projects_are_not_in_the_EU()
        => Assert.Contains("EU data centre", Assert.Single(Check(("Iterable__DataCenter", "EU"), ("Iterable__ProjectType", "email"))), StringComparison.Ordinal);

    [Theory]
    [InlineData("Iterable__BaseUrl", "http://127.0.0.1:7071/sandbox")]
    [InlineData("Iterable__BaseUrl", "https://proxy.example.com/iterable/")]
    [InlineData("Iterable__DataCenter", "eu")]
    [InlineData("Segment__WriteKey", "key")]
    [InlineData("Segment__BaseUrl", "https://events.eu1.segmentapis.com/")]
    [InlineData("Iterable__ProjectType", "userid")]
    public void Setting_that_is_right_passes(string setting, string value) => Assert.Empty(Check((setting, value)));

    [Fact]
    public void Managed_identity_takes_the_place_of_a_connection_string()
        => Assert.Empty(Check(("AzureWebJobsStorage", null), ("AzureWebJobsStorage__accountName", "account")));

    private static IReadOnlyList<string> Check(params (string Name, string? Value)[] changed)
    {
        var settings = new Dictionary<string, string?>(Complete);
        foreach (var (name, value) in changed)
            settings[name] = value;
        var builder = App.CreateWorker([]);
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key.Replace("__", ":", StringComparison.Ordinal), setting.Value)));
        using var worker = builder.Build();
        return App.CheckSettings(worker.Services);
    }
}
