using System.Globalization;
using System.Text.Json;

namespace IterableFunctions.Tests.Personas.Evaluation.Oracle;

/// <summary>Writes generated definitions as users might: spellings vary with the seed.</summary>
internal sealed class OracleText(int seed)
{
    private readonly Random _random = new(seed);

    public string Write(ODefinition definition) => definition.Condition is { } condition ? Write(condition) : Write(definition.Value!);

    public string Write(OCondition condition) => condition switch
    {
        OAll all => string.Join(Pick(" AND ", "  AND\n", " and "), all.Parts.Select(part => part is OAny || Chance() ? $"({Write(part)})" : Write(part))),
        OAny any => string.Join(Pick(" OR ", "\tOR ", " or "), any.Parts.Select(part => Chance() ? $"( {Write(part)} )" : Write(part))),
        ONot not => Pick("NOT ", "not ") + (not.Inner is OAll or OAny || Chance() ? $"({Write(not.Inner)})" : Write(not.Inner)),
        ORelation relation => Chance()
            ? $"{Write(relation.Left)}.{Name(relation.Operator)}({Write(relation.Right)})"
            : $"{Write(relation.Left)} {(relation.Operator == "=" ? Pick("=", "==") : relation.Operator)}{Pick(" ", "")}{Write(relation.Right)}",
        OExists exists => $"{Write(exists.Left)}.{(exists.Exists ? "exists" : "absent")}()",
        OText text => $"{Write(text.Left)}.{text.Name}({string.Join(Pick(",", ", "), text.Texts.Select(Quote))})",
        OListed listed => $"{Write(listed.Left)}.{(listed.Listed ? "one_of" : "none_of")}({string.Join(", ", listed.Options.Select(Write))})",
        OBefore before => $"{Write(before.Left)}.{(before.Before ? "before_date" : "after_date")}({Quote(Iso(before.Bound))})",
        ORelative relative => $"{Write(relative.Left)}.{relative.Name}({relative.Amount} {(relative.Days ? "day" : "hour")}{(relative.Amount == 1 ? "" : "s")})",
        _ => throw new InvalidOperationException(),
    };

    public string Write(OValue value) => value switch
    {
        OLiteral { Value: DateTime date } => Iso(date),
        OLiteral { Value: string text } => Chance() ? $"literal({Quote(text)})" : Quote(text),
        OLiteral { Value: bool truth } => truth ? "true" : "false",
        OLiteral { Value: decimal number } => number.ToString(Pick("0.##", "0.00"), CultureInfo.InvariantCulture),
        OTrait trait => $"trait({Quote(trait.Name)})",
        OProperty property => $"property({(property.OfParent ? "parent: " : "")}{Quote(property.Name)})",
        OReduction reduction => Write(reduction),
        _ => throw new InvalidOperationException(),
    };

    private string Write(OReduction reduction)
    {
        var stream = reduction.Stream;
        var filters = new List<string>();
        foreach (var where in stream.Wheres)
            filters.Add($"where({Write(where)})");
        if (stream.Window is var (from, to))
            filters.Add(from == 0 ? $"within({Hours(to)})" : Chance() ? $"between({Hours(from)}, {Hours(to)})" : $"between({Hours(to)},{Hours(from)})");
        // Windows behind the parent are generated in whole hours, as the language has them.
        if (stream.Behind is var (near, far))
            filters.Add(near == 0 ? $"within(parent: {Hours(far / 60)})" : $"between(parent: {Hours(near / 60)}, {Hours(far / 60)})");
        if (stream.SessionMinutes > 0)
            filters.Add($"expires_after({(Chance() ? $"{stream.SessionMinutes} minutes" : $"{stream.SessionMinutes * 60} seconds")})");
        if (stream.ExcludedSource is { } source)
            filters.Add($"sources({{exclude: {Quote(source)}}})");
        var shuffled = filters.OrderBy(_ => _random.Next()).Select(filter => Pick(".", " . ", ".") + filter);
        var property = $"property({Quote(reduction.Property)})";
        var reducer = reduction.Reducer switch
        {
            "count" => "count()",
            "min_text" => $"min({property} as string)",
            "max_text" => $"max({property} as string)",
            "mode" => $"mode({property}, {reduction.Frequency})",
            "unique_count" => $"unique({property}).count()",
            var name => $"{name}({property})",
        };
        return $"event({Quote(stream.Event)}){string.Concat(shuffled)}.{reducer}";
    }

    private string Hours(int hours) => hours % 24 == 0 && Chance() ? $"{hours / 24} {(hours == 24 ? "day" : "days")}" : $"{hours} {(hours == 1 ? "hour" : "hours")}";

    private string Quote(string text) => Chance() ? "\"" + text.Replace("\\", "\\\\").Replace("\"", "\\\"") + "\"" : "'" + text.Replace("\\", "\\\\").Replace("'", "\\'") + "'";

    private string Pick(params string[] options) => options[_random.Next(options.Length)];

    private bool Chance() => _random.Next(3) == 0;

    private static string Iso(DateTime date) => date.ToString(date.TimeOfDay == TimeSpan.Zero ? "yyyy-MM-dd" : "yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    private static string Name(string symbol) => symbol switch
    {
        "=" => "equals",
        "!=" => "differs",
        ">" => "greater_than",
        ">=" => "at_least",
        "<" => "less_than",
        _ => "at_most",
    };

    public static string Json(Dictionary<string, object?> properties) => JsonSerializer.Serialize(properties);
}
