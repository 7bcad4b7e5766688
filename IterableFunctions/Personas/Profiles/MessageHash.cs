using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace IterableFunctions.Personas.Profiles;

/// <summary>A short stand-in for a messageId, which may be long: it breaks ties between messages of one moment.</summary>
internal static class MessageHash
{
    public static ulong Of(string messageId) => BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(messageId)));
}
