using System.Buffers;
using System.Collections.Immutable;
using System.IO.Compression;
using IterableFunctions.Personas.Evaluation;

namespace IterableFunctions.Personas.Profiles;

/// <summary>
/// A document as bytes: the format's version, the length of what follows uncompressed, and that, compressed with Brotli. Small, so that one entity holds
/// it with room to spare.
/// </summary>
public static class ProfileFormat
{
    private const byte Version = 1;

    /// <summary>Quick, and names that repeat compress well at any quality.</summary>
    private const int Quality = 3;

    private const int Window = 18;

    /// <summary>What an entity of 1 MB has room for, beside its names.</summary>
    public const int LargestDocument = 900 * 1024;

    /// <summary>What the byte of a telling says beside its state.</summary>
    private const byte States = 3, Landed = 4, Takeover = 8;

    public static byte[] Write(ProfileDocument document)
    {
        var writer = new StateWriter();
        writer.Byte((byte)document.Kind);
        writer.Text(document.RedirectTo ?? "");
        writer.Whole(document.Created);
        writer.Whole(document.LastMessage);
        writer.Whole(document.Folds);
        writer.Whole(document.BuiltThrough);
        writer.Whole(document.EvaluatedHour.Number);
        writer.Whole(document.Ids.Length);
        foreach (var known in document.Ids)
        {
            WriteId(writer, known.Id);
            writer.Whole(known.Since);
        }

        writer.Whole(document.Traits.Count);
        foreach (var (name, trait) in document.Traits)
        {
            writer.Text(name);
            WriteJson(writer, trait.Json);
            writer.Whole(trait.Time);
            writer.Whole((long)trait.By);
        }

        writer.Whole(document.Sent.Count);
        foreach (var (address, last) in document.Sent)
        {
            writer.Text(address);
            WriteValue(writer, last.Cart);
            writer.Whole(last.Fields.Count);
            foreach (var (field, value) in last.Fields)
            {
                writer.Text(field);
                WriteValue(writer, value);
            }
        }

        writer.Whole(document.Recent.Length);
        foreach (var recent in document.Recent)
        {
            writer.Text(recent.Name);
            writer.Whole(recent.Time);
            writer.Text(recent.MessageId);
        }

        writer.Whole(document.Merging.Length);
        foreach (var absorption in document.Merging)
        {
            writer.Text(absorption.Profile);
            writer.Byte(absorption.Joined ? (byte)1 : (byte)0);
            writer.Whole(absorption.Ids.Length);
            foreach (var id in absorption.Ids)
                WriteId(writer, id);
        }

        writer.Whole(document.Due.Length);
        foreach (var hour in document.Due)
            writer.Whole(hour.Number);

        writer.Whole(document.Values.Count);
        foreach (var (key, value) in document.Values)
        {
            writer.Text(key);
            WriteJson(writer, value.Json);
            writer.Whole(value.Since);
            writer.Whole(value.Version);
        }

        writer.Whole(document.Told.Count);
        foreach (var (key, told) in document.Told)
        {
            writer.Text(key.Definition);
            writer.Text(key.Identifier);
            writer.Whole(told.Number);
            WriteJson(writer, told.Json);
            writer.Byte((byte)((byte)told.State | (told.HasLanded ? Landed : 0) | (told.IsTakeover ? Takeover : 0)));
            writer.Whole(told.When);
            writer.Text(told.Refusal ?? "");
        }

        writer.Whole(document.Lease.Id);
        writer.Whole(document.Lease.Until);
        writer.Whole(document.QueuedLook);
        writer.Whole(document.BulkAt);
        writer.Text(document.Carrier ?? "");

        var states = new ArrayBufferWriter<byte>();
        document.States.Write(states);
        writer.Bytes(states.WrittenSpan);
        return Compress(writer.Written);
    }

