using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace IterableFunctions.Tests.Functions;

/// <summary>Asks the definitions API of a running app.</summary>
internal static class Definitions
{
    public static async Task<Answer> SendAsync(this HttpClient client, HttpMethod method, string path, string? body = null, string? ifMatch = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        if (ifMatch is not null)
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        using var response = await client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return new(response.StatusCode, response.Content.Headers.ContentType?.MediaType, response.Headers.ETag?.Tag, text.Length == 0 ? null : JsonNode.Parse(text));
    }

    public static Task<Answer> SaveAsync(this HttpClient client, string path, string body, string? ifMatch = null) => client.SendAsync(HttpMethod.Put, path, body, ifMatch);

    public static Task<Answer> CreateAsync(this HttpClient client, string path, string body) => client.SendAsync(HttpMethod.Post, path, body);

    public static Task<Answer> RemoveAsync(this HttpClient client, string path, string? ifMatch = null) => client.SendAsync(HttpMethod.Delete, path, null, ifMatch);

    public static Task<Answer> ReadAsync(this HttpClient client, string path) => client.SendAsync(HttpMethod.Get, path);
}

internal sealed record Answer(HttpStatusCode Status, string? ContentType, string? ETag, JsonNode? Body)
{
    public string? Code => (string?)Body?["code"];

    public string? Detail => (string?)Body?["detail"];

    public JsonNode? this[string member] => Body?[member];
}
