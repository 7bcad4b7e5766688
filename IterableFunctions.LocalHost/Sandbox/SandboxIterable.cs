using System.Text.Json;

namespace IterableFunctions.LocalHost.Sandbox;

/// <summary>A request to the sandbox's API.</summary>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Below <c>/api/</c>, percent-encoded as it came, without the query.</param>
/// <param name="ApiKey">From the header; null when absent.</param>
/// <param name="Body">Raw bytes; must not change afterwards. Null = larger than <see cref="SandboxOptions.BodyLimit"/>.</param>
/// <param name="Query">The value of a query parameter, or null.</param>
internal readonly record struct ApiRequest(string Method, string Path, string? ApiKey, byte[]? Body, Func<string, string?> Query);

/// <summary>
/// An imitation of one Iterable project, as strict as the real one: the endpoints that this app uses, with Iterable's
/// answers, limits, identity rules and field types. Safe for concurrent use. <c>docs/sandbox.md</c> lists what is imitated.
/// </summary>
public sealed class SandboxIterable : IDisposable
{
    private readonly Lock _lock = new();
    private readonly SandboxOptions _options;
    private readonly Project _project;
    private readonly RateBuckets _buckets;
    private readonly CallLog _log;
    private readonly Journal? _journal;
    private long _lastNumber;
    private long _arrived;
    private long _refused;

    /// <summary>Starts the project, with what its journal holds.</summary>
    /// <exception cref="InvalidDataException">The journal is damaged elsewhere than in its last line.</exception>
    /// <exception cref="IOException">Another process has the journal open, or it cannot be written.</exception>
    public SandboxIterable(SandboxOptions options)
    {
        _options = options;
        _project = new Project(options);
        _buckets = new RateBuckets(options);
        _log = new CallLog(options.RememberedCalls);
        StartedAt = options.Time.GetUtcNow();
        if (options.DataFile is { } path)
            _journal = new Journal(path, Replay);
    }

    /// <summary>When this instance was made. Numbers of calls are comparable only within one instance.</summary>
    public DateTimeOffset StartedAt { get; }

    /// <summary>How the project identifies users.</summary>
    public SandboxProjectType ProjectType => _options.ProjectType;

    /// <summary>Bytes that one body may have.</summary>
    internal int BodyLimit => _options.BodyLimit;

    /// <summary>All users, in no particular order.</summary>
    public IReadOnlyList<SandboxUser> Users => Read(project => project.Users.All.Select(Views.Of).ToArray());

    /// <summary>All custom events, in no particular order.</summary>
    public IReadOnlyList<SandboxEvent> Events => Read(project => project.Events.Custom.Select(Views.Of).ToArray());

    /// <summary>All purchases, in no particular order.</summary>
    public IReadOnlyList<SandboxEvent> Purchases => Read(project => project.Events.Purchases.Select(Views.Of).ToArray());

    /// <summary>The newest calls, oldest first; at most <see cref="SandboxOptions.RememberedCalls"/>.</summary>
    public IReadOnlyList<SandboxCall> Calls => CallsAfter(0, int.MaxValue);

    /// <summary>How each endpoint's rate is used.</summary>
    public IReadOnlyList<EndpointRate> Rates => _buckets.Levels();

    /// <summary>The faults that still wait for calls.</summary>
    public IReadOnlyList<ArmedFault> ArmedFaults => Faults.Armed();

    /// <summary>How much there is: users, custom events, purchases; calls in all, replayed ones included, and of these refused.</summary>
    public (int Users, int Events, int Purchases, long Calls, long Refused) Counts =>
        Read(project => (project.Users.All.Count, project.Events.Custom.Count, project.Events.Purchases.Count, _arrived, _refused));

    /// <summary>The user with this email (in any case), or with this userId when no email is given; null if there is none.</summary>
    public SandboxUser? FindUser(string? email = null, string? userId = null) =>
        Read(project => Find(project, email, userId) is { } profile ? Views.Of(profile) : null);

    /// <summary>A user's events and purchases, the latest <c>createdAt</c> first.</summary>
    public IReadOnlyList<SandboxEvent> EventsOf(string? email = null, string? userId = null) =>
        Read(project => Views.NewestFirst(Find(project, email, userId)?.Events ?? []).Select(Views.Of).ToArray());

    /// <summary>At most <paramref name="most"/> of the newest calls with a greater number, oldest first.</summary>
    public IReadOnlyList<SandboxCall> CallsAfter(long number, int most)
    {
        lock (_lock)
            return _log.After(number, most);
    }