    /// <exception cref="InvalidDataException">The bytes are no document of a version that this code knows.</exception>
    public static ProfileDocument Read(ReadOnlySpan<byte> bytes)
    {
        var plain = Decompress(bytes);
        var reader = new StateReader(plain);
        var document = new ProfileDocument
        {
            Kind = (ProfileKind)reader.Byte(),
            RedirectTo = reader.Text() is { Length: > 0 } to ? to : null,
            Created = reader.Whole(),
            LastMessage = reader.Whole(),
            Folds = reader.Whole(),
            BuiltThrough = (int)reader.Whole(),
            EvaluatedHour = new((int)reader.Whole()),
        };

        var ids = ImmutableArray.CreateBuilder<KnownId>();
        for (var left = reader.Whole(); left > 0; left--)
            ids.Add(new(ReadId(ref reader), reader.Whole()));

        var traits = document.Traits.ToBuilder();
        for (var left = reader.Whole(); left > 0; left--)
            traits.Add(reader.Text(), new(ReadJson(ref reader), reader.Whole(), (ulong)reader.Whole()));

        var sent = document.Sent.ToBuilder();
        for (var left = reader.Whole(); left > 0; left--)
        {
            var (address, cart, fields) = (reader.Text(), ReadValue(ref reader), LastSent.Nothing.Fields.ToBuilder());
            for (var more = reader.Whole(); more > 0; more--)
                fields.Add(reader.Text(), ReadValue(ref reader)!);
            sent.Add(address, new(fields.ToImmutable(), cart));
        }

        var recent = ImmutableArray.CreateBuilder<RecentEvent>();
        for (var left = reader.Whole(); left > 0; left--)
            recent.Add(new(reader.Text(), reader.Whole(), reader.Text()));

        var merging = ImmutableArray.CreateBuilder<Absorption>();
        for (var left = reader.Whole(); left > 0; left--)
        {
            var (profile, joined, spoken) = (reader.Text(), reader.Byte() != 0, ImmutableArray.CreateBuilder<ExternalId>());
            for (var more = reader.Whole(); more > 0; more--)
                spoken.Add(ReadId(ref reader));
            merging.Add(new(profile, spoken.ToImmutable(), joined));
        }

        var due = ImmutableArray.CreateBuilder<Hour>();
        for (var left = reader.Whole(); left > 0; left--)
            due.Add(new((int)reader.Whole()));

        var values = document.Values.ToBuilder();
        for (var left = reader.Whole(); left > 0; left--)
            values.Add(reader.Text(), new(ReadJson(ref reader), reader.Whole(), (int)reader.Whole()));

        var tellings = document.Told.ToBuilder();
        for (var left = reader.Whole(); left > 0; left--)
        {
            var (key, number, json, flags, when) = (new ToldKey(reader.Text(), reader.Text()), reader.Whole(), ReadJson(ref reader), reader.Byte(), reader.Whole());
            var refusal = reader.Text() is { Length: > 0 } words ? words : null;
            tellings.Add(key, new(number, json, (ToldState)(flags & States), when, (flags & Landed) != 0, (flags & Takeover) != 0, refusal));
        }

        return document with
        {
            Values = values.ToImmutable(),
            Told = tellings.ToImmutable(),
            Lease = new(reader.Whole(), reader.Whole()),
            QueuedLook = reader.Whole(),
            BulkAt = reader.Whole(),
            Carrier = reader.Text() is { Length: > 0 } carrier ? carrier : null,
            Ids = ids.ToImmutable(),
            Traits = traits.ToImmutable(),
            Sent = sent.ToImmutable(),
            Recent = recent.ToImmutable(),
            Merging = merging.ToImmutable(),
            Due = due.ToImmutable(),
            States = LeafStates.Read(plain.AsMemory(reader.Position), out _),
        };
    }

    private static void WriteJson(StateWriter writer, ReadOnlyMemory<byte> json)
    {
        writer.Whole(json.Length);
        writer.Bytes(json.Span);
    }

    private static byte[] ReadJson(ref StateReader reader) => reader.Take(reader.Whole()).ToArray();

    private static void WriteId(StateWriter writer, ExternalId id)
    {
        writer.Text(id.Type);
        writer.Text(id.Value);
    }

    private static ExternalId ReadId(ref StateReader reader) => new(reader.Text(), reader.Text());

    /// <summary>A time of 0 stands for nothing.</summary>
    private static void WriteValue(StateWriter writer, SentValue? value)
    {
        writer.Whole(value?.Time ?? 0);
        if (value is null)
            return;
        writer.Whole(value.Json.Length);
        writer.Bytes(value.Json.Span);
    }

    private static SentValue? ReadValue(ref StateReader reader) => reader.Whole() is not 0 and var time ? new(time, reader.Take(reader.Whole()).ToArray()) : null;

    private static byte[] Compress(ReadOnlySpan<byte> plain)
    {
        var head = new StateWriter();
        head.Byte(Version);
        head.Whole(plain.Length);
        var compressed = new byte[head.Length + BrotliEncoder.GetMaxCompressedLength(plain.Length)];
        head.Written.CopyTo(compressed);
        if (!BrotliEncoder.TryCompress(plain, compressed.AsSpan(head.Length), out var length, Quality, Window))
            throw new InvalidOperationException("The buffer holds the largest result there is.");
        return compressed[..(head.Length + length)];
    }

    private static byte[] Decompress(ReadOnlySpan<byte> bytes)
    {
        var head = new StateReader(bytes);
        if (bytes.Length < 2 || head.Byte() != Version || head.Whole() is var length && length is < 0 or > 64 * 1024 * 1024)
            throw new InvalidDataException("These bytes are no profile document of version 1.");
        var plain = new byte[length];
        if (!BrotliDecoder.TryDecompress(bytes[head.Position..], plain, out var written) || written != length)
            throw new InvalidDataException("The profile document's bytes are damaged.");
        return plain;
    }
}
