using System.Net;
using System.Text.Json.Nodes;
using Azure.Storage.Queues;
using IterableFunctions.LocalHost;
using IterableFunctions.LocalHost.Sandbox;
using IterableFunctions.Tests.Intake;
using IterableFunctions.Tests.LocalHost;

namespace IterableFunctions.Tests.Functions;

/// <summary>What becomes of definitions in a running app: signed messages come in, and Iterable is told.</summary>
public sealed class AudienceTests(OwnAzuriteFixture azurite) : IClassFixture<OwnAzuriteFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Audience_is_entered_and_left_and_a_trait_follows_its_events_as_field_and_as_event()
    {
        await using var app = await StartAsync();
        await app.Client.SaveAsync("api/audiences/pro_buyers", """{"name":"Pro buyers","sendTrack":true,"query":"event('Order Completed').count() >= 1 AND trait('plan') = 'pro'"}""");
        await app.Client.SaveAsync("api/traits/order_count", """{"name":"Orders","query":"event('Order Completed').count()"}""");

        await app.Client.PostAsync(Plan("pro"));
        Assert.Null(app.Sandbox.FindUser(email: "ann@example.com")!.DataFields["pro_buyers"]);
        await app.Client.PostAsync(Order("o-1"));
        await UntilAsync(() => Field("pro_buyers") == "true" && Field("order_count") == "1");
        await app.Client.PostAsync(Order("o-2"));
        await UntilAsync(() => Field("order_count") == "2");
        await app.Client.PostAsync(Plan("free"));
        await UntilAsync(() => Field("pro_buyers") == "false");

        await UntilAsync(() => Events().Length == 2);
        Assert.Equal(["Audience Entered true", "Audience Exited false"], Events());
        var profile = (await app.Client.ReadAsync("api/profiles/email/ann@example.com")).Body!;
        var audience = Assert.Single(profile["audiences"]!.AsArray())!;
        Assert.Equal(("pro_buyers", "Pro buyers", false), ((string?)audience["key"], (string?)audience["name"], (bool?)audience["member"]));
        var told = Assert.Single(audience["told"]!.AsArray())!;
        Assert.Equal(("email:ann@example.com", "false", "acknowledged"), ((string?)told["identifier"], told["value"]!.ToJsonString(), (string?)told["state"]));
        Assert.True((DateTime)told["when"]! >= (DateTime)audience["since"]!);
        Assert.Equal("2", Assert.Single(profile["computedTraits"]!.AsArray())!["value"]!.ToJsonString());
        Assert.Equal(1, (int?)(await app.Client.ReadAsync("api/traits/order_count"))["size"]);
        Assert.Equal(0, (int?)(await app.Client.ReadAsync("api/audiences/pro_buyers"))["size"]);

        string? Field(string name) => app.Sandbox.FindUser(email: "ann@example.com")?.DataFields[name]?.ToJsonString();

        string[] Events() => [.. app.Sandbox.EventsOf(email: "ann@example.com").Where(e => e.Name.StartsWith("Audience ", StringComparison.Ordinal)).OrderBy(e => e.ReceivedAt).Select(e => $"{e.Name} {e.DataFields["pro_buyers"]!.ToJsonString()}")];
    }

    [Fact]
    public async Task Field_of_another_type_at_Iterable_is_warned_of_and_refusals_stand_in_the_profile()
    {
        await using var app = await StartAsync();
        await app.Client.PostAsync("""{"type":"identify","userId":"u-ann","traits":{"email":"ann@example.com","vip":"yes"}}""");

        var saved = await app.Client.SaveAsync("api/audiences/vip", """{"name":"VIP","query":"event('Order Completed').count() >= 1"}""");
        Assert.Contains("a user field \"vip\" of the type string", (string?)Assert.Single(saved["warnings"]!.AsArray()), StringComparison.Ordinal);

        await app.Client.PostAsync("""{"type":"track","event":"Order Completed","userId":"u-ben","properties":{"email":"ben@example.com","order_id":"o","total":1,"products":[]}}""");
        var told = default(JsonNode);
        await UntilAsync(async () => (told = (await app.Client.ReadAsync("api/profiles/email/ben@example.com"))["audiences"]?[0]?["told"]?[0]) is not null && (string?)told["state"] == "refused");
        Assert.Contains("RequestFieldsTypesMismatched", (string?)told!["refusal"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Save_does_not_fail_where_Iterable_does_not_say_its_fields()
    {
        await using var app = await StartAsync();
        app.Sandbox.AddFault(new() { Mode = FaultMode.Status, Status = 503, Calls = 1 });

        var saved = await app.Client.SaveAsync("api/audiences/vip", """{"name":"VIP","query":"event('Order Completed').count() >= 1"}""");

        Assert.Equal(HttpStatusCode.Created, saved.Status);
        Assert.Contains("did not say in time", (string?)Assert.Single(saved["warnings"]!.AsArray()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Preview_counts_those_who_are_there_and_saves_nothing()
    {
        await using var app = await StartAsync();
        foreach (var person in Enumerable.Range(0, 6))
        {
            for (var order = 0; order < person / 2; order++)
                await app.Client.PostAsync(Order($"o-{order}", $"p{person}@example.com", DateTime.UtcNow.AddHours(-2)));
            await app.Client.PostAsync($$"""{"type":"track","event":"Signed Up","anonymousId":"a{{person}}"}""");
        }

        var audience = await app.Client.CreateAsync("api/audiences/preview", """{"query":"event('Order Completed').within(7 days).count() >= 2"}""");
        Assert.Equal((2, true, 4, 4, 2), ((int)audience["estimate"]!, (bool)audience["isExact"]!, (int)audience["profiles"]!, (int)audience["sampled"]!, (int)audience["matched"]!));
        Assert.Equal("hourly", (string?)audience["cadence"]!["kind"]);
        Assert.Equal(["email:p4@example.com", "email:p5@example.com"], audience["members"]!.AsArray().Select(member => (string)member!["identifiers"]![0]!).Order());

        var trait = await app.Client.CreateAsync("api/traits/preview", """{"query":"event('Order Completed').count()"}""");
        Assert.Equal("""[{"value":1,"profiles":2},{"value":2,"profiles":2}]""", trait["values"]!.ToJsonString());

        var everybody = await app.Client.CreateAsync("api/audiences/preview", """{"query":"event('Signed Up').count() = 1","includeAnonymousUsers":true}""");
        Assert.Equal((10, 6), ((int)everybody["sampled"]!, (int)everybody["matched"]!));
        Assert.Equal("invalid_query", (await app.Client.CreateAsync("api/audiences/preview", """{"query":"event('E'"}""")).Code);
        Assert.Empty((await app.Client.ReadAsync("api/audiences"))["definitions"]!.AsArray());
    }

    [Fact]
    public async Task Preview_evaluates_the_definitions_that_it_refers_to()
    {
        await using var app = await StartAsync();
        await app.Client.SaveAsync("api/traits/order_count", """{"name":"Orders","query":"event('Order Completed').count()"}""");
        await app.Client.PostAsync(Order("o-1"));

        var preview = await app.Client.CreateAsync("api/audiences/preview", """{"query":"trait('order_count') = 1"}""");

        Assert.Equal((1, "realTime"), ((int)preview["matched"]!, (string?)preview["cadence"]!["kind"]));
    }

    [Fact]
    public async Task Those_who_were_there_before_are_told_by_a_run_and_leave_before_the_audience_is_gone()
    {
        await using var app = await StartAsync();
        await app.Client.PostAsync(Order("o-1"));

        await app.Client.SaveAsync("api/audiences/buyers", """{"name":"Buyers","query":"event('Order Completed').count() >= 1"}""");
        await UntilAsync(async () => (string?)(await app.Client.ReadAsync("api/audiences/buyers"))["state"] == "live");
        Assert.Equal("true", Field());
        var shown = await app.Client.ReadAsync("api/audiences/buyers");
        Assert.Equal((1, null), ((int?)shown["size"], (string?)shown["run"]));
        Assert.NotNull(shown["lastSync"]);

        await app.Client.RemoveAsync("api/audiences/buyers?retire=true");
        await UntilAsync(async () => (await app.Client.ReadAsync("api/audiences/buyers")).Status == HttpStatusCode.NotFound);
        Assert.Equal("false", Field());

        string? Field() => app.Sandbox.FindUser(email: "ann@example.com")?.DataFields["buyers"]?.ToJsonString();
    }

    [Fact]
    public async Task Members_and_runs_are_shown_and_what_is_not_there_is_said_to_be_missing()
    {
        await using var app = await StartAsync();
        await app.Client.PostAsync(Order("o-1"));
        var run = (string?)(await app.Client.SaveAsync("api/audiences/buyers", """{"name":"Buyers","query":"event('Order Completed').count() >= 1"}"""))["run"];
        await UntilAsync(async () => (string?)(await app.Client.ReadAsync("api/audiences/buyers"))["state"] == "live");

        var page = await app.Client.ReadAsync("api/audiences/buyers/members");
        var member = Assert.Single(page["members"]!.AsArray())!;
        Assert.Equal(("""["email:ann@example.com"]""", null), (member["identifiers"]!.ToJsonString(), (string?)page["next"]));
        var end = await app.Client.ReadAsync($"api/audiences/buyers/members?after={(string?)member["profile"]}");
        Assert.Equal((0, null), (end["members"]!.AsArray().Count, (string?)end["next"]));
        Assert.Equal((HttpStatusCode.BadRequest, "invalid_after"), await RefusalAsync("api/audiences/buyers/members?after=zz"));
        Assert.Equal((HttpStatusCode.NotFound, "no_audience"), await RefusalAsync("api/audiences/others/members"));

        var listed = Assert.Single((await app.Client.ReadAsync("api/runs"))["runs"]!.AsArray(), one => (string?)one!["id"] == run)!;
        Assert.Equal(("backfill", "buyers", null), ((string?)listed["kind"], (string?)listed["definition"], listed["counts"]));
        var shown = await app.Client.ReadAsync($"api/runs/{run}");
        Assert.Equal((1, 1, 1), ((int?)shown["progress"], (int?)shown["total"], (int?)shown["counts"]!["definitions"]!["buyers"]!["entered"]));
        Assert.DoesNotContain((await app.Client.ReadAsync($"api/runs?after={run}"))["runs"]!.AsArray(), one => (string?)one!["id"] == run);
        Assert.Equal((HttpStatusCode.NotFound, "no_run"), await RefusalAsync("api/runs/0"));

        async Task<(HttpStatusCode, string?)> RefusalAsync(string path) => await app.Client.ReadAsync(path) is var answer ? (answer.Status, answer.Code) : default;
    }

    [Fact]
    public async Task Demo_shows_an_audience_being_entered_and_a_trait_changing()
    {
        await using var app = await StartAsync();
        var output = new StringWriter();

        await Demo.RunAsync(app.App, app.Settings, output);

        Assert.Contains("Iterable told: pro_buyers = true (acknowledged)", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("Iterable told: order_count = 1 (acknowledged)", output.ToString(), StringComparison.Ordinal);
        Assert.Single(app.Sandbox.EventsOf(email: "ann@example.com"), e => e.Name == "Audience Entered");
    }

    [Fact]
    public async Task Queries_are_shown_as_they_are_written()
    {
        await using var app = await StartAsync();
        await app.Client.SaveAsync("api/audiences/size", """{"name":"Größe","query":"trait('größe') >= 1"}""");

        var answer = await app.Client.GetStringAsync(new Uri("api/audiences/size", UriKind.Relative));

        Assert.Contains("trait('größe') >= 1", answer, StringComparison.Ordinal);
    }

    private static string Plan(string plan) => $$$"""{"type":"identify","userId":"u-ann","traits":{"email":"ann@example.com","plan":"{{{plan}}}"}}""";

    private static string Order(string id, string email = "ann@example.com", DateTime? at = null)
        => $$$"""{"type":"track","event":"Order Completed","timestamp":"{{{at ?? DateTime.UtcNow:o}}}","properties":{"email":"{{{email}}}","order_id":"{{{id}}}","total":9.5,"products":[]}}""";

    private async Task<RunningApp> StartAsync()
    {
        foreach (var name in (string[])["recompute", "sync", "record"])
        {
            var queue = new QueueClient(azurite.ConnectionString, name);
            await queue.CreateIfNotExistsAsync();
            await queue.ClearMessagesAsync();
        }

        await azurite.ClearAsync();
        return await RunningApp.StartAsync(azurite.ConnectionString, settings: new Dictionary<string, string?>
        {
            ["Storage__TablePrefix"] = AzuriteFixture.Unique("E"),
            ["AzureFunctionsJobHost__extensions__queues__maxPollingInterval"] = "00:00:00.5",
        });
    }

    private static Task UntilAsync(Func<bool> holds) => UntilAsync(() => Task.FromResult(holds()));

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!await holds())
            await Task.Delay(100, limit.Token);
    }
}
