using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using IterableFunctions.Iterable;
using IterableFunctions.Iterable.Mapping;
using IterableFunctions.Segment;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Benchmarks;

/// <summary>
/// The mapper, bytes in to request bytes out, on one thread and without a network; against a baseline that only copies the same messages from
/// <see cref="Utf8JsonReader"/> to <see cref="Utf8JsonWriter"/>. Both run by turns in one process, so that their ratio holds on a noisy machine.
/// </summary>
internal static class MapBenchmark
{
    private const int Passes = 5;
    private static readonly TimeSpan PassLength = TimeSpan.FromSeconds(1.5);

    public static int Run(string file)
    {
        var messages = File.ReadLines(file).Where(line => line.Length > 0).Select(System.Text.Encoding.UTF8.GetBytes).ToArray();
        if (messages.Length == 0)
        {
            Console.Error.WriteLine($"{file} holds no messages.");
            return 2;
        }

        var mapper = new Mapper(Options.Create(new IterableOptions()), Options.Create(new PagesOptions()));
        var outcomes = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var message in messages)
        {
            var name = Name(Map(mapper, [.. message]));
            outcomes[name] = outcomes.GetValueOrDefault(name) + 1;
        }

        _ = Measure(messages, message => Map(mapper, message));
        _ = Measure(messages, CopyThrough);
        var mapped = new double[Passes];
        var copied = new double[Passes];
        for (var pass = 0; pass < Passes; pass++)
        {
            mapped[pass] = Measure(messages, message => Map(mapper, message));
            copied[pass] = Measure(messages, CopyThrough);
        }

        var allocated = Allocated(messages, message => Map(mapper, message));
        Array.Sort(mapped);
        Array.Sort(copied);
        Print($"median: {mapped[Passes / 2]:F0} messages/s");
        Print($"copy-through: {copied[Passes / 2]:F0} messages/s");
        Print($"ratio: {mapped[Passes / 2] / copied[Passes / 2]:F2}");
        Print($"allocated: {allocated:F0} bytes/message");
        Print($"messages: {messages.Length}, {messages.Average(message => message.Length):F0} bytes each, {Environment.ProcessorCount} cores");
        foreach (var (name, count) in outcomes)
            Print($"{name}: {count}");
        return 0;
    }

    private static object Map(Mapper mapper, byte[] message)
    {
        using var tokens = JsonTokens.Read(message, out var rejection);
        if (tokens is null)
            return rejection!;
        var read = SegmentMessage.Read(tokens.Root, DateTime.UnixEpoch, out rejection);
        return read is null ? rejection! : mapper.Map(read);
    }

    private static string Name(object outcome) => outcome switch
    {
        Mapping.Send send => send.Request.Endpoint.Path,
        Mapping.Ignore => "ignored",
        Mapping.Reject reject => $"rejected {reject.Rejection.Code}",
        Rejection rejection => $"rejected {rejection.Code}",
        _ => throw new InvalidOperationException(),
    };

    private static object CopyThrough(byte[] message)
    {
        var output = new ArrayBufferWriter<byte>(message.Length);
        using var writer = new Utf8JsonWriter(output);
        var reader = new Utf8JsonReader(message);
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject: writer.WriteStartObject(); break;
                case JsonTokenType.EndObject: writer.WriteEndObject(); break;
                case JsonTokenType.StartArray: writer.WriteStartArray(); break;
                case JsonTokenType.EndArray: writer.WriteEndArray(); break;
                case JsonTokenType.PropertyName when !reader.ValueIsEscaped: writer.WritePropertyName(reader.ValueSpan); break;
                case JsonTokenType.PropertyName: writer.WritePropertyName(reader.GetString()!); break;
                case JsonTokenType.String when !reader.ValueIsEscaped: writer.WriteStringValue(reader.ValueSpan); break;
                case JsonTokenType.String: writer.WriteStringValue(reader.GetString()); break;
                case JsonTokenType.Number: writer.WriteRawValue(reader.ValueSpan, skipInputValidation: true); break;
                case JsonTokenType.True: writer.WriteBooleanValue(true); break;
                case JsonTokenType.False: writer.WriteBooleanValue(false); break;
                default: writer.WriteNullValue(); break;
            }
        }

        writer.Flush();
        return output;
    }

    /// <summary>Messages a second.</summary>
    private static double Measure(byte[][] messages, Func<byte[], object> act)
    {
        GC.Collect();
        var done = 0;
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < PassLength)
        {
            foreach (var message in messages)
                GC.KeepAlive(act(message));
            done += messages.Length;
        }

        return done / watch.Elapsed.TotalSeconds;
    }

    private static double Allocated(byte[][] messages, Func<byte[], object> act)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var message in messages)
            GC.KeepAlive(act(message));
        return (double)(GC.GetAllocatedBytesForCurrentThread() - before) / messages.Length;
    }

    private static void Print(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
