using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using IterableFunctions.Iterable;
using IterableFunctions.LocalHost.Sandbox;
using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Tests.Personas.Evaluation.Oracle;

namespace IterableFunctions.Tests.Personas.Worlds;

/// <summary>Lives through a plan, and after each hour holds what Iterable knows against what all messages come to.</summary>
internal sealed class WorldRun : IAsyncDisposable
{
    /// <summary>Longer than the longest window behind the last event.</summary>
    private const int HoursAfterwards = 54;

    private readonly WorldPlan _plan;
    private readonly Random _random;
    private readonly World _world;
    private readonly Population _population = new();
    private readonly SortedDictionary<string, Saved> _saved = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _types = [];
    private readonly HashSet<string> _gone = [];
    private readonly Dictionary<(string Key, string Identifier), string> _lastEvents = [];
    private readonly List<(DateTime At, string? Body, Heard? Heard, Func<Task>? Act)> _script = [];
    private readonly Dictionary<string, Saved> _retired = [];
    private Look? _before;
    private int _outages;
    private int _deletedAt;
    private bool _isEdited;

    public WorldRun(WorldPlan plan, string? azurite = null)
    {
        _plan = plan;
        _random = new(plan.Seed);
        _world = new(OracleGen.Start, plan.Trouble == Trouble.None ? 1 : 2, plan.Seed, azurite, plan.IsByUserId ? ProjectType.UserId : ProjectType.Hybrid) { Duplicates = plan.Trouble != Trouble.None };
        Write();
    }

    /// <summary>Hours that were held against the oracle.</summary>
    public int Hours { get; private set; }

    /// <summary>Calls that told something.</summary>
    public int Calls => _world.Iterable.Calls.Count;

    /// <summary>Calls that failed, or whose answer was lost.</summary>
    public int Unanswered => _world.Iterable.Calls.Count(call => !call.IsClean);

    public int Deaths => _world.Deaths;

