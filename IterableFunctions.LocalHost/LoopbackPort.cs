using System.Net;
using System.Net.Sockets;

namespace IterableFunctions.LocalHost;

/// <summary>TCP ports of this machine's loopback address.</summary>
public static class LoopbackPort
{
    /// <summary>
    /// A port on which nothing listens. It comes from below the range that systems give to outgoing connections, so that
    /// none of those takes it while the server that uses it is stopped and started again.
    /// </summary>
    public static int Free()
    {
        while (true)
        {
            var port = Random.Shared.Next(20_000, 32_000);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken: try another.
            }
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
}
