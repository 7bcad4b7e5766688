using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace IterableFunctions.Tests.Intake;

/// <summary>What a body says, read with System.Text.Json and not with the code under test.</summary>
internal static partial class Expectation
{
    /// <summary>The body as strict JSON of at most 64 levels whose numbers are doubles; null when it is none.</summary>
    public static JsonDocument? Parse(byte[] body)
    {
        try
        {
            _ = new UTF8Encoding(false, throwOnInvalidBytes: true).GetCharCount(body);
            var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 64 });
            if (Numbers(document.RootElement).All(double.IsFinite))
                return document;
            document.Dispose();
            return null;
        }
        catch (Exception e) when (e is JsonException or DecoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>The names of an object's members, repeated ones as often as they stand there.</summary>
    public static IEnumerable<string> Names(JsonElement json) => json.ValueKind == JsonValueKind.Object ? json.EnumerateObject().Select(Name) : [];

    /// <summary>A member; of a repeated one the last.</summary>
    public static JsonElement? Get(JsonElement? json, string name)
    {
        if (json is not { ValueKind: JsonValueKind.Object } members)
            return null;
        JsonElement? found = null;
        foreach (var member in members.EnumerateObject())
        {
            if (Name(member) == name)
                found = member.Value;
        }

        return found;
    }

    /// <summary>A string's text, lone halves of surrogate pairs replaced; a number's digits; null for the rest.</summary>
    public static string? Text(JsonElement? json) => json switch
    {
        { ValueKind: JsonValueKind.String } text => Unescape(text.GetRawText()[1..^1]),
        { ValueKind: JsonValueKind.Number } number => number.GetRawText(),
        _ => null,
    };

    /// <summary>The value in one form for comparison: members sorted, the last of repeated ones, dates as Iterable reads them.</summary>
    public static string Normalize(JsonElement json, bool rewriteDates) => json.ValueKind switch
    {
        JsonValueKind.Object => "{" + string.Join(',', Members(json).OrderBy(member => member.Key, StringComparer.Ordinal).Select(member => $"{Quote(member.Key)}:{Normalize(member.Value, rewriteDates)}")) + "}",
        JsonValueKind.Array => "[" + string.Join(',', json.EnumerateArray().Select(element => Normalize(element, rewriteDates))) + "]",
        JsonValueKind.String => Quote(rewriteDates ? Date(Text(json)!) : Text(json)!),
        _ => json.GetRawText(),
    };

    private static Dictionary<string, JsonElement> Members(JsonElement json)
    {
        var members = new Dictionary<string, JsonElement>();
        foreach (var member in json.EnumerateObject())
            members[Name(member)] = member.Value;
        return members;
    }

    /// <summary>JsonProperty.Name throws for lone surrogates, so it is taken from the text.</summary>
    private static string Name(JsonProperty member)
    {
        var text = member.ToString();
        var end = 1;
        for (; text[end] != '"'; end++)
        {
            if (text[end] == '\\')
                end++;
        }

        return Unescape(text[1..end]);
    }

    private static string Unescape(string raw)
    {
        var text = Escape().Replace(raw, match => match.Value[1] switch
        {
            'u' => ((char)int.Parse(match.Value.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)).ToString(),
            'b' => "\b",
            'f' => "\f",
            'n' => "\n",
            'r' => "\r",
            't' => "\t",
            var itself => itself.ToString(),
        });
        return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
    }

    private static string Date(string text)
    {
        if (Instant().Match(text) is not { Success: true } match)
            return text;
        try
        {
            var parts = match.Groups;
            var local = new DateTime(Number("y"), Number("mo"), Number("d"), Number("h"), Number("mi"), Number("s"), DateTimeKind.Utc);
            if (Number("zh") > 23 || Number("zm") > 59)
                return text;
            var offset = new TimeSpan(Number("zh"), Number("zm"), 0);
            var utc = parts["sign"].Value == "-" ? local + offset : local - offset;
            return utc.ToString("yyyy-MM-dd HH:mm:ss '+00:00'", CultureInfo.InvariantCulture);

            int Number(string name) => parts[name].Success ? int.Parse(parts[name].ValueSpan, CultureInfo.InvariantCulture) : 0;
        }
        catch (ArgumentOutOfRangeException)
        {
            return text;
        }
    }

    private static IEnumerable<double> Numbers(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Number => [double.Parse(json.GetRawText(), CultureInfo.InvariantCulture)],
        JsonValueKind.Array => json.EnumerateArray().SelectMany(Numbers),
        JsonValueKind.Object => json.EnumerateObject().SelectMany(member => Numbers(member.Value)),
        _ => [],
    };

    private static string Quote(string text) => JsonSerializer.Serialize(text);

    [GeneratedRegex(@"\\(u[0-9a-fA-F]{4}|.)")]
    private static partial Regex Escape();

    [GeneratedRegex(@"\A(?<y>[0-9]{4})-(?<mo>[0-9]{2})-(?<d>[0-9]{2})[T ](?<h>[0-9]{2}):?(?<mi>[0-9]{2})(:?(?<s>[0-9]{2})([.,][0-9]+)?)?(Z|(?<sign>[+-])(?<zh>[0-9]{2})(:?(?<zm>[0-9]{2}))?)?\z")]
    private static partial Regex Instant();
}
