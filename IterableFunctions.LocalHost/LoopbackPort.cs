using System.Net;
using System.Net.Sockets;

namespace IterableFunctions.LocalHost;

/// <summary>TCP ports of this machine's loopback address.</summary>
public static class LoopbackPort
{
    /// <summary>
    /// The first of so many ports in a row on which nothing listens. They come from below the range that systems give to
    /// outgoing connections, so that none of those takes one while the server that uses it is stopped and started again.
    /// </summary>
    public static int Free(int inARow = 1)
    {
        while (true)
        {
            var first = Random.Shared.Next(20_000, 32_000);
            if (Enumerable.Range(first, inARow).All(IsFree))
                return first;
        }
    }

    public static async Task<bool> ListensAsync(int port, CancellationToken cancellationToken = default)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
