using System.Globalization;

namespace IterableFunctions.Tests.Personas.Evaluation.Oracle;

/// <summary>Answers definitions by scanning all events, as the documentation says it, with no thought of speed.</summary>
internal sealed class Oracle(ODefinition[] definitions, Dictionary<string, object?> traits, List<OEvent> known, DateTime hour)
{
    /// <returns>null, bool, decimal, string or a list of strings.</returns>
    public object? Answer(ODefinition definition) =>
        definition.Condition is { } condition ? Holds(condition, []) == true : Worth(definition.Value!, []);

    // The events around the expression, innermost last.
    private bool? Holds(OCondition condition, OEvent[] around)
    {
        switch (condition)
        {
            case OAll all:
                var parts = all.Parts.Select(part => Holds(part, around)).ToList();
                return parts.Contains(false) ? false : parts.Contains(null) ? null : true;
            case OAny any:
                var ways = any.Parts.Select(part => Holds(part, around)).ToList();
                return ways.Contains(true) ? true : ways.Contains(null) ? null : false;
            case ONot not:
                return Holds(not.Inner, around) is { } inner ? !inner : null;
            case ORelation relation:
                return Related(relation.Left, relation.Operator, relation.Right, around);
            case OExists exists:
                return Worth(exists.Left, around) is not null == exists.Exists;
            case OText text:
                var found = Text(Worth(text.Left, around)) is { } whole && text.Texts.Any(part => text.Name switch
                {
                    "starts_with" => whole.StartsWith(part, StringComparison.Ordinal),
                    "ends_with" => whole.EndsWith(part, StringComparison.Ordinal),
                    _ => whole.Contains(part, StringComparison.Ordinal),
                });
                return found != (text.Name == "omits");
            case OListed listed:
                var matches = listed.Options.Select(option => Related(listed.Left, "=", option, around)).ToList();
                bool? isListed = matches.Contains(true) ? true : matches.Contains(null) ? null : false;
                return listed.Listed ? isListed : isListed is { } certain ? !certain : null;
            case OBefore before:
                return Date(Worth(before.Left, around)) is var (bounded, _) && (before.Before ? bounded < before.Bound : bounded > before.Bound);
            case ORelative relative:
                if (Date(Worth(relative.Left, around)) is not var (date, dayOnly))
                    return false;
                var now = dayOnly ? hour.Date : hour;
                var distance = relative.Days ? TimeSpan.FromDays(relative.Amount) : TimeSpan.FromHours(relative.Amount);
                return relative.Name switch
                {
                    "within_last" => date >= now - distance && date <= now,
                    "within_next" => date >= now && date <= now + distance,
                    "before_last" => date <= now - distance,
                    _ => date >= now + distance,
                };
            default:
                throw new InvalidOperationException();
        }
    }

    private bool? Related(OValue left, string symbol, OValue right, OEvent[] around)
    {
        // A count whose window behind the parent is open could be any larger number; what all of them agree on is certain.
        bool IsOpen(OValue value) =>
            value is OReduction { Reducer: "count", Stream.Behind: var (_, far) } && around[^1].Time.AddMinutes(far) >= hour;
        List<object?> Possible(OValue value)
        {
            var worth = Worth(value, around);
            return IsOpen(value) ? [.. Enumerable.Range(0, 200).Select(more => (object?)((decimal)worth! + more))] : [worth];
        }
        var (ones, others) = (Possible(left), Possible(right));
        if (IsOpen(left) && IsOpen(right))
            return null;
        if ((IsOpen(left) && others[0] is not null && Number(others[0]) is null) || (IsOpen(right) && ones[0] is not null && Number(ones[0]) is null))
            return null;
        var answers = ones.SelectMany(one => others.Select(other => Related(one, symbol, other))).Distinct().ToList();
        return answers.Count == 1 ? answers[0] : null;
    }

    private static bool Related(object? one, string symbol, object? other)
    {
        if (one is null || other is null)
            return false;
        int order;
        if ((one is DateTime || other is DateTime) && Date(one) is var (first, _) && Date(other) is var (second, _))
            order = first.CompareTo(second);
        else if ((one is decimal || other is decimal) && Number(one) is { } number && Number(other) is { } otherNumber)
            order = number.CompareTo(otherNumber);
        else if ((one is bool || other is bool) && Truth(one) is { } truth && Truth(other) is { } otherTruth)
            order = truth.CompareTo(otherTruth);
        else
            order = string.CompareOrdinal(Text(one), Text(other));
        return symbol switch
        {
            "=" => order == 0,
            "!=" => order != 0,
            ">" => order > 0,
            ">=" => order >= 0,
            "<" => order < 0,
            _ => order <= 0,
        };
    }

    private object? Worth(OValue value, OEvent[] around) => value switch
    {
        OLiteral literal => literal.Value,
        OTrait trait => definitions.FirstOrDefault(definition => definition.Key == trait.Name) is { } definition
            ? Answer(definition)
            : traits.GetValueOrDefault(trait.Name),
        OProperty property => (property.OfParent ? around[^2] : around[^1]).Properties.GetValueOrDefault(property.Name),
        OReduction reduction => Reduce(reduction, around),
        _ => throw new InvalidOperationException(),
    };

