using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using IterableFunctions.LocalHost;
using IterableFunctions.Segment;

namespace IterableFunctions.Tests.Intake;

/// <summary>Posts to the Segment webhook of a running app.</summary>
internal static class Webhook
{
    public const string Secret = HostSettings.DefaultSharedSecret;

    /// <summary>Sends a body, signed as Segment would unless told otherwise.</summary>
    public static async Task<WebhookResponse> PostAsync(this HttpClient client, string body, string? signature = null, string? headerSecret = null, bool signed = true)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        return await client.PostAsync(bytes, signed ? signature ?? WebhookSignature.Sign(bytes, Secret) : null, headerSecret);
    }

    public static async Task<WebhookResponse> PostAsync(this HttpClient client, byte[] body, string? signature, string? headerSecret = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/segment") { Content = new ByteArrayContent(body) };
        if (signature is not null)
            request.Headers.TryAddWithoutValidation("X-Signature", signature);
        if (headerSecret is not null)
            request.Headers.TryAddWithoutValidation("X-Segment-Secret", headerSecret);
        using var response = await client.SendAsync(request);
        return new(response.StatusCode, response.Content.Headers.ContentType?.MediaType, response.Headers.RetryAfter?.Delta, JsonNode.Parse(await response.Content.ReadAsStringAsync())!);
    }
}

internal sealed record WebhookResponse(HttpStatusCode Status, string? ContentType, TimeSpan? RetryAfter, JsonNode Body)
{
    public string? Code => (string?)Body["code"];

    public IEnumerable<string> Statuses => [.. Body["results"]!.AsArray().Select(result => (string)result!["status"]!)];
}
