using System.Net;
using System.Net.Sockets;

namespace IterableFunctions.LocalHost;

/// <summary>TCP ports of this machine's loopback address.</summary>
public static class LoopbackPort
{
    private const int Lowest = 20_000, Count = 12_000;

    /// <summary>How many have been given, from a start that is another in each process.</summary>
    private static int _given = Random.Shared.Next(Count);

    /// <summary>
    /// The first of so many ports in a row on which nothing listens. They come from below the range that systems give to
    /// outgoing connections, so that none of those takes one while the server that uses it is stopped and started again;
    /// and in turn, for who was given one before may not listen on it yet, or be about to do so again.
    /// </summary>
    public static int Free(int inARow = 1)
    {
        while (true)
        {
            var turn = (int)((uint)(Interlocked.Add(ref _given, inARow) - inARow) % Count);
            if (turn + inARow <= Count && Enumerable.Range(Lowest + turn, inARow).All(IsFree))
                return Lowest + turn;
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