    private object? Reduce(OReduction reduction, OEvent[] around)
    {
        var stream = reduction.Stream;
        // Only what is folded alone, without a window, sees the events of the running hour.
        var seesAll = around.Length == 0 && stream.Window is null && !stream.Wheres.Any(ReadsMore);
        var events = known
            .Where(e => e.Name == stream.Event)
            .Where(e => stream.ExcludedSource is null || e.Source != stream.ExcludedSource)
            .Where(e => seesAll || e.Time < hour)
            .Where(e => stream.Window is not var (from, to) || (e.Time >= hour.AddHours(-to) && e.Time < hour.AddHours(-from)))
            .Where(e => around.Length == 0 || e.Time > around[^1].Time)
            .Where(e => stream.Behind is not var (near, far) || (e.Time > around[^1].Time.AddMinutes(near) && e.Time <= around[^1].Time.AddMinutes(far)))
            .Where(e => stream.Wheres.All(where => Holds(where, [.. around, e]) == true))
            .OrderBy(e => e.Time).ThenBy(e => e.Id, StringComparer.Ordinal)
            .ToList();
        if (stream.SessionMinutes > 0)
            events = RunningSession(events, TimeSpan.FromMinutes(stream.SessionMinutes));
        if (reduction.Reducer == "count")
            return (decimal)events.Count;

        var values = events.Select(e => e.Properties.GetValueOrDefault(reduction.Property)).Where(value => value is not null).ToList();
        var numbers = values.Select(Number).OfType<decimal>().ToList();
        var texts = values.Select(Text).OfType<string>().ToList();
        return reduction.Reducer switch
        {
            "sum" => numbers.Sum(),
            "avg" => numbers.Count == 0 ? null : numbers.Sum() / numbers.Count,
            "min" => numbers.Count == 0 ? null : numbers.Min(),
            "max" => numbers.Count == 0 ? null : numbers.Max(),
            "min_text" => texts.Order(StringComparer.Ordinal).FirstOrDefault(),
            "max_text" => texts.Order(StringComparer.Ordinal).LastOrDefault(),
            "mode" => texts.GroupBy(text => text).Where(group => group.Count() >= reduction.Frequency)
                .OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal).FirstOrDefault()?.Key,
            "first" => values.FirstOrDefault(),
            "last" => values.LastOrDefault(),
            "unique" => texts.Distinct().Order(StringComparer.Ordinal).ToList(),
            _ => (decimal)texts.Distinct().Count(),
        };
    }

    private List<OEvent> RunningSession(List<OEvent> events, TimeSpan inactivity)
    {
        var session = new List<OEvent>();
        foreach (var e in events)
        {
            if (session.Count > 0 && e.Time - session[^1].Time >= inactivity)
                session.Clear();
            session.Add(e);
        }
        return session.Count > 0 && session[^1].Time + inactivity <= hour ? [] : session;
    }

    private static bool ReadsMore(OCondition condition) => condition switch
    {
        OAll all => all.Parts.Any(ReadsMore),
        OAny any => any.Parts.Any(ReadsMore),
        ONot not => ReadsMore(not.Inner),
        ORelation relation => ReadsMore(relation.Left) || ReadsMore(relation.Right),
        OExists exists => ReadsMore(exists.Left),
        OText text => ReadsMore(text.Left),
        OListed listed => ReadsMore(listed.Left) || listed.Options.Any(ReadsMore),
        OBefore before => ReadsMore(before.Left),
        _ => true,
    };

    private static bool ReadsMore(OValue value) => value is OTrait or OReduction;

    private static string? Text(object? value) => value switch
    {
        null => null,
        string text => text,
        bool truth => truth ? "true" : "false",
        decimal number => number.ToString("0.############################", CultureInfo.InvariantCulture),
        DateTime date => date.ToString(date.TimeOfDay == TimeSpan.Zero ? "yyyy-MM-dd" : "yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
        List<string> list => "[" + string.Join(",", list.Select(item => "\"" + item + "\"")) + "]",
        _ => throw new InvalidOperationException(),
    };

    private static decimal? Number(object? value) => value switch
    {
        decimal number => number,
        string text when decimal.TryParse(text, NumberStyles.Number, CultureInfo.InvariantCulture, out var number) => number,
        _ => null,
    };

    private static bool? Truth(object? value) => value switch
    {
        bool truth => truth,
        "true" => true,
        "false" => false,
        _ => null,
    };

    private static (DateTime Date, bool DayOnly)? Date(object? value)
    {
        if (value is DateTime date)
            return (date, date.TimeOfDay == TimeSpan.Zero);
        if (value is not string text)
            return null;
        const DateTimeStyles Utc = DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal;
        if (DateTime.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, Utc, out var day))
            return (day, true);
        return DateTime.TryParseExact(text, "yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture, Utc, out var moment) ? (moment, false) : null;
    }
}
