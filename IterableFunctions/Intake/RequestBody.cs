using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace IterableFunctions.Intake;

/// <summary>Reads a body, no more of it than is taken.</summary>
public static class RequestBody
{
    /// <summary>Largest body that is taken, in bytes. Segment's own batches end at 500 KB.</summary>
    public const int MaxBytes = 512 * 1024;

    /// <summary>How much of a larger one is read and thrown away, so that the sender sees the answer instead of a broken connection.</summary>
    private const int MaxDiscarded = 1024 * 1024;

    /// <summary>Answers a request by its body, or says why there is none to answer by: it is compressed, too large, or does not come.</summary>
    /// <param name="request">The request.</param>
    /// <param name="accept">What to answer to a body.</param>
    public static async Task<IResult> AcceptAsync(HttpRequest request, Func<byte[], CancellationToken, Task<IResult>> accept)
    {
        var cancellation = request.HttpContext.RequestAborted;
        if (request.Headers.ContentEncoding.ToString() is { Length: > 0 } encoding && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
            return WebhookAnswer.Problem(StatusCodes.Status415UnsupportedMediaType, "content_encoding", "The body is compressed. Send it as it is.");
        byte[]? body;
        try
        {
            body = await ReadAsync(request, cancellation);
        }
        catch (Exception e) when (e is IOException || (e is OperationCanceledException && cancellation.IsCancellationRequested))
        {
            // Where the sender has gone nobody reads this, but nothing of it is our failure either.
            return WebhookAnswer.Problem((e as BadHttpRequestException)?.StatusCode ?? StatusCodes.Status400BadRequest, "unreadable_body", "The request broke off, came too slowly, or is not valid HTTP.");
        }

        return body is null
            ? WebhookAnswer.Problem(StatusCodes.Status413PayloadTooLarge, "body_too_large", $"The body is larger than {MaxBytes} bytes. Send fewer messages at a time.")
            : await accept(body, cancellation);
    }

    /// <summary>
    /// The body, in memory that grows with what has arrived, whatever length the sender announces. Null when it is larger than <see cref="MaxBytes"/>.
    /// </summary>
    private static async Task<byte[]?> ReadAsync(HttpRequest request, CancellationToken cancellation)
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