    internal Faults Faults { get; } = new();

    /// <summary>Makes the next calls fail.</summary>
    /// <returns>An id for <see cref="ClearFaults"/>.</returns>
    public int AddFault(Fault fault) => Faults.Add(fault);

    /// <summary>Removes one fault, or all.</summary>
    /// <returns>How many were removed.</returns>
    public int ClearFaults(int? id = null) => Faults.Remove(id);

    /// <inheritdoc />
    public void Dispose() => _journal?.Dispose();

    /// <summary>Runs while no call does.</summary>
    internal T Read<T>(Func<Project, T> read)
    {
        lock (_lock)
            return read(_project);
    }

    /// <summary>Answers one call, or null for a broken connection.</summary>
    /// <param name="request">The call.</param>
    /// <param name="gone">Signals that the caller has given up.</param>
    internal async ValueTask<Answer?> AnswerAsync(ApiRequest request, CancellationToken gone)
    {
        var at = _options.Time.GetUtcNow();
        var (route, argument) = Routes.Find(request.Method, request.Path, request.Query);
        using var document = route.HasBody && request.Body is { } bytes ? Bodies.Parse(bytes) : null;
        var call = new Call(request, route, argument, document?.RootElement, at);

        var fault = Faults.Take(route.Name, call.Json, argument);
        if (fault is null)
            return Handle(call, null).Answer;

        return await Faults.AnswerAsync(fault, mode => Handle(call, mode), (answer, mode) => Log(call, answer, mode), Amend, _options.Time, gone);
    }

    private (Answer Answer, SandboxCall Logged) Handle(Call call, FaultMode? fault)
    {
        if (call.Request.ApiKey != _options.ApiKey)
        {
            return Refuse(Answer.Refusal(401, "BadApiKey", "Invalid API key", json =>
            {
                json.WriteString("ip"u8, "127.0.0.1"u8);
                json.WriteString("endpoint"u8, $"/api/{call.Request.Path}");
            }));
        }
        if (_buckets.Take(call.Route.Name) is { } exceeded)
        {
            return Refuse(Answer.Refusal(429, "RateLimitExceeded", "Exceeded rate limit.", json =>
            {
                json.WriteNumber("rateLimitLimit"u8, exceeded.Limit);
                json.WriteNumber("rateLimitRemaining"u8, exceeded.Remaining);
                json.WriteNumber("rateLimitReset"u8, exceeded.Reset);
            }));
        }
        // Iterable's own client meets this page for a path that is no endpoint.
        if (call.Route.Operation == Operation.Unknown)
            return Refuse(Answer.Page(404, "Action not found"));
        // The docs give the limit ("Max size of request body: 4MB") and no answer; Block's client splits a batch on a 413.
        if (call.Request.Body is null)
            return Refuse(Answer.Page(413, "Request Entity Too Large"));

        object? parsed;
        if (!call.Route.HasBody)
        {
            parsed = new Lookup(call.Argument, LimitOf(call.Request));
        }
        else if (call.Json is not { } json)
        {
            return Refuse(BadJson(call, null));
        }
        else
        {
            var reader = new BodyReader();
            parsed = reader.Read(call.Route.Operation, json);
            if (reader.Complaints is { } complaints)
                return Refuse(BadJson(call, complaints));
        }

        lock (_lock)
        {
            var number = ++_lastNumber;
            var answer = _project.Apply(call.Route.Operation, parsed!, call.At, number);
            var tookEffect = answer.Succeeded && call.Route.Writes;
            if (tookEffect)
                _journal?.Append(number, call.At, call.Request.Method, call.Request.Path, call.Request.Body);
            return (answer, Add(number, call, parsed, answer, fault, tookEffect));
        }

        (Answer, SandboxCall) Refuse(Answer answer) => (answer, Log(call, answer, fault));
    }

    private void Replay(JournalEntry entry)
    {
        var request = new ApiRequest(entry.Method, entry.Path, _options.ApiKey, entry.Body, _ => null);
        var (route, argument) = Routes.Find(entry.Method, entry.Path, request.Query);
        _lastNumber = Math.Max(_lastNumber, entry.Number);
        using var document = route.HasBody ? Bodies.Parse(entry.Body) : null;
        var parsed = !route.HasBody ? new Lookup(argument, null)
            : document is null ? null
            : new BodyReader().Read(route.Operation, document.RootElement);
        if (parsed is null)
            return;
        // A project that is reopened with other options may refuse what it once accepted; the log then shows it.
        var answer = _project.Apply(route.Operation, parsed, entry.At, entry.Number);
        Add(entry.Number, new(request, route, argument, document?.RootElement, entry.At), parsed, answer, null, answer.Succeeded);
    }

