using System.Net;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using Azure.Storage.Queues;
using IterableFunctions.Functions;
using IterableFunctions.Personas;
using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Runs;
using IterableFunctions.Storage;
using IterableFunctions.Tests.LocalHost;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Tests.Functions;

/// <summary>The definitions API of a running app, on real storage.</summary>
public sealed class DefinitionsApiTests(OwnAzuriteFixture azurite) : IClassFixture<OwnAzuriteFixture>
{
    private const string Pro = """{"name":"Pro buyers","query":"event('Order Completed').count() >= 1 AND trait('plan') = 'pro'"}""";

    [Fact]
    public async Task Audience_that_was_put_is_shown_with_its_cadence_and_its_run()
    {
        await using var app = await StartAsync();

        var put = await app.Client.SaveAsync("api/audiences/pro_buyers", Pro);

        Assert.Equal(HttpStatusCode.Created, put.Status);
        Assert.Equal("audience", (string?)put["kind"]);
        Assert.Equal("realTime", (string?)put["cadence"]!["kind"]);
        Assert.Equal("backfilling", (string?)put["state"]);
        var run = (string?)put["run"];
        Assert.Contains(await RunsAsync(), work => work.Run == run && work.Definition == "pro_buyers");
        var got = await app.Client.ReadAsync("api/audiences/pro_buyers");
        Assert.Equal(put.ETag, got.ETag);
        Assert.Equal("event('Order Completed').count() >= 1 AND trait('plan') = 'pro'", (string?)got["canonicalQuery"]);
        Assert.Equal((0, 0), ((int)got["size"]!, (int)got["notAddressable"]!));
        var listed = Assert.Single((await app.Client.ReadAsync("api/audiences"))["definitions"]!.AsArray())!;
        Assert.Equal("pro_buyers", (string?)listed["key"]);
        Assert.Null(listed["size"]);
        Assert.Empty((await app.Client.ReadAsync("api/traits"))["definitions"]!.AsArray());
    }

    [Fact]
    public async Task Hourly_definition_says_which_part_makes_it_so()
    {
        await using var app = await StartAsync();

        var put = await app.Client.SaveAsync("api/traits/orders_30", """{"name":"Orders","query":"event('Order Completed').within(30 days).count()"}""");

        Assert.Equal(("hourly", "within(30 days)"), ((string?)put["cadence"]!["kind"], (string?)put["cadence"]!["part"]));
        Assert.NotNull(put["cadence"]!["reason"]);
        Assert.Equal("Trait Computed", (string?)put["trackEvent"]);
        Assert.Null(put["enterEvent"]);
    }

    [Fact]
    public async Task Key_is_made_of_the_name_and_taken_once()
    {
        await using var app = await StartAsync();

        var first = await app.Client.CreateAsync("api/audiences", Pro);
        var second = await app.Client.CreateAsync("api/audiences", Pro);
        var trait = await app.Client.CreateAsync("api/traits", """{"key":"pro_buyers","name":"Other","query":"event('E').count()"}""");

        Assert.Equal((HttpStatusCode.Created, "pro_buyers"), (first.Status, (string?)first["key"]));
        Assert.Equal((HttpStatusCode.Conflict, "key_taken"), (second.Status, second.Code));
        Assert.Equal((HttpStatusCode.Conflict, "other_kind"), (trait.Status, trait.Code));
    }

    [Fact]
    public async Task Query_that_cannot_be_read_is_shown_with_a_caret()
    {
        await using var app = await StartAsync();

        var answer = await app.Client.SaveAsync("api/audiences/wrong", """{"name":"Wrong","query":"trait('plan') = 'pro'\n  AND event('E').cuont() > 1"}""");

        Assert.Equal((HttpStatusCode.BadRequest, "application/problem+json", "invalid_query"), (answer.Status, answer.ContentType, answer.Code));
        Assert.Equal((2, 18), ((int)answer["query"]!["line"]!, (int)answer["query"]!["column"]!));
        Assert.Contains("did you mean 'count'?", (string?)answer["query"]!["problem"], StringComparison.Ordinal);
        Assert.Equal("  AND event('E').cuont() > 1\n                 ^", (string?)answer["query"]!["excerpt"]);
        Assert.Equal(HttpStatusCode.NotFound, (await app.Client.ReadAsync("api/audiences/wrong")).Status);
    }

