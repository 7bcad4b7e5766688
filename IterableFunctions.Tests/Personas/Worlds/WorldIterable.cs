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
internal sealed class WorldIterable(TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1);
    private readonly HashSet<string> _events = [];
    private readonly HashSet<(string Key, string Email)> _emails = [];
    private long _number;
    private int _silences;

    public SandboxIterable Sandbox { get; } = new(new SandboxOptions { ApiKey = Key, RateLimits = false, Time = time, RememberedCalls = 10 });

    public const string Key = "the-key";

    public List<ToldCall> Calls { get; } = [];

    /// <summary>Calls whose callers wait for an answer that does not come.</summary>
    public int Waiting { get; private set; }

    /// <summary>The next calls take effect, and are not answered.</summary>
    public void BeSilent(int calls) => _silences = calls;

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
        await _one.WaitAsync(cancellation);
        Answer? answer;
        bool isSilent;
        try
        {
            var json = JsonNode.Parse(body)!.AsObject();
            var fields = json["dataFields"]!.AsObject();
            var (email, userId, name, id) = ((string?)json["email"], (string?)json["userId"], (string?)json["eventName"], (string?)json["id"]);
            var key = name is null ? fields.Single().Key : (string)(fields["audience_key"] ?? fields["trait_key"])!;
            var before = State(email, userId, key);
            answer = await Sandbox.AnswerAsync(new("POST", path, Key, body, _ => null), cancellation);
            var logged = Sandbox.CallsAfter(_number, int.MaxValue)[^1];
            _number = logged.Number;
            isSilent = _silences > 0 && logged.TookEffect;
            if (isSilent)
                _silences--;
            // An email that takes over what was told by userId alone says so for each definition, whichever of them makes both one user.
            var takesOver = name is null && email is not null && userId is not null && _emails.Add((key, email));
            var isNews = logged.TookEffect && (name is null ? takesOver || before != State(email, userId, key) : _events.Add(id!));
            Calls.Add(new(time.GetUtcNow(), key, email is null ? $"user_id:{userId}" : $"email:{email}", name, json.ToJsonString(), logged.TookEffect, isNews, logged.Fault is null && !isSilent));
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

    private string State(string? email, string? userId, string key)
    {
        var user = Sandbox.FindUser(email, email is null ? userId : null);
        return user is null ? "" : $"{user.Email} {user.UserId} {Field(user, key)}";
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