    /// <summary>Logs a call that changed nothing. What its body says about user and event is read for the log alone.</summary>
    private SandboxCall Log(Call call, Answer answer, FaultMode? fault)
    {
        var parsed = !call.Route.HasBody ? new Lookup(call.Argument, null)
            : call.Json is { } json ? new BodyReader().Read(call.Route.Operation, json)
            : null;
        lock (_lock)
            return Add(++_lastNumber, call, parsed, answer, fault, tookEffect: false);
    }

    private SandboxCall Add(long number, Call call, object? parsed, Answer answer, FaultMode? fault, bool tookEffect)
    {
        var subject = Subject.Of(parsed, call.Route.Operation, call.Argument);
        var logged = new SandboxCall
        {
            Number = number,
            At = call.At,
            Method = call.Request.Method,
            Endpoint = call.Route.Name,
            Path = call.Request.Path,
            Email = subject.Email,
            UserId = subject.UserId,
            EventName = subject.EventName,
            Items = subject.Items,
            Status = answer.Status,
            Code = answer.Code,
            Message = answer.Message,
            Fault = fault,
            TookEffect = tookEffect,
            Body = Cut(call.Request.Body ?? []),
            AnswerBody = Cut(answer.Body),
        };
        _arrived++;
        if (logged.Refused)
            _refused++;
        _log.Add(logged);
        return logged;
    }

    private void Amend(SandboxCall logged, Answer answer)
    {
        lock (_lock)
        {
            var amended = logged with { Status = answer.Status, Code = answer.Code, Message = answer.Message, AnswerBody = Cut(answer.Body) };
            if (amended.Refused && !logged.Refused)
                _refused++;
            _log.Replace(amended);
        }
    }

    private ReadOnlyMemory<byte> Cut(byte[] body)
    {
        var most = _options.RememberedBytesPerCall;
        // A copy, so that the rest can be collected.
        return body.Length <= most ? body : body[..most];
    }

    private static Answer BadJson(Call call, IReadOnlyDictionary<string, string>? complaints) =>
        Answer.Refusal(400, "BadJsonBody", $"[/api/{call.Request.Path}] Invalid JSON body", complaints is null ? null : json =>
        {
            foreach (var (path, complaint) in complaints)
                json.WriteString(path, complaint);
        });

    private static int? LimitOf(ApiRequest request) =>
        request.Query("limit") is { } text ? int.TryParse(text, out var limit) ? limit : 0 : null;

    private static Profile? Find(Project project, string? email, string? userId) =>
        email is not null ? project.Users.ByEmail(email) : project.Users.ByUserId(userId);

    /// <summary>A request on its way through.</summary>
    private readonly record struct Call(ApiRequest Request, Route Route, string? Argument, JsonElement? Json, DateTimeOffset At);

    /// <summary>Whom and what a call is about, for the log.</summary>
    private readonly record struct Subject(string? Email, string? UserId, string? EventName, int Items)
    {
        public static Subject Of(object? parsed, Operation operation, string? argument) => parsed switch
        {
            UserUpdate user => new(user.Email, user.UserId, null, 1),
            EventToTrack tracked => new(tracked.Email, tracked.UserId, tracked.Name, 1),
            PurchaseToTrack purchase => new(purchase.User.Email, purchase.User.UserId, "purchase", 1),
            CartUpdate cart => new(cart.User.Email, cart.User.UserId, null, 1),
            BulkUserUpdate { Users: [var first, ..] users } => new(first.Email, first.UserId, null, users.Count),
            BulkEvents { Events: [var first, ..] events } => new(first.Email, first.UserId, first.Name, events.Count),
            EmailChange change => new(change.CurrentEmail ?? change.NewEmail, change.CurrentUserId, null, 1),
            UserMerge merge => new(merge.SourceEmail, merge.SourceUserId, null, 1),
            UserToForget user => new(user.Email, user.UserId, null, 1),
            Lookup when operation is Operation.GetUserByEmail or Operation.GetEventsByEmail or Operation.DeleteUserByEmail => new(argument, null, null, 1),
            Lookup when argument is not null => new(null, argument, null, 1),
            _ => default,
        };
    }
}
