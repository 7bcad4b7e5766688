using IterableFunctions.Personas.Evaluation;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace IterableFunctions.Functions;

/// <summary>Audiences: defines, shows and deletes them. Every call needs a function key.</summary>
public sealed class Audiences(DefinitionRequests requests)
{
    private const DefinitionKind Kind = DefinitionKind.Audience;
    private const string All = "audiences";
    private const string One = All + "/{key}";

    [Function("AudienceList")]
    public Task<IResult> ListAsync([HttpTrigger(AuthorizationLevel.Function, "get", Route = All)] HttpRequest request) => requests.ListAsync(request, Kind);

    [Function("AudienceGet")]
    public Task<IResult> GetAsync([HttpTrigger(AuthorizationLevel.Function, "get", Route = One)] HttpRequest request, string key) => requests.GetAsync(request, Kind, key);

    [Function("AudiencePut")]
    public Task<IResult> PutAsync([HttpTrigger(AuthorizationLevel.Function, "put", Route = One)] HttpRequest request, string key) => requests.PutAsync(request, Kind, key);

    [Function("AudiencePost")]
    public Task<IResult> PostAsync([HttpTrigger(AuthorizationLevel.Function, "post", Route = All)] HttpRequest request) => requests.PostAsync(request, Kind);

    [Function("AudienceDelete")]
    public Task<IResult> DeleteAsync([HttpTrigger(AuthorizationLevel.Function, "delete", Route = One)] HttpRequest request, string key) => requests.DeleteAsync(request, Kind, key);

    [Function("AudienceSync")]
    public Task<IResult> SyncAsync([HttpTrigger(AuthorizationLevel.Function, "post", Route = One + "/sync")] HttpRequest request, string key) => requests.SyncAsync(request, Kind, key);

    [Function("AudiencePreview")]
    public Task<IResult> PreviewAsync([HttpTrigger(AuthorizationLevel.Function, "post", Route = All + "/preview")] HttpRequest request) => requests.PreviewAsync(request, Kind);
}
