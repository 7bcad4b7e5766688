using System.Text;
using IterableFunctions.Segment;

namespace IterableFunctions.Tests.Segment;

public class WebhookSignatureTests
{
    private const string Secret = "s3cret";

    [Fact]
    public void Signature_is_the_hmac_sha1_of_the_body()
        // RFC 2202, test case 2.
        => Assert.Equal("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79", WebhookSignature.Sign("what do ya want for nothing?"u8, "Jefe"));

    [Theory]
    [InlineData("{}", "{}")]
    [InlineData("""{"a":"é"}""", """{"a":"é"}""")]
    // Only the first element of an array is signed, over its own bytes.
    [InlineData("""[{"a":1},{"b":2}]""", """{"a":1}""")]
    [InlineData("""[ {"a" : [1, {"x":"]"}] } , 5]""", """{"a" : [1, {"x":"]"}] }""")]
    [InlineData("[{\"a\":1}", "{\"a\":1}")]
    // A line break that something on the way has added.
    [InlineData("{}\n", "{}")]
    [InlineData("{}\n", "{}\n")]
    [InlineData(" [{\"a\":1}]\r\n", "{\"a\":1}")]
    public void Right_signature_is_valid_in_either_case_of_hex(string body, string signed)
    {
        var signature = WebhookSignature.Sign(Encoding.UTF8.GetBytes(signed), Secret);

        Assert.Equal(SignatureCheck.Valid, Check(body, signature));
        Assert.Equal(SignatureCheck.Valid, Check(body, signature.ToUpperInvariant()));
    }

    [Theory]
    [InlineData("[{\"a\":1},{\"b\":2}]", "[{\"a\":1},{\"b\":2}]")]
    [InlineData("[{\"a\":1},{\"b\":2}]", "{\"b\":2}")]
    [InlineData("[]", "")]
    [InlineData("[1]", "1")]
    [InlineData("[", "")]
    [InlineData("{\"a\":1}", "{\"a\":2}")]
    [InlineData("", " ")]
    public void Signature_of_something_else_is_wrong(string body, string signed)
        => Assert.Equal(SignatureCheck.Wrong, Check(body, WebhookSignature.Sign(Encoding.UTF8.GetBytes(signed), Secret)));

    [Fact]
    public void Signature_with_another_secret_is_wrong()
        => Assert.Equal(SignatureCheck.Wrong, Check("{}", WebhookSignature.Sign("{}"u8, "other")));

    [Fact]
    public void Signature_is_wrong_whichever_digit_differs()
    {
        var right = WebhookSignature.Sign("{}"u8, Secret);
        for (var i = 0; i < right.Length; i++)
            Assert.Equal(SignatureCheck.Wrong, Check("{}", string.Concat(right.AsSpan(0, i), right[i] == '0' ? "1" : "0", right.AsSpan(i + 1))));
    }

    [Theory]
    [InlineData(null, SignatureCheck.Missing)]
    [InlineData("", SignatureCheck.Missing)]
    [InlineData("abc", SignatureCheck.Malformed)]
    [InlineData("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", SignatureCheck.Malformed)]
    [InlineData("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79ff", SignatureCheck.Malformed)]
    [InlineData("sha1=effcdf6ae5eb2fa2d27416d5f184df9c259", SignatureCheck.Malformed)]
    public void Header_that_is_no_signature_says_so(string? header, SignatureCheck expected)
        => Assert.Equal(expected, Check("{}", header));

    private static SignatureCheck Check(string body, string? header) => WebhookSignature.Check(Encoding.UTF8.GetBytes(body), header, Secret);
}
