namespace IterableFunctions.Tests.Sandbox;

/// <summary>Which type a value has, and which values a field takes after its first. Iterable help: Field Data Types.</summary>
public class FieldTypesTests
{
    [Theory]
    [InlineData("'text'", "string")]
    [InlineData("7", "long")]
    [InlineData("7.0", "double")]
    [InlineData("7e2", "double")]
    [InlineData("true", "boolean")]
    [InlineData("{'x':1}", "object")]
    [InlineData("['a','b']", "string")]
    [InlineData("[1,2.5]", "double")]
    [InlineData("[{'x':1}]", "object")]
    [InlineData("null", null)]
    [InlineData("[]", null)]
    [InlineData("[null]", null)]
    // The accepted and the refused forms of dates, as Block's client iterable-go lists them from the help article.
    [InlineData("'2026-03-04'", "date")]
    [InlineData("'2026-03-04 05:06:07'", "date")]
    [InlineData("'2026-03-04 05:06:07 +00:00'", "date")]
    [InlineData("'2026-03-04T05:06:07.089-04:00'", "date")]
    [InlineData("'2026-03-04T05:06:07.089Z'", "date")]
    [InlineData("'2026-03-04T05:06:07Z'", "string")]
    [InlineData("'2026-03-04T05:06:07.089'", "string")]
    [InlineData("'2026-03-04 05:06:07.089'", "string")]
    [InlineData("'2026-03-04 05:06:07.089Z'", "string")]
    [InlineData("'2026/03/04'", "string")]
    [InlineData("'2026-03-04T05:06:07.089 04:00'", "string")]
    [InlineData("'2026-02-30'", "string")]
    [InlineData("'2026-13-01'", "string")]
    [InlineData("'2026-03-04 25:06:07'", "string")]
    [InlineData("'1234'", "string")]
    public async Task The_first_value_gives_a_field_its_type(string value, string? type)
    {
        await using var server = await SandboxServer.StartAsync();
        await server.PostAsync("users/update", $"{{'email':'ann@example.com','dataFields':{{'field':{value}}}}}");

        var fields = (await server.GetAsync("users/getFields")).Json!["fields"]!;

        Assert.Equal(type, (string?)fields["field"]);
    }

    [Fact]
    public async Task A_location_is_a_type_of_its_own()
    {
        // Block's client iterable-go: a name that ends in _geo_location, a value of lat and lon.
        await using var server = await SandboxServer.StartAsync();
        await server.PostAsync("users/update", "{'email':'ann@example.com','dataFields':{'home_geo_location':{'lat':41.1,'lon':-8}}}");

        var fields = (await server.GetAsync("users/getFields")).Json!["fields"]!;

        Assert.Equal("geo_location", (string?)fields["home_geo_location"]);
        Assert.Null(fields["home_geo_location.lat"]);
    }

    [Theory]
    [InlineData("'text'", "5", 400)]
    [InlineData("'text'", "true", 400)]
    [InlineData("'text'", "{'x':1}", 400)]
    [InlineData("'text'", "'2026-03-04'", 200)]
    [InlineData("'2026-03-04'", "'2026-03-04 05:06:07 +00:00'", 200)]
    [InlineData("'2026-03-04'", "'soon'", 400)]
    [InlineData("'2026-03-04'", "'2026-03-04T05:06:07Z'", 400)]
    [InlineData("'2026-03-04'", "1767225600", 400)]
    [InlineData("10", "10.5", 400)]
    [InlineData("10.5", "10", 200)]
    [InlineData("10", "'10'", 400)]
    [InlineData("'10'", "10", 400)]
    [InlineData("true", "'true'", 400)]
    [InlineData("1", "null", 200)]
    [InlineData("'a'", "['a','b']", 200)]
    [InlineData("['a']", "[1]", 400)]
    [InlineData("['a']", "['b',1]", 400)]
    [InlineData("{'x':1}", "{'x':'one'}", 400)]
    [InlineData("{'x':1}", "{'y':'one'}", 200)]
    [InlineData("[{'x':1}]", "[{'x':1},{'x':'one'}]", 400)]
    [InlineData("[]", "{'x':1}", 200)]
    public async Task Later_values_must_fit_the_first(string first, string later, int status)
    {
        await using var server = await SandboxServer.StartAsync();
        await server.PostAsync("users/update", $"{{'email':'ann@example.com','dataFields':{{'field':{first}}}}}");

        var reply = await server.PostAsync("users/update", $"{{'email':'ben@example.com','dataFields':{{'field':{later}}}}}");

        Assert.Equal(status, reply.Status);
        Assert.Equal(status == 200 ? "Success" : "RequestFieldsTypesMismatched", reply.Code);
    }

    [Fact]
    public async Task A_type_survives_its_field()
    {
        await using var server = await SandboxServer.StartAsync();
        await server.PostAsync("users/update", "{'email':'ann@example.com','dataFields':{'field':1}}");
        await server.PostAsync("users/update", "{'email':'ann@example.com','dataFields':{'field':null}}");

        Assert.Equal("RequestFieldsTypesMismatched", (await server.PostAsync("users/update", "{'email':'ann@example.com','dataFields':{'field':'x'}}")).Code);
    }

    [Fact]
    public async Task Iterables_own_fields_have_their_types_from_the_start()
    {
        // Iterable help, User Profile Fields Used by Iterable: phoneNumber is text, in E.164.
        await using var server = await SandboxServer.StartAsync();

        Assert.Equal("RequestFieldsTypesMismatched", (await server.PostAsync("users/update", "{'email':'ann@example.com','dataFields':{'phoneNumber':4915112345678}}")).Code);
    }
}
