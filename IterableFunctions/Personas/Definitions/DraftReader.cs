using System.Text.Json;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Queries;

namespace IterableFunctions.Personas.Definitions;

/// <summary>Reads what a user says of a definition from JSON, and says exactly what cannot be taken. Pure.</summary>
public static class DraftReader
{
    public const int LongestName = 128;
    public const int LongestDescription = 2000;
    public const int LongestEvent = 255;

    /// <summary>
    /// What answers hold beside what can be said: a body may be an answer with something changed in it. They make no difference.
    /// </summary>
    private static readonly string[] _answers =
        ["state", "run", "progress", "cadence", "canonicalQuery", "created", "changed", "lastSync", "size", "sizeIsAtLeast", "notAddressable", "warnings"];

    private static readonly string[] _ofBoth = ["key", "kind", "name", "query", "description", "enabled", "sendIdentify", "sendTrack", "includeAnonymousUsers"];

    /// <summary>Reads a body.</summary>
    /// <param name="body">JSON, UTF-8.</param>
    /// <param name="kind">What it is to be.</param>
    /// <param name="isSaved">Whether it is to be saved, which takes a name.</param>
    /// <returns>What was said, or why it cannot be taken.</returns>
    public static (DefinitionDraft? Draft, DefinitionRefusal? Refusal) Read(ReadOnlyMemory<byte> body, DefinitionKind kind, bool isSaved)
    {
        try
        {
            using var json = JsonDocument.Parse(body, new() { AllowDuplicateProperties = false });
            return (Read(json.RootElement, kind, isSaved), null);
        }
        catch (JsonException e)
        {
            return (null, new(RefusalReason.Invalid, "invalid_json", body.IsEmpty ? "The body is empty; it must be a JSON object with the definition." : $"The body is not the JSON of a definition: {e.Message}"));
        }
        catch (UnreadableException e)
        {
            return (null, new(RefusalReason.Invalid, e.Code, e.Message));
        }
    }

    private static DefinitionDraft Read(JsonElement body, DefinitionKind kind, bool isSaved)
    {
        if (body.ValueKind != JsonValueKind.Object)
            throw new UnreadableException("invalid_json", $"The body is {Shown(body)}; it must be a JSON object with the definition.");
        var draft = new DefinitionDraft { Query = "" };
        foreach (var field in body.EnumerateObject())
        {
            draft = (NameOf(field), kind) switch
            {
                ("key", _) => draft with { Key = Text(field, int.MaxValue) },
                ("kind", _) => OfKind(field, kind, draft),
                ("name", _) => draft with { Name = Line(field, LongestName) },
                // How long a query may be is the language's own rule.
                ("query", _) => draft with { Query = Text(field, int.MaxValue) },
                ("description", _) => draft with { Description = field.Value.ValueKind == JsonValueKind.Null ? null : Text(field, LongestDescription) },
                ("enabled", _) => draft with { Enabled = Flag(field) },
                ("sendIdentify", _) => draft with { SendIdentify = Flag(field) },
                ("sendTrack", _) => draft with { SendTrack = Flag(field) },
                ("includeAnonymousUsers", _) => draft with { IncludeAnonymousUsers = Flag(field) },
                ("enterEvent", DefinitionKind.Audience) => draft with { EnterEvent = Line(field, LongestEvent) },
                ("exitEvent", DefinitionKind.Audience) => draft with { ExitEvent = Line(field, LongestEvent) },
                ("trackEvent", DefinitionKind.ComputedTrait) => draft with { TrackEvent = Line(field, LongestEvent) },
                (var name, _) when _answers.Contains(name, StringComparer.Ordinal) => draft,
                (var name, _) => throw Unknown(name, kind),
            };
        }

        if (isSaved && draft.Name is null)
            throw Missing("name");
        return string.IsNullOrWhiteSpace(draft.Query) ? throw Missing("query") : draft;
    }

    private static DefinitionDraft OfKind(JsonProperty field, DefinitionKind kind, DefinitionDraft draft)
    {
        var (said, expected) = (Text(field, int.MaxValue), DefinitionReport.NameOf(kind));
        return said == expected ? draft : throw new UnreadableException("other_kind", $"\"kind\" is \"{said}\", and at this address stand definitions of the kind \"{expected}\".");
    }

    private static string NameOf(JsonProperty field)
    {
        try
        {
            return field.Name;
        }
        catch (InvalidOperationException)
        {
            throw new UnreadableException("unknown_field", "The name of a field holds half a surrogate pair.");
        }
    }

    private static bool Flag(JsonProperty field) => field.Value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong(field, "true or false"),
    };

    /// <summary>Text without line breaks, and not blank.</summary>
    private static string Line(JsonProperty field, int longest)
    {
        var text = Text(field, longest).Trim();
        return text.Length == 0 ? throw new UnreadableException("invalid_field", $"\"{field.Name}\" is blank.")
            : text.Any(char.IsControl) ? throw new UnreadableException("invalid_field", $"\"{field.Name}\" holds a line break, a tab or another control character.")
            : text;
    }

    private static string Text(JsonProperty field, int longest)
    {
        if (field.Value.ValueKind != JsonValueKind.String)
            throw Wrong(field, "a text in quotes");
        string text;
        try
        {
            text = field.Value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw new UnreadableException("invalid_field", $"\"{field.Name}\" holds half a surrogate pair.");
        }

        return text.Length <= longest ? text : throw new UnreadableException("invalid_field", $"\"{field.Name}\" has {text.Length} characters; it may have {longest}.");
    }

    private static UnreadableException Missing(string field) => new("missing_field", $"\"{field}\" is missing or blank.");

    private static UnreadableException Wrong(JsonProperty field, string expected) => new("invalid_field", $"\"{field.Name}\" is {Shown(field.Value)}; it must be {expected}.");

    private static UnreadableException Unknown(string name, DefinitionKind kind)
    {
        string[] fields = [.. _ofBoth, .. kind == DefinitionKind.Audience ? (string[])["enterEvent", "exitEvent"] : ["trackEvent"]];
        var shown = name.Length <= 50 ? name : $"{name[..50]}…";
        var near = NearestWord.Find(name, fields) is { } nearest ? $" Did you mean \"{nearest}\"?" : "";
        return new("unknown_field", $"{(kind == DefinitionKind.Audience ? "An audience" : "A computed trait")} has no field \"{shown}\".{near} Its fields are {string.Join(", ", fields)}.");
    }

    private static string Shown(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => value.GetRawText(),
    };

    private sealed class UnreadableException(string code, string message) : Exception(message)
    {
        public string Code => code;
    }
}
