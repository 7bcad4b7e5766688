using System.Buffers;
using System.IO.Pipelines;
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
        var reader = request.BodyReader;
        if (request.ContentLength > MaxBytes)
        {
            await DiscardAsync(reader, cancellation);
            return null;
        }

        while (true)
        {
            var read = await reader.ReadAsync(cancellation);
            if (read.Buffer.Length > MaxBytes)
            {
                reader.AdvanceTo(read.Buffer.End);
                await DiscardAsync(reader, cancellation);
                return null;
            }

            if (read.IsCompleted)
            {
                var body = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return body;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private static async Task DiscardAsync(PipeReader reader, CancellationToken cancellation)
    {
        for (var discarded = 0L; discarded < MaxDiscarded;)
        {
            var read = await reader.ReadAsync(cancellation);
            discarded += read.Buffer.Length;
            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
                return;
        }
    }
}