    [Fact]
    public async Task Definition_is_replaced_only_as_it_was_seen()
    {
        await using var app = await StartAsync();
        var first = await app.Client.SaveAsync("api/audiences/pro", Pro);
        var renamed = await app.Client.SaveAsync("api/audiences/pro", Pro.Replace("Pro buyers", "Renamed", StringComparison.Ordinal), first.ETag);

        var late = await app.Client.SaveAsync("api/audiences/pro", Pro, first.ETag);

        Assert.Equal((HttpStatusCode.OK, (string?)first["run"]), (renamed.Status, (string?)renamed["run"]));
        Assert.NotEqual(first.ETag, renamed.ETag);
        Assert.Equal((HttpStatusCode.PreconditionFailed, "changed"), (late.Status, late.Code));
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await app.Client.RemoveAsync("api/audiences/pro", "unquoted")).Status);
        Assert.Equal("Renamed", (string?)(await app.Client.ReadAsync("api/audiences/pro"))["name"]);
    }

    [Fact]
    public async Task Disabled_definition_has_no_run_until_it_is_enabled()
    {
        await using var app = await StartAsync();
        var first = await app.Client.SaveAsync("api/audiences/pro", Pro);

        var disabled = await app.Client.SaveAsync("api/audiences/pro", $$"""{"enabled":false,{{Pro[1..]}}""");
        var enabled = await app.Client.SaveAsync("api/audiences/pro", Pro);

        Assert.Equal(("disabled", null), ((string?)disabled["state"], (string?)disabled["run"]));
        Assert.Equal("backfilling", (string?)enabled["state"]);
        Assert.Contains(await RunsAsync(), work => work.Run == (string?)enabled["run"]);
        Assert.Equal((string?)first["created"], (string?)enabled["created"]);
    }

    [Fact]
    public async Task What_others_refer_to_is_deleted_after_them()
    {
        await using var app = await StartAsync();
        await app.Client.SaveAsync("api/audiences/pro", Pro);
        await app.Client.SaveAsync("api/audiences/others", """{"name":"Others","query":"NOT trait('pro') = true"}""");

        var refused = await app.Client.RemoveAsync("api/audiences/pro");

        Assert.Equal((HttpStatusCode.Conflict, "referred_to"), (refused.Status, refused.Code));
        Assert.Equal(HttpStatusCode.NoContent, (await app.Client.RemoveAsync("api/audiences/others")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await app.Client.RemoveAsync("api/audiences/pro")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await app.Client.RemoveAsync("api/audiences/pro")).Status);
    }

    [Fact]
    public async Task Retired_audience_and_a_sync_have_runs_of_their_own()
    {
        await using var app = await StartAsync();
        await app.Client.SaveAsync("api/audiences/pro", Pro);

        var synced = await app.Client.SendAsync(HttpMethod.Post, "api/audiences/pro/sync");
        var retired = await app.Client.RemoveAsync("api/audiences/pro?retire=true");
        var trait = await app.Client.RemoveAsync("api/traits/orders?retire=true");

        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.Accepted, "retiring"), (synced.Status, retired.Status, (string?)retired["state"]));
        var runs = await RunsAsync();
        Assert.Contains(runs, work => work.Run == (string?)synced["run"]);
        Assert.Contains(runs, work => work.Run == (string?)retired["run"]);
        Assert.Equal((HttpStatusCode.BadRequest, "not_an_audience"), (trait.Status, trait.Code));
    }

    [Fact]
    public async Task Of_many_who_save_at_once_none_is_lost()
    {
        await using var app = await StartAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(number => app.Client.SaveAsync($"api/audiences/many_{number}", Pro)));

        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.Created, answer.Status));
        Assert.Equal(8, (await app.Client.ReadAsync("api/audiences"))["definitions"]!.AsArray().Count);
    }

    [Fact]
    public async Task Write_whose_answer_was_lost_is_not_taken_for_anothers()
    {
        var answers = new LostAnswers();
        var clients = new TableClientOptions { Retry = { Delay = TimeSpan.FromMilliseconds(10) } };
        clients.AddPolicy(answers, HttpPipelinePosition.PerRetry);
        var table = new DefinitionTable(new(azurite.ConnectionString, clients), Options.Create(new StorageOptions { TablePrefix = AzuriteFixture.Unique("L") }));
        var queue = new RecomputeQueue(new(azurite.ConnectionString, new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 }), new(azurite.ConnectionString), TimeProvider.System);
        var editor = new DefinitionEditor(table, new(table, TimeProvider.System), new(queue, Options.Create(new PersonasOptions()), TimeProvider.System), TimeProvider.System);
        var draft = new DefinitionDraft { Name = "Pro", Query = "trait('plan') = 'pro'" };

        answers.LoseNext();
        var saved = Assert.IsType<DefinitionEdit.Saved>(await editor.SaveAsync(DefinitionKind.Audience, "pro", draft, isNew: true, IfMatch.Anything, CancellationToken.None));
        answers.LoseNext();
        var deleted = await editor.DeleteAsync(DefinitionKind.Audience, "pro", new([DefinitionTag.Of(saved.Definition)]), CancellationToken.None);

        Assert.True(saved.IsNew);
        Assert.IsType<DefinitionEdit.Deleted>(deleted);
        Assert.Equal(2, answers.Lost);
    }

    [Theory]
    [InlineData("PUT", "api/audiences/Pro", Pro, "invalid_key")]
    [InlineData("PUT", "api/audiences/email", Pro, "reserved_key")]
    [InlineData("PUT", "api/audiences/pro", """{"key":"other","name":"A","query":"trait('a') = 1"}""", "other_key")]
    [InlineData("PUT", "api/audiences/pro", """{"name":"A","query":"trait('a') = 1","snedTrack":true}""", "unknown_field")]
    [InlineData("PUT", "api/traits/pro", Pro, "invalid_query")]
    [InlineData("POST", "api/audiences", """{"name":"Größte","query":"trait('a') = 1"}""", "invalid_key")]
    [InlineData("DELETE", "api/audiences/pro?retire=yes", null, "invalid_retire")]
    public async Task What_can_never_succeed_is_400(string method, string path, string? body, string code)
    {
        await using var app = await StartAsync();

        var answer = await app.Client.SendAsync(new HttpMethod(method), path, body);

        Assert.Equal((HttpStatusCode.BadRequest, code), (answer.Status, answer.Code));
        Assert.Empty(await RunsAsync());
    }

    /// <summary>Without the worker, so that the runs that were asked for are still in the queue when the test looks.</summary>
    private async Task<RunningApp> StartAsync()
    {
        await Queue.CreateIfNotExistsAsync();
        await Queue.ClearMessagesAsync();
        return await RunningApp.StartAsync(azurite.ConnectionString, [typeof(Audiences), typeof(ComputedTraits)], new Dictionary<string, string?>
        {
            ["Storage__TablePrefix"] = AzuriteFixture.Unique("A"),
            ["Personas__BackfillDelay"] = "00:00:00",
        });
    }

    private QueueClient Queue => new(azurite.ConnectionString, RecomputeQueue.Name, new() { MessageEncoding = QueueMessageEncoding.Base64 });

    private async Task<IReadOnlyList<RunWork>> RunsAsync() => [.. (await Queue.PeekMessagesAsync(32)).Value.Select(message => RecomputeQueue.Read(message.MessageText))];

    /// <summary>Loses the answer to a transaction that storage has done.</summary>
    private sealed class LostAnswers : HttpPipelinePolicy
    {
        private bool _armed;

        public int Lost { get; private set; }

        public void LoseNext() => _armed = true;

        public override async ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            await ProcessNextAsync(message, pipeline);
            if (!_armed || !message.Request.Uri.ToString().Contains("$batch", StringComparison.Ordinal) || !await HasSucceededAsync(message))
                return;
            (_armed, Lost) = (false, Lost + 1);
            throw new IOException("The connection broke.");
        }

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline) => throw new NotSupportedException("The app does not block.");

        /// <summary>A transaction is answered 202 whatever became of it.</summary>
        private static async Task<bool> HasSucceededAsync(HttpMessage message)
        {
            using var reader = new StreamReader(message.Response.ContentStream!, leaveOpen: true);
            var text = await reader.ReadToEndAsync();
            message.Response.ContentStream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text));
            return text.Contains("204 No Content", StringComparison.Ordinal) && !text.Contains("odata.error", StringComparison.Ordinal);
        }
    }
}
