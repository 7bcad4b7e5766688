using System.Buffers;
using System.Text;
using System.Text.Json;

namespace IterableFunctions.LocalHost.Sandbox;

/// <summary>The JSON that the page and tests read. Not Iterable's; ours.</summary>
internal static class SandboxJson
{
    /// <summary>Counts, rates and faults; with <paramref name="full"/> also every user and event.</summary>
    public static ReadOnlyMemory<byte> State(SandboxIterable sandbox, bool full) => Write(json =>
    {
        var counts = sandbox.Counts;
        json.WriteStartObject();
        json.WriteString("startedAt"u8, sandbox.StartedAt);
        json.WriteString("projectType"u8, JsonNamingPolicy.CamelCase.ConvertName(sandbox.ProjectType.ToString()));
        json.WriteNumber("users"u8, counts.Users);
        json.WriteNumber("events"u8, counts.Events);
        json.WriteNumber("purchases"u8, counts.Purchases);
        json.WriteNumber("calls"u8, counts.Calls);
        json.WriteNumber("refused"u8, counts.Refused);
        json.WriteStartArray("rates"u8);
        foreach (var rate in sandbox.Rates)
        {
            json.WriteStartObject();
            json.WriteString("endpoint"u8, rate.Endpoint);
            if (rate.Limit is { } limit)
            {
                json.WriteNumber("perSecond"u8, limit.PerSecond);
                json.WriteNumber("capacity"u8, limit.Capacity);
                json.WriteNumber("remaining"u8, Math.Round(rate.Remaining, 1));
            }
            json.WriteNumber("lastSecond"u8, rate.LastSecond);
            json.WriteNumber("calls"u8, rate.Calls);
            json.WriteNumber("limited"u8, rate.Limited);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("faults"u8);
        foreach (var armed in sandbox.ArmedFaults)
        {
            json.WriteStartObject();
            json.WriteNumber("id"u8, armed.Id);
            json.WriteString("mode"u8, JsonNamingPolicy.CamelCase.ConvertName(armed.Fault.Mode.ToString()));
            json.WriteString("endpoint"u8, armed.Fault.Endpoint);
            json.WriteString("user"u8, armed.Fault.User);
            json.WriteNumber("status"u8, armed.Fault.Status);
            json.WriteNumber("callsLeft"u8, armed.CallsLeft);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        if (full)
        {
            sandbox.Read(project =>
            {
                json.WriteStartArray("allUsers"u8);
                foreach (var profile in project.Users.All)
                    Views.WriteUser(json, profile);
                json.WriteEndArray();
                json.WriteStartArray("allEvents"u8);
                foreach (var stored in project.Events.Custom.Concat(project.Events.Purchases))
                    Views.WriteEvent(json, stored);
                json.WriteEndArray();
                return true;
            });
        }
        json.WriteEndObject();
    });

    /// <summary>The newest calls with a greater number, oldest first.</summary>
    public static ReadOnlyMemory<byte> Calls(SandboxIterable sandbox, long after, int most) => Write(json =>
    {
        json.WriteStartObject();
        json.WriteString("startedAt"u8, sandbox.StartedAt);
        json.WriteStartArray("calls"u8);
        foreach (var call in sandbox.CallsAfter(after, most))
        {
            json.WriteStartObject();
            json.WriteNumber("number"u8, call.Number);
            json.WriteString("at"u8, call.At);
            json.WriteString("method"u8, call.Method);
            json.WriteString("endpoint"u8, call.Endpoint);
            json.WriteString("path"u8, call.Path);
            json.WriteString("email"u8, call.Email);
            json.WriteString("userId"u8, call.UserId);
            json.WriteString("eventName"u8, call.EventName);
            json.WriteNumber("items"u8, call.Items);
            json.WriteNumber("status"u8, call.Status);
            json.WriteString("code"u8, call.Code);
            json.WriteString("message"u8, call.Message);
            json.WriteString("fault"u8, call.Fault is { } fault ? JsonNamingPolicy.CamelCase.ConvertName(fault.ToString()) : null);
            json.WriteBoolean("refused"u8, call.Refused);
            json.WriteBoolean("tookEffect"u8, call.TookEffect);
            // As text: it may be cut off, and need not be JSON.
            json.WriteString("body"u8, Encoding.UTF8.GetString(call.Body.Span));
            json.WriteString("answer"u8, Encoding.UTF8.GetString(call.AnswerBody.Span));
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    });

    /// <summary>One user and the newest of its events, as Iterable's contact lookup shows them; no <c>user</c> if there is none.</summary>
    public static ReadOnlyMemory<byte> Contact(SandboxIterable sandbox, string? email, string? userId, int most) => Write(json => sandbox.Read(project =>
    {
        var profile = !string.IsNullOrEmpty(email) ? project.Users.ByEmail(email) : project.Users.ByUserId(userId);
        json.WriteStartObject();
        if (profile is not null)
        {
            json.WritePropertyName("user"u8);
            Views.WriteUser(json, profile);
            json.WriteString("createdAt"u8, profile.CreatedAt);
            json.WriteString("updatedAt"u8, profile.UpdatedAt);
            json.WriteStartObject("types"u8);
            foreach (var (path, type) in project.ProfileFields.Fields)
            {
                if (profile.Fields.ContainsKey(path) || path is "email" or "userId" or "signupDate" or "signupSource" or "profileUpdatedAt")
                    json.WriteString(path, FieldTypes.NameOf(type));
            }
            json.WriteEndObject();
            json.WriteNumber("eventCount"u8, profile.Events.Count);
            json.WriteStartArray("events"u8);
            foreach (var stored in Views.NewestFirst(profile.Events).Take(most))
                Views.WriteEvent(json, stored);
            json.WriteEndArray();
        }
        json.WriteBoolean("forgotten"u8, project.Users.IsForgottenEmail(email) || project.Users.IsForgottenUserId(userId));
        json.WriteEndObject();
        return true;
    }));

    private static ReadOnlyMemory<byte> Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(4_096);
        using (var json = new Utf8JsonWriter(buffer, Answer.Readable))
            write(json);
        return buffer.WrittenMemory;
    }
}