    public async Task LiveAsync()
    {
        try
        {
            var boundary = OracleGen.Start.AddMinutes(2);
            for (var at = 0; at < _script.Count;)
            {
                for (; _script[at].At >= boundary; boundary = boundary.AddHours(1))
                    await EndHourAsync();
                await _world.RunUntilAsync(_script[at].At);
                if (_script[at].Act is { } act)
                {
                    await act();
                    at++;
                    continue;
                }

                // What arrives within minutes arrives at the same time, where there is a crowd.
                var last = _script[at].At.AddMinutes(_plan.Trouble == Trouble.None ? 0 : 15);
                var bodies = new List<string>();
                for (; at < _script.Count && _script[at].Body is { } body && _script[at].At < boundary && (bodies.Count == 0 || _script[at].At < last); at++)
                {
                    bodies.Add(body);
                    _population.Hear(_script[at].Heard!);
                    _gone.ExceptWith(_script[at].Heard!.Ids);
                }

                // None of it comes from the future.
                await _world.RunUntilAsync(_script[at - 1].At);
                bodies.ForEach(_world.Note);
                await _world.PostAsync([.. bodies]);
            }

            for (var hour = 0; hour < HoursAfterwards; hour++)
                await EndHourAsync();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw new InvalidOperationException($"{e.Message}\n{Describe()}", e);
        }
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private string Describe()
    {
        var trail = _world.Trail.Split('\n');
        var edits = trail.SkipLast(60).Where(line => !line.Contains("{\"type", StringComparison.Ordinal) && !line.EndsWith("compare", StringComparison.Ordinal) && !line.EndsWith("fires", StringComparison.Ordinal));
        return $"{_plan}\n{string.Join('\n', edits)}\n...\n{string.Join('\n', trail.TakeLast(60))}\nlast calls:\n{string.Join('\n', _world.Iterable.Calls.TakeLast(40))}\nsaved:\n{string.Join('\n', _saved.Select(one => $"{one.Key}: {one.Value.Query} {one.Value}"))}\n{_world.Documents()}";
    }

    // The script.

    private void Write()
    {
        var ids = 0;
        for (var i = 0; i < _plan.Definitions.Length; i++)
        {
            var definition = _plan.Definitions[i];
            _script.Add((OracleGen.Start, null, null, () => DefineAsync(definition)));
        }

        foreach (var (person, days) in _plan.Histories.Index())
        {
            foreach (var (day, arrivals) in days.Index())
            {
                var bodies = new Dictionary<string, (string Body, Heard Heard)>();
                foreach (var arrival in arrivals)
                {
                    var e = arrival.Event with { Id = $"{person}-{day}-{arrival.Event.Id}", Time = arrival.Event.Time.AddDays(day) };
                    if (!bodies.TryGetValue(e.Id, out var message))
                        bodies.Add(e.Id, message = Track(person, e));
                    _script.Add((arrival.At.AddDays(day), message.Body, message.Heard, null));
                    if (_random.Next(6) == 0)
                    {
                        var at = arrival.At.AddDays(day).AddMinutes(_random.Next(90));
                        var (body, heard) = Identify(person, $"i-{ids}", at.AddMinutes(-1).AddMilliseconds(ids++), _plan.Traits[_random.Next(_plan.Traits.Length)]);
                        _script.Add((at, body, heard, null));
                    }
                }
            }
        }

        for (var n = _random.Next(3 + _plan.Days); n > 0; n--)
            _script.Add((Sometime(), null, null, EditAsync));
        for (var n = _random.Next(2 + (_plan.Days / 4)); n > 0; n--)
        {
            var person = _random.Next(_plan.Histories.Length);
            _script.Add((Sometime(), null, null, () => DeleteAsync(person)));
        }

        for (var n = _random.Next(3); n > 0; n--)
            _script.Add((Sometime(), null, null, OpenAgainAsync));
        if (_plan.Trouble == Trouble.Everything)
            AddTrouble();
        // Stable: what is saved at the start comes first.
        var sorted = _script.OrderBy(step => step.At).ToList();
        _script.Clear();
        _script.AddRange(sorted);
    }

    private void AddTrouble()
    {
        for (var n = _random.Next(12 * _plan.Days); n > 0; n--)
        {
            // Half of them in the work of a full hour: behind the look at all shards, or in what another has found.
            var (isHourly, at) = (_random.Next(2) == 0, Sometime());
            _script.Add((isHourly ? at.Date.AddHours(at.Hour).AddMinutes(1) : at, null, null, () =>
            {
                var operations = !isHourly ? (1, 200) : _random.Next(2) == 0 ? (1, 30) : (65, 100);
                var (instance, operation, lost) = (_random.Next(_world.Instances.Length), _random.Next(operations.Item1, operations.Item2), _random.Next(2) == 0);
                _world.Note($"instance {instance} dies at operation {operation}, {(lost ? "after" : "before")} it");
                _world.Instances[instance].Wire.DieAt(operation, lost);
                return Task.CompletedTask;
            }
            ));
        }

        for (var n = _random.Next(6 * _plan.Days); n > 0; n--)
        {
            _script.Add((Sometime(), null, null, () =>
            {
                var (instance, operation, time) = (_random.Next(_world.Instances.Length), _random.Next(1, 60), TimeSpan.FromSeconds(_random.Next(10, 100)));
                _world.Note($"instance {instance} stalls at operation {operation} for {time}");
                _world.StallAt(_world.Instances[instance], operation, time);
                return Task.CompletedTask;
            }
            ));
        }

        for (var n = _random.Next(5 * _plan.Days); n > 0; n--)
        {
            _script.Add((Sometime(), null, null, () =>
            {
                var mode = (FaultMode[])[FaultMode.Status, FaultMode.StatusAfter, FaultMode.StatusAfter, FaultMode.BreakBefore, FaultMode.BreakAfter, FaultMode.BreakAfter];
                var fault = new Fault
                {
                    Mode = mode[_random.Next(mode.Length)],
                    Status = _random.Next(4) == 0 ? 429 : 500,
                    Calls = _random.Next(1, 6),
                    Every = _random.Next(1, 3),
                    Endpoint = _random.Next(3) == 0 ? "events/track" : null,
                };
                _world.Note($"{fault}");
                _world.Iterable.Sandbox.AddFault(fault);
                if (_random.Next(3) == 0)
                    _world.Iterable.BeSilent(1);
                return Task.CompletedTask;
            }
            ));
        }

        for (var n = _random.Next(1 + _plan.Days); n > 0; n--)
        {
            var (from, minutes) = (Sometime(), _random.Next(10, 400));
            var id = 0;
            var fault = new Fault { Mode = _random.Next(2) == 0 ? FaultMode.Status : FaultMode.StatusAfter, Status = 503, Calls = -1, Every = _random.Next(1, 3) };
            _script.Add((from, null, null, () =>
            {
                _world.Note($"outage {fault}");
                (id, _outages) = (_world.Iterable.Sandbox.AddFault(fault), _outages + 1);
                return Task.CompletedTask;
            }
            ));
            _script.Add((from.AddMinutes(minutes), null, null, () =>
            {
                _world.Note("outage over");
                _world.Iterable.Sandbox.ClearFaults(id);
                _outages--;
                return Task.CompletedTask;
            }
            ));
        }
    }

    private DateTime Sometime() => OracleGen.Start.AddMinutes(_random.Next(5, _plan.Days * 24 * 60));

    private (string Body, Heard Heard) Track(int person, OEvent e)
    {
        var ids = IdsOf(person);
        var body = Addressed("track", e.Id, e.Time, ids, isIdentify: false);
        body["event"] = e.Name;
        body["properties"] = JsonNode.Parse(OracleText.Json(e.Properties));
        if (e.Source is not null)
            ((body["context"] ??= new JsonObject()).AsObject())["protocols"] = new JsonObject { ["sourceId"] = e.Source };
        return (body.ToJsonString(), new(e.Id, ids, e, null, e.Time));
    }

    private (string Body, Heard Heard) Identify(int person, string id, DateTime time, Dictionary<string, object?> traits)
    {
        var ids = IdsOf(person);
        var body = Addressed("identify", id, time, ids, isIdentify: true);
        foreach (var (name, value) in traits)
            ((body["traits"] ??= new JsonObject()).AsObject())[name] = JsonSerializer.SerializeToNode(value);
        return (body.ToJsonString(), new(id, ids, null, traits, time));
    }

    private static JsonObject Addressed(string type, string id, DateTime time, string[] ids, bool isIdentify)
    {
        // Not forwarded: all calls are about definitions.
        var body = new JsonObject { ["type"] = type, ["messageId"] = id, ["timestamp"] = time.ToString("O", CultureInfo.InvariantCulture), ["integrations"] = new JsonObject { ["All"] = false } };
        foreach (var one in ids)
        {
            var (kind, value) = (one[..one.IndexOf(':', StringComparison.Ordinal)], one[(one.IndexOf(':', StringComparison.Ordinal) + 1)..]);
            if (kind == "user_id")
                body["userId"] = value;
            else if (kind == "anonymous_id")
                body["anonymousId"] = value;
            else if (isIdentify)
                body["traits"] = new JsonObject { ["email"] = value };
            else
                body["context"] = new JsonObject { ["traits"] = new JsonObject { ["email"] = value } };
        }

        return body;
    }

    /// <summary>Some of a person's ids; messages that have none in common are two persons, until another joins them.</summary>
    private string[] IdsOf(int person)
    {
        var ids = new List<string>();
        if (_random.Next(2) == 0)
            ids.Add($"user_id:u{person}");
        if (_random.Next(3) == 0)
            ids.Add($"email:e{person}{(char)('a' + _random.Next(3))}@x.com");
        if (ids.Count == 0 || _random.Next(3) == 0)
            ids.Add($"anonymous_id:a{person}{(char)('a' + _random.Next(2))}");
        return [.. ids];
    }

    // What users do.

    private Task DefineAsync(ODefinition source)
    {
        var type = TypeOf(source);
        if (type is not null)
            _types.TryAdd(source.Key, type);
        // Iterable freezes a field's type at its first value.
        var (isSent, index) = (type is not null && _types[source.Key] == type, source.Key[^1] % 3);
        var isAudience = source.Condition is not null;
        return SaveAsync(source.Key, new Saved(source, new OracleText(_plan.Seed).Write(source), isSent && (!isAudience || index != 2), isSent && isAudience && index != 0, _random.Next(4) == 0, Enabled: true), run: true);
    }

    private async Task EditAsync()
    {
        var sources = _plan.Definitions.Concat(_plan.Others).ToList();
        var source = sources[_random.Next(sources.Count)];
        if (!_saved.TryGetValue(source.Key, out var saved))
        {
            await DefineAsync(source);
            return;
        }

        switch (_random.Next(6))
        {
            case 0 or 1 when (saved.Source.Condition is null) == (source.Condition is null):
                var fits = !saved.IsSent || TypeOf(source) == _types[source.Key];
                await SaveAsync(source.Key, saved with { Source = fits ? source : saved.Source, Query = fits ? new OracleText(_plan.Seed + 1).Write(source) : saved.Query }, run: true);
                break;
            case 2:
                await SaveAsync(source.Key, saved with { Enabled = !saved.Enabled }, run: !saved.Enabled);
                break;
            // What is disabled cannot be resent.
            case 3 when saved.Enabled:
                _world.IsDisturbed = true;
                await SaveAsync(source.Key, saved, run: true, resend: true);
                break;
            case 5 when saved.Source.Condition is not null && !IsReferredTo(source.Key):
                _world.Note($"retire {source.Key}");
                _saved.Remove(source.Key);
                _isEdited = true;
                await _world.SaveAsync(source.Key, run: true, resend: false, (catalog, id) => catalog[source.Key] is { } record ? catalog.With(record with { Retiring = true, Run = id, Changed = _world.Now.UtcDateTime }) : catalog);
                _retired[source.Key] = saved;
                break;
            case 4 when !IsReferredTo(source.Key):
                _world.Note($"remove {source.Key}");
                _saved.Remove(source.Key);
                _isEdited = true;
                await _world.SaveAsync(source.Key, run: false, resend: false, (catalog, _) => catalog[source.Key] is null ? catalog : catalog.Without(source.Key));
                break;
        }
    }

    private bool IsReferredTo(string key)
        => _saved.Values.Any(other => other.Query.Contains($"'{key}'", StringComparison.Ordinal) || other.Query.Contains($"\"{key}\"", StringComparison.Ordinal));

    private async Task SaveAsync(string key, Saved saved, bool run, bool resend = false)
    {
        // Nobody saves a definition that is about to go.
        if (_retired.ContainsKey(key) && _outages > 0)
            return;
        if (_retired.Remove(key))
            await _world.SettleAsync();
        _saved[key] = saved;
        _isEdited = true;
        _world.Note($"save {key} {saved} run {run} resend {resend}: {saved.Query}");
        await _world.SaveAsync(key, run, resend, (catalog, id) => catalog.With((catalog[key] ?? new DefinitionRecord { Key = key, Kind = saved.Source.Condition is null ? DefinitionKind.ComputedTrait : DefinitionKind.Audience, Name = key, Query = "" }) with
        {
            Query = saved.Query,
            Enabled = saved.Enabled,
            SendIdentify = saved.SendIdentify,
            SendTrack = saved.SendTrack,
            IncludeAnonymousUsers = saved.IncludeAnonymousUsers,
            Run = id ?? catalog[key]?.Run,
            Changed = _world.Now.UtcDateTime,
        }));
    }

    private async Task DeleteAsync(int person)
    {
        if (_outages > 0)
            return;
        // Whose messages are on their way is not settled.
        await _world.SettleAsync();
        var gone = _population.Delete($"user_id:u{person}");
        _world.Note($"delete u{person}: {gone?.Name}");
        await _world.PostAsync($$"""{"type":"delete","messageId":"d-{{_random.Next()}}","userId":"u{{person}}"}""");
        await _world.SettleAsync();
        if (gone is null)
            return;
        _gone.UnionWith(gone.Ids);
        _world.Iterable.Remove(gone.Ids.Where(id => !id.StartsWith("anonymous", StringComparison.Ordinal)));
        foreach (var key in _lastEvents.Keys.Where(key => gone.Ids.Contains(key.Identifier)).ToList())
            _lastEvents.Remove(key);
        // Whoever comes with the same ids is somebody else.
        foreach (var name in _before?.Messages.Keys.Where(name => name.Split(' ').Any(gone.Ids.Contains)).ToList() ?? [])
            _before!.Messages.Remove(name);
        _deletedAt = _world.Iterable.Calls.Count;
    }

    /// <summary>A run of the present hour once more, or one that begins too early.</summary>
    private async Task OpenAgainAsync()
    {
        if (_random.Next(2) == 0)
            await _world.RunUntilAsync(_world.NextTimer.AddMinutes(-2).AddSeconds(-2));
        _world.Note("the hour once more");
        await _world.OpenHourAsync();
    }

    // What has to be.

    private async Task EndHourAsync()
    {
        await _world.RunUntilAsync(_world.NextTimer);
        if (_outages > 0)
        {
            _world.IsDisturbed = true;
            return;
        }

        await _world.SettleAsync();
        for (var tries = 0; !_world.WasQuietAtTimer || Hour.Containing(_world.NextTimer) != Hour.Containing(_world.Now).Next; tries++)
        {
            Assert.True(tries < 20, "It does not come to rest.");
            await _world.RunUntilAsync(_world.NextTimer);
            await _world.SettleAsync();
        }

        await CompareAsync();
    }

    private async Task CompareAsync()
    {
        _world.Note("compare");
        var catalog = await _world.Observer.CatalogAsync();
        Assert.Equal(_saved.Keys, catalog.Records.Select(record => record.Key));
        Assert.All(catalog.Records, record => Assert.Null(record.Run));
        if (_plan.Trouble != Trouble.Everything)
            Assert.Empty(_world.Failures);

        var hour = _world.Now.UtcDateTime.Date.AddHours(_world.Now.Hour);
        var calls = _world.Iterable.Calls.Skip(_before?.Calls ?? 0).ToList();
        Assert.DoesNotContain(_world.Iterable.Calls.Skip(Math.Max(_deletedAt, _before?.Calls ?? 0)), call => _gone.Contains(call.Identifier));
        foreach (var call in calls.Where(call => call is { EventName: not null, TookEffect: true, IsNews: true }))
            _lastEvents[(call.Key, call.Identifier)] = call.EventName!;

        ODefinition[] definitions = [.. _saved.Values.Select(saved => saved.Source)];
        var values = new Dictionary<(string Key, string Person), object?>();
        var individuals = _population.Individuals();
        foreach (var one in individuals.Where(one => one.Addressees(_plan.IsByUserId).Length > 0))
        {
            var oracle = new Oracle(definitions, one.Traits, one.Events, hour);
            foreach (var (key, saved) in _saved.Where(saved => saved.Value.IsSent))
            {
                var value = oracle.Answer(saved.Source);
                values[(key, one.Name)] = value;
                if (!saved.Enabled)
                    continue;
                foreach (var to in one.Addressees(_plan.IsByUserId))
                    CompareAddressee(key, saved, one, to, value);
                CompareLeftBehind(key, saved, one, value);
            }

            // Everybody has left before it went.
            foreach (var (key, saved) in _retired.Where(retired => retired.Value.SendIdentify))
                Assert.All(one.Addressees(_plan.IsByUserId), to => Assert.NotEqual("true", WorldIterable.Field(_world.Iterable.Find(to), key)));
        }

        if (_before is { } before && !_isEdited)
            CompareCounts(catalog, before, individuals, values, calls);
        if (!_world.IsDisturbed && calls.TrueForAll(call => call.IsClean))
            Assert.True(calls.TrueForAll(call => call.IsNews || !call.TookEffect), $"A call says nothing new: {calls.Find(call => call is { IsNews: false, TookEffect: true })}");
        _before = new(_world.Timers, _world.Iterable.Calls.Count, values, individuals.ToDictionary(one => one.Name, one => one.Messages));
        (_isEdited, _world.IsDisturbed) = (false, false);
        Hours++;
    }

    private void CompareAddressee(string key, Saved saved, Individual one, string to, object? value)
    {
        var user = _world.Iterable.Find(to);
        var isEmpty = IsEmpty(value);
        if (saved.SendIdentify)
        {
            var field = WorldIterable.Field(user, key);
            Assert.True((field is null && isEmpty) || Same(field, value), $"{key} of {to} ({one.Name}) is {field ?? "nothing"}, and should be {JsonSerializer.Serialize(value)}");
        }

        if (!saved.SendTrack)
            return;
        // An email that has taken over what was told by userId alone says no second time that somebody has entered.
        var last = _lastEvents.GetValueOrDefault((key, to)) ?? (value is true ? one.Ids.Where(id => id.StartsWith("user_id", StringComparison.Ordinal)).Select(id => _lastEvents.GetValueOrDefault((key, id))).FirstOrDefault() : null);
        Assert.True(last == (value is true ? "Audience Entered" : "Audience Exited") || (last is null && isEmpty), $"The last event about {key} of {to} ({one.Name}) is {last ?? "none"}, and it should be {value}");
    }

    /// <summary>Who was told by userId, and is a user apart from the emails that came later, leaves with them.</summary>
    private void CompareLeftBehind(string key, Saved saved, Individual one, object? value)
    {
        if (!saved.SendIdentify || !IsEmpty(value) || one.Addressees(_plan.IsByUserId)[0].StartsWith("user_id", StringComparison.Ordinal))
            return;
        foreach (var id in one.Ids.Where(id => id.StartsWith("user_id", StringComparison.Ordinal)))
        {
            var field = WorldIterable.Field(_world.Iterable.Find(id), key);
            Assert.True(field is null or "false" or "0" or "0.0" or "null", $"{key} of {id} ({one.Name}) is {field}, and nobody will change it");
        }
    }

    private static bool IsEmpty(object? value) => value is null or false or 0m || value is List<string> { Count: 0 };

    /// <summary>As many events as there were transitions, where it is known how many there were.</summary>
    private void CompareCounts(Catalog catalog, Look before, List<Individual> individuals, Dictionary<(string Key, string Person), object?> values, List<ToldCall> calls)
    {
        if (_world.Timers != before.Timers + 1)
            return;
        foreach (var one in individuals.Where(one => before.Messages.ContainsKey(one.Name)))
        {
            foreach (var (key, saved) in _saved.Where(saved => saved.Value is { SendTrack: true, Enabled: true }))
            {
                var definition = catalog.Set.Definitions.Single(definition => definition.Key == key);
                if (!before.Values.TryGetValue((key, one.Name), out var was) || !values.TryGetValue((key, one.Name), out var value))
                    continue;
                var isStill = definition.Cadence.IsHourly || before.Messages[one.Name] == one.Messages;
                foreach (var to in one.Addressees(_plan.IsByUserId))
                {
                    var events = calls.Where(call => call is { EventName: not null, TookEffect: true, IsNews: true } && call.Key == key && call.Identifier == to).ToList();
                    var most = isStill ? (Equals(was, value) ? 0 : 1) : one.Messages - before.Messages[one.Name] + 1;
                    Assert.True(events.Count <= most, $"{events.Count} events about {key} of {to} in an hour with {most} transitions: {string.Join("; ", events)}");
                    Assert.True(!isStill || events.Count == most, $"{events.Count} events about {key} of {to} in an hour in which it came from {was} to {value}");
                }
            }
        }
    }

    private static string? TypeOf(ODefinition definition) => definition switch
    {
        { Condition: not null } => "boolean",
        { Value: OReduction { Reducer: "count" or "unique_count" } } => "long",
        { Value: OReduction { Reducer: "sum" or "avg" or "min" or "max" } } => "double",
        _ => null,
    };

    private static bool Same(string? field, object? value) => value switch
    {
        null => field is null or "null",
        bool truth => field == (truth ? "true" : "false"),
        decimal number => field is not null && decimal.TryParse(field, NumberStyles.Float, CultureInfo.InvariantCulture, out var found) && Math.Abs(found - number) <= 0.000000001m,
        _ => false,
    };

    private sealed record Saved(ODefinition Source, string Query, bool SendIdentify, bool SendTrack, bool IncludeAnonymousUsers, bool Enabled)
    {
        public bool IsSent => SendIdentify || SendTrack;

        public override string ToString() => $"{(SendIdentify ? "identify " : "")}{(SendTrack ? "track " : "")}{(IncludeAnonymousUsers ? "anonymous " : "")}{(Enabled ? "enabled" : "disabled")}";
    }

    /// <param name="Timers">How often the timer had fired.</param>
    /// <param name="Calls">How many calls there had been.</param>
    /// <param name="Values">By definition and person.</param>
    /// <param name="Messages">By person.</param>
    private sealed record Look(int Timers, int Calls, Dictionary<(string Key, string Person), object?> Values, Dictionary<string, int> Messages);
}
