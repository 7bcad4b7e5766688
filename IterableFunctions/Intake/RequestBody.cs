using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace IterableFunctions.Intake;

/// <summary>Reads a webhook's body, no more of it than is taken.</summary>
public static class RequestBody
{
    /// <summary>Largest body that is taken, in bytes. Segment's own batches end at 500 KB.</summary>
    public const int MaxBytes = 512 * 1024;

    /// <summary>How much of a larger one is read and thrown away, so that the sender sees the answer instead of a broken connection.</summary>
    private const int MaxDiscarded = 1024 * 1024;

    /// <summary>
    /// The body, in memory that grows with what has arrived, whatever length the sender announces. Null when it is larger than <see cref="MaxBytes"/>.
    /// </summary>
    public static async Task<byte[]?> ReadAsync(HttpRequest request, CancellationToken cancellation)
    {
        // The host's own limit answers by breaking off; ours reads no more than it takes, and says why.
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = null;
        if (request.ContentLength > MaxBytes)
        {
            await DiscardAsync(request.Body, cancellation);
            return null;
        }

        var body = new byte[4 * 1024];
        for (var length = 0; ;)
        {
            var read = await request.Body.ReadAsync(body.AsMemory(length), cancellation);
            length += read;
            if (read == 0)
                return body[..length];
            if (length > MaxBytes)
            {
                await DiscardAsync(request.Body, cancellation);
                return null;
            }

            if (length == body.Length)
                Array.Resize(ref body, body.Length * 2);
        }
    }

    private static async Task DiscardAsync(Stream body, CancellationToken cancellation)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            for (int discarded = 0, read = 1; read > 0 && discarded < MaxDiscarded; discarded += read)
                read = await body.ReadAsync(buffer, cancellation);
        }
        catch (IOException)
        {
            // It does not come, or comes broken: too large all the same.
        }
    }
}
