using IterableFunctions.Personas.Evaluation;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace IterableFunctions.Functions;

/// <summary>Computed traits: defines, shows and deletes them. Every call needs a function key.</summary>
public sealed class ComputedTraits(DefinitionRequests requests)
{
    private const DefinitionKind Kind = DefinitionKind.ComputedTrait;
    private const string All = "traits";
    private const string One = All + "/{key}";

    [Function("TraitList")]
    public Task<IResult> ListAsync([HttpTrigger(AuthorizationLevel.Function, "get", Route = All)] HttpRequest request) => requests.ListAsync(request, Kind);

    [Function("TraitGet")]
    public Task<IResult> GetAsync([HttpTrigger(AuthorizationLevel.Function, "get", Route = One)] HttpRequest request, string key) => requests.GetAsync(request, Kind, key);

    [Function("TraitPut")]
    public Task<IResult> PutAsync([HttpTrigger(AuthorizationLevel.Function, "put", Route = One)] HttpRequest request, string key) => requests.PutAsync(request, Kind, key);

    [Function("TraitPost")]
    public Task<IResult> PostAsync([HttpTrigger(AuthorizationLevel.Function, "post", Route = All)] HttpRequest request) => requests.PostAsync(request, Kind);

    [Function("TraitDelete")]
    public Task<IResult> DeleteAsync([HttpTrigger(AuthorizationLevel.Function, "delete", Route = One)] HttpRequest request, string key) => requests.DeleteAsync(request, Kind, key);

    [Function("TraitSync")]
    public Task<IResult> SyncAsync([HttpTrigger(AuthorizationLevel.Function, "post", Route = One + "/sync")] HttpRequest request, string key) => requests.SyncAsync(request, Kind, key);

    [Function("TraitPreview")]
    public Task<IResult> PreviewAsync([HttpTrigger(AuthorizationLevel.Function, "post", Route = All + "/preview")] HttpRequest request) => requests.PreviewAsync(request, Kind);
}
