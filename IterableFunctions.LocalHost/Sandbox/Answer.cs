using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace IterableFunctions.LocalHost.Sandbox;

/// <summary>An HTTP answer as Iterable gives it. The status decides, the code explains.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Code">Iterable's code; null in bulk answers and in reads, which have none, and in HTML.</param>
/// <param name="Message">Iterable's message, for a person.</param>
/// <param name="Body">The bytes on the wire.</param>
/// <param name="ContentType">JSON, but HTML where a gateway speaks.</param>
public sealed record Answer(int Status, string? Code, string? Message, byte[] Body, string ContentType = Answer.Json)
{
    internal const string Json = "application/json";
    internal const string Html = "text/html; charset=utf-8";

    /// <summary>JSON that a person can read: <c>+00:00</c> rather than <c>\u002B00:00</c>. None of it is ever put into HTML as it is.</summary>
    internal static JsonWriterOptions Readable { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>True when the call changed, or read, what it was meant to.</summary>
    public bool Succeeded => Status is >= 200 and < 300;

    /// <summary>Seconds for a <c>Retry-After</c> header. Only faults set it: Iterable does not document the header.</summary>
    public double? RetryAfter { get; init; }

    /// <summary>200 with the envelope of single calls: <c>code</c>, <c>msg</c>, <c>params</c>.</summary>
    internal static Answer Success(string message, Action<Utf8JsonWriter>? parameters = null) =>
        Envelope(200, "Success", message, parameters);

    /// <summary>A refusal with the same envelope.</summary>
    internal static Answer Refusal(int status, string code, string message, Action<Utf8JsonWriter>? parameters = null) =>
        Envelope(status, code, message, parameters);

    /// <summary>A body without the envelope: bulk answers and reads.</summary>
    internal static Answer Of(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, Readable))
            write(json);
        return new(200, null, null, buffer.WrittenSpan.ToArray());
    }

    /// <summary>What a gateway or the web framework says in place of the API. Clients must survive it.</summary>
    internal static Answer Page(int status, string title)
    {
        var html = $"<!doctype html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>";
        return new(status, null, title, Encoding.UTF8.GetBytes(html), Html);
    }

    private static Answer Envelope(int status, string code, string message, Action<Utf8JsonWriter>? parameters)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, Readable))
        {
            json.WriteStartObject();
            json.WriteString("code"u8, code);
            json.WriteString("msg"u8, message);
            if (parameters is null)
            {
                json.WriteNull("params"u8);
            }
            else
            {
                json.WriteStartObject("params"u8);
                parameters(json);
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        return new(status, code, message, buffer.WrittenSpan.ToArray());
    }
}
