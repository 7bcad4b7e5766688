using System.Diagnostics.CodeAnalysis;
using Azure;
using Azure.Core;

namespace IterableFunctions.Benchmarks.InMemory;

/// <summary>An answer without a body; its only header is the ETag.</summary>
internal sealed class Answered(int status, ETag? etag = null) : Response
{
    public override int Status => status;

    public override string ReasonPhrase => "";

    public override Stream? ContentStream { get; set; }

    public override string ClientRequestId { get; set; } = "";

    public override void Dispose()
    {
    }

    public static RequestFailedException Failure(int status, string code) => new(status, code, code, null);

    protected override bool ContainsHeader(string name) => TryGetHeader(name, out _);

    protected override IEnumerable<HttpHeader> EnumerateHeaders() => etag is { } tag ? [new(HttpHeader.Names.ETag, tag.ToString("H"))] : [];

    protected override bool TryGetHeader(string name, [NotNullWhen(true)] out string? value)
    {
        value = etag is { } tag && string.Equals(name, HttpHeader.Names.ETag, StringComparison.OrdinalIgnoreCase) ? tag.ToString("H") : null;
        return value is not null;
    }

    protected override bool TryGetHeaderValues(string name, [NotNullWhen(true)] out IEnumerable<string>? values)
    {
        values = TryGetHeader(name, out var value) ? [value] : null;
        return values is not null;
    }
}

/// <summary>What is asked for is not there.</summary>
internal sealed class Missing<T> : NullableResponse<T>
{
    public override bool HasValue => false;

    public override T Value => throw new InvalidOperationException("There is none.");

    public override Response GetRawResponse() => new Answered(404);
}
