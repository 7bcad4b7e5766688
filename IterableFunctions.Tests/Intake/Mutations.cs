using System.Text;
using System.Text.Json;

namespace IterableFunctions.Tests.Intake;

/// <summary>Damages JSON bodies as senders, networks and attackers do. The same random numbers make the same damage.</summary>
internal static class Mutations
{
    private static readonly byte[][] OtherValues = [.. new[]
    {
        "null", "true", "false", "0", "-1", "2.50", "1e3", "\"\"", "\" \"", "\"x\"", "\"@\"", "\"a@b.c\"", "[]", "{}", "[[],{}]", "{\"a\":[1,{\"b\":null}]}", "9007199254740993", "-0",
        "1e-999", "\"2024-02-30T10:00:00Z\"", "\"2024-02-29T23:59:59.999999999Z\"", "\"0001-01-01T00:00:00+23:59\"", "\"9999-12-31T23:59:59-23:59\"", "\"2024-05-05T1011\"", "\"\\u0000\"",
        "\"\\u0032024-01-01T00:00:00Z\"", "\"NaN\"", "\"1e999\"", "\"007\"", "1e308", "253402300800", "-62135596800", "1e300",
    }.Select(Encoding.UTF8.GetBytes)];

    private static readonly byte[][] Surrogates = [.. new[] { "\\ud800", "\\uDFFF", "\\udc00\\ud800", "\\ud83d\\ude00", "\\ud83d\\ud83d\\ude00", "\\\\ud800", "\\ud83dx" }.Select(Encoding.UTF8.GetBytes)];

    private static readonly byte[][] InvalidUtf8 = [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE2, 0x82], [0xF5, 0x80, 0x80, 0x80], [0x80]];

    private static readonly byte[][] HugeNumbers = [.. new[] { "1e999", "-1E+400", "1" + new string('0', 400), "1.8e308" }.Select(Encoding.UTF8.GetBytes)];

    private static readonly string[] InnerNames = ["email", "a", "\\u0061", "", "products", "\\ud800", "total", "E-Mail"];

    /// <summary>A valid body, with one to three kinds of damage, or with none.</summary>
    public static byte[] Mutate(byte[] body, Random random, out string done)
    {
        done = "";
        for (var left = random.Next(4); left > 0; left--)
        {
            var kind = random.Next(10);
            done += $"{kind} ";
            body = Mutate(body, random, kind);
        }

        return body;
    }

    private static byte[] Mutate(byte[] body, Random random, int kind)
    {
        var values = Values(body);
        switch (kind)
        {
            case 0:
                return body[..random.Next(body.Length + 1)];
            case 1:
                var flipped = body.ToArray();
                for (var left = random.Next(1, 4); left > 0 && flipped.Length > 0; left--)
                    flipped[random.Next(flipped.Length)] ^= (byte)(1 << random.Next(8));
                return flipped;
            case 2:
                return Replace(body, Pick(values, random), Pick(OtherValues, random));
            case 3:
                var (start, end) = Pick(values, random);
                var levels = random.Next(1, 90);
                var (open, close) = random.Next(2) == 0 ? ("[", "]") : ("{\"n\":", "}");
                return [.. body[..start], .. Repeat(open, levels), .. body[start..end], .. Repeat(close, levels), .. body[end..]];
            case 4:
                return Insert(body, random.Next(body.Length + 1), Pick(InvalidUtf8, random));
            case 5:
                var strings = values.Where(value => value.End - value.Start >= 2 && body[value.Start] == '"').ToList();
                return strings.Count == 0 ? body : Insert(body, Pick(strings, random) is var text && random.Next(2) == 0 ? text.Start + 1 : text.End - 1, Pick(Surrogates, random));
            case 6:
                return Replace(body, Pick(values, random), Pick(HugeNumbers, random));
            case 7:
                var objects = values.Where(value => value.End > value.Start && body[value.Start] == '{').ToList();
                var name = random.Next(2) == 0 ? Pick(InnerNames, random) : Pick(HostileInputTests.EnvelopeFields, random);
                var member = Encoding.UTF8.GetBytes($"\"{name}\":{Encoding.UTF8.GetString(Pick(OtherValues, random))},");
                return objects.Count == 0 ? body : Insert(body, Pick(objects, random).Start + 1, member);
            case 8:
                var (from, to) = (random.Next(body.Length + 1), random.Next(body.Length + 1));
                return from < to ? [.. body[..from], .. body[to..]] : Insert(body, from, body[to..Math.Min(from, to + 200)]);
            default:
                return Insert(body, Pick(values, random).Start, " \t\r\n"u8.ToArray());
        }
    }

    /// <summary>Where the values of a body stand; of one that is damaged already, those before the damage.</summary>
    private static List<(int Start, int End)> Values(byte[] body)
    {
        var values = new List<(int, int)>();
        var open = new Stack<int>();
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 1_000 });
        try
        {
            while (reader.Read())
            {
                switch (reader.TokenType)
                {
                    case JsonTokenType.PropertyName:
                        break;
                    case JsonTokenType.StartObject or JsonTokenType.StartArray:
                        open.Push((int)reader.TokenStartIndex);
                        break;
                    case JsonTokenType.EndObject or JsonTokenType.EndArray:
                        values.Add((open.Pop(), (int)reader.BytesConsumed));
                        break;
                    default:
                        values.Add(((int)reader.TokenStartIndex, (int)reader.BytesConsumed));
                        break;
                }
            }
        }
        catch (JsonException)
        {
            // The rest has no values to speak of.
        }

        if (values.Count == 0)
            values.Add((0, body.Length));
        return values;
    }

    private static byte[] Replace(byte[] body, (int Start, int End) value, byte[] by) => [.. body[..value.Start], .. by, .. body[value.End..]];

    private static byte[] Insert(byte[] body, int at, byte[] what) => [.. body[..at], .. what, .. body[at..]];

    private static byte[] Repeat(string text, int times) => Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(text, times)));

    private static T Pick<T>(IReadOnlyList<T> from, Random random) => from[random.Next(from.Count)];
}
