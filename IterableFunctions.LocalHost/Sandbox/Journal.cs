using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace IterableFunctions.LocalHost.Sandbox;

/// <summary>A call that took effect, as the journal keeps it.</summary>
/// <param name="Number">The call's number.</param>
/// <param name="At">When it was received.</param>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Below <c>/api/</c>, percent-encoded as it came.</param>
/// <param name="Body">JSON; empty for calls without a body.</param>
internal sealed record JournalEntry(long Number, DateTimeOffset At, string Method, string Path, byte[] Body);

/// <summary>
/// The calls that took effect, one JSON object a line, appended and handed to the operating system before the call is
/// answered; so a killed process loses nothing that it confirmed. Reading them through the same logic restores the project.
/// </summary>
internal sealed class Journal : IDisposable
{
    private readonly FileStream _lock;
    private readonly FileStream _file;
    private readonly ArrayBufferWriter<byte> _line = new(4_096);

    /// <summary>Opens or creates the file, alone: a second sandbox on the same file is refused. A torn last line, the trace of a kill, is cut off.</summary>
    public Journal(string path, Action<JournalEntry> replay)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        // A file of its own, since on Unix a lock on the journal itself would either not keep writers out or keep readers out too.
        _lock = new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0, FileOptions.DeleteOnClose);
        _file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        try
        {
            Replay(path, replay);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Appends one entry. Not thread-safe: the order of the lines is the order of the effects.</summary>
    public void Append(long number, DateTimeOffset at, string method, string path, ReadOnlySpan<byte> body)
    {
        _line.ResetWrittenCount();
        using (var json = new Utf8JsonWriter(_line))
        {
            json.WriteStartObject();
            json.WriteNumber("n"u8, number);
            json.WriteString("at"u8, at.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
            json.WriteString("method"u8, method);
            json.WriteString("path"u8, path);
            if (!body.IsEmpty)
            {
                json.WritePropertyName("body"u8);
                json.WriteRawValue(body, skipInputValidation: true);
            }
            json.WriteEndObject();
        }
        _line.GetSpan(1)[0] = (byte)'\n';
        _line.Advance(1);
        // Inside JSON strings a line break is escaped, so these stand between tokens and may become blanks.
        var line = System.Runtime.InteropServices.MemoryMarshal.AsMemory(_line.WrittenMemory).Span;
        line[..^1].Replace((byte)'\n', (byte)' ');
        line[..^1].Replace((byte)'\r', (byte)' ');

        var start = _file.Position;
        try
        {
            _file.Write(line);
        }
        catch (IOException)
        {
            // Half a line in the middle would make the rest unreadable.
            _file.SetLength(start);
            throw;
        }
    }

    public void Dispose()
    {
        _file.Dispose();
        _lock.Dispose();
    }

    private void Replay(string path, Action<JournalEntry> replay)
    {
        var buffer = new byte[1 << 16];
        int start = 0, end = 0, lineNumber = 0;
        long good = 0;
        while (true)
        {
            if (end == buffer.Length)
            {
                if (start == 0)
                    Array.Resize(ref buffer, buffer.Length * 2);
                Buffer.BlockCopy(buffer, start, buffer, 0, end - start);
                (start, end) = (0, end - start);
            }
            var read = _file.Read(buffer, end, buffer.Length - end);
            if (read == 0)
                break;
            var searched = end;
            end += read;
            int found;
            while ((found = buffer.AsSpan(searched, end - searched).IndexOf((byte)'\n')) >= 0)
            {
                var length = searched + found - start;
                lineNumber++;
                if (Parse(buffer.AsMemory(start, length)) is { } entry)
                    replay(entry);
                else if (good + length + 1 < _file.Length)
                    throw new InvalidDataException($"{path}, line {lineNumber} is not an entry of the sandbox's journal. Delete the file to start with an empty project.");
                else
                    break;
                good += length + 1;
                start = searched = searched + found + 1;
            }
        }
        _file.SetLength(good);
        _file.Position = good;
    }

    private static JournalEntry? Parse(ReadOnlyMemory<byte> line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var entry = document.RootElement;
            return new(
                entry.GetProperty("n").GetInt64(),
                entry.GetProperty("at").GetDateTimeOffset(),
                entry.GetProperty("method").GetString()!,
                entry.GetProperty("path").GetString()!,
                entry.TryGetProperty("body", out var body) ? System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(body).ToArray() : []);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return null;
        }
    }
}
