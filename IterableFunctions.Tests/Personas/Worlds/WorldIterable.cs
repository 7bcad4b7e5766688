using System.Text.Json.Nodes;
using IterableFunctions.LocalHost.Sandbox;
using IterableFunctions.Tests.Personas.Recording;

namespace IterableFunctions.Tests.Personas.Worlds;

/// <summary>A call that tells a definition's value, as Iterable saw it.</summary>
/// <param name="At">When.</param>
/// <param name="Key">The definition's.</param>
/// <param name="Identifier">As <c>email:ann@example.com</c>; the email where there are both.</param>
/// <param name="EventName">Null for an update.</param>
/// <param name="Body">JSON.</param>
/// <param name="TookEffect">Whether it was taken, whatever its caller was told.</param>
/// <param name="IsNews">Whether it changed anything: a user, or a first event of its id.</param>
/// <param name="IsClean">Whether its caller was told what happened.</param>
internal sealed record ToldCall(DateTimeOffset At, string Key, string Identifier, string? EventName, string Body, bool TookEffect, bool IsNews, bool IsClean)
{
    public override string ToString() => $"{At:HH:mm:ss} {Identifier} {EventName ?? "update"} {Body}{(TookEffect ? "" : " (no effect)")}{(IsNews ? "" : " (no news)")}{(IsClean ? "" : " (answer not given)")}";
}

/// <summary>The sandbox, one call at a time, and what each of them changed. Calls are handed to it without a network.</summary>
internal sealed class WorldIterable(TimeProvider time, SandboxProjectType project) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1);
    private readonly HashSet<string> _events = [];
    private readonly HashSet<(string Key, string Email)> _emails = [];
    private long _number;
    private int _silences;
    private TaskCompletionSource? _hold;

    public SandboxIterable Sandbox { get; } = new(new SandboxOptions { ApiKey = Key, ProjectType = project, RateLimits = false, Time = time, RememberedCalls = 10 });

    public const string Key = "the-key";

    public List<ToldCall> Calls { get; } = [];

    /// <summary>Calls whose callers wait for an answer that does not come.</summary>
    public int Waiting { get; private set; }

    /// <summary>The next calls take effect, and are not answered.</summary>
    public void BeSilent(int calls) => _silences = calls;

    /// <summary>The next call arrives when it is let go.</summary>
    /// <returns>Lets it go.</returns>
    public TaskCompletionSource Hold() => _hold = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether a call is held.</summary>
    public bool Holds { get; private set; }

    public HttpMessageHandler LineOf(Wire wire) => new Line(this, wire);

    /// <summary>A user's field as JSON; null where there is none.</summary>
    public static string? Field(SandboxUser? user, string name) => user?.DataFields[name]?.ToJsonString();

    public SandboxUser? Find(string identifier)
        => identifier.StartsWith("email:", StringComparison.Ordinal) ? Sandbox.FindUser(email: identifier[6..]) : Sandbox.FindUser(userId: identifier[8..]);

    /// <summary>Removes users as if they had never been.</summary>
    public void Remove(IEnumerable<string> identifiers) => Sandbox.Read(project =>
    {
        foreach (var identifier in identifiers)
        {
            _emails.RemoveWhere(told => $"email:{told.Email}" == identifier);
            var profile = identifier.StartsWith("email:", StringComparison.Ordinal) ? project.Users.ByEmail(identifier[6..]) : project.Users.ByUserId(identifier[8..]);
            if (profile is null)
                continue;
            project.Events.RemoveAll(profile);
            project.Users.Remove(profile);
        }

        return 0;
    });

    public void Dispose()
    {
        Sandbox.Dispose();
        _one.Dispose();
    }

    private async Task<Answer?> AnswerAsync(string path, byte[] body, CancellationToken cancellation)
    {
        if (Interlocked.Exchange(ref _hold, null) is { } hold)
        {
            Holds = true;
            await hold.Task;
            Holds = false;
        }

        await _one.WaitAsync(cancellation);
        Answer? answer;
        bool isSilent;
        try
        {
            var json = JsonNode.Parse(body)!.AsObject();
            var items = ((IEnumerable<JsonNode?>?)(json["users"] ?? json["events"])?.AsArray() ?? [json]).Select(item => new Item(item!.AsObject())).ToList();
            var before = items.ConvertAll(State);
            answer = await Sandbox.AnswerAsync(new("POST", path, Key, body, _ => null), cancellation);
            var logged = Sandbox.CallsAfter(_number, int.MaxValue)[^1];
            _number = logged.Number;
            isSilent = _silences > 0 && logged.TookEffect;
            if (isSilent)
                _silences--;
            var failed = path is "users/bulkUpdate" or "events/trackBulk" && answer is { Succeeded: true } ? Strings(JsonNode.Parse(answer.Body)).ToHashSet() : [];
            foreach (var (item, was) in items.Zip(before))
            {
                var tookEffect = logged.TookEffect && !failed.Contains(item.Email ?? item.UserId!);
                // An email that takes over what was told by userId alone says so for each definition, whichever of them makes both one user.
                var takesOver = item is { EventName: null, Email: not null, UserId: not null } && _emails.Add((item.Key, item.Email));
                var isNews = tookEffect && (item.EventName is null ? takesOver || was != State(item) : _events.Add(item.Id!));
                Calls.Add(new(time.GetUtcNow(), item.Key, item.Email is null ? $"user_id:{item.UserId}" : $"email:{item.Email}", item.EventName, item.Json, tookEffect, isNews, logged.Fault is null && !isSilent));
            }
        }
        finally
        {
            _one.Release();
        }

        if (!isSilent)
            return answer;
        Waiting++;
        try
        {
            await Task.Delay(Timeout.Infinite, cancellation);
        }
        finally
        {
            Waiting--;
        }

        return null;
    }

    private string State(Item item)
    {
        var user = Sandbox.FindUser(item.Email, item.Email is null ? item.UserId : null);
        return user is null ? "" : $"{user.Email} {user.UserId} {Field(user, item.Key)}";
    }

    private static IEnumerable<string> Strings(JsonNode? json) => json switch
    {
        JsonObject members => members.SelectMany(member => Strings(member.Value)),
        JsonArray items => items.SelectMany(Strings),
        JsonValue value when value.TryGetValue<string>(out var text) => [text],
        _ => [],
    };

    /// <summary>What one call says, or one item of a bulk call.</summary>
    private sealed class Item(JsonObject json)
    {
        public string Json { get; } = json.ToJsonString();

        public string? Email => (string?)json["email"];

        public string? UserId => (string?)json["userId"];

        public string? EventName => (string?)json["eventName"];

        public string? Id => (string?)json["id"];

        public string Key => EventName is null ? json["dataFields"]!.AsObject().Single().Key : (string)(json["dataFields"]!["audience_key"] ?? json["dataFields"]!["trait_key"])!;
    }

    private sealed class Line(WorldIterable iterable, Wire wire) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var body = await request.Content!.ReadAsByteArrayAsync(cancellationToken);
            var answer = await wire.CallAsync(() => iterable.AnswerAsync(request.RequestUri!.AbsolutePath["/api/".Length..], body, cancellationToken)) ?? throw new HttpRequestException("The connection broke.");
            return new((System.Net.HttpStatusCode)answer.Status) { Content = new ByteArrayContent(answer.Body) { Headers = { ContentType = new(answer.ContentType.Split(';')[0]) } } };
        }
    }
}
