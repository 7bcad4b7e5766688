using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace IterableFunctions.Functions;

/// <summary>Says that the process lives.</summary>
public sealed class Health
{
    [Function(nameof(Health))]
    public IResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "health")] HttpRequest request)
        => Results.Ok(new { status = "ok" });
}
