using Azure.Data.Tables;

namespace IterableFunctions.Storage;

/// <summary>Bytes spread over the properties of an entity, each of which holds 64 KB: <c>Name0</c>, <c>Name1</c>, …</summary>
internal static class Chunks
{
    private const int Size = 64 * 1024;

    public static void Write(TableEntity entity, string name, ReadOnlyMemory<byte> bytes)
    {
        for (var (at, chunk) = (0, 0); at < bytes.Length; at += Size, chunk++)
            entity[$"{name}{chunk}"] = bytes[at..Math.Min(bytes.Length, at + Size)].ToArray();
    }

    /// <summary>Empty where there are none.</summary>
    public static byte[] Read(TableEntity entity, string name)
    {
        if (entity.GetBinary($"{name}0") is not { } first)
            return [];
        if (entity.GetBinary($"{name}1") is null)
            return first;
        using var all = new MemoryStream();
        for (var chunk = 0; entity.GetBinary($"{name}{chunk}") is { } bytes; chunk++)
            all.Write(bytes);
        return all.ToArray();
    }
}
