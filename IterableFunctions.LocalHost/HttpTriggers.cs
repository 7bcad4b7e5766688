using System.ComponentModel;
using System.Reflection;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Abstractions;

namespace IterableFunctions.LocalHost;

/// <summary>Serves HTTP functions at their routes. Function keys are not checked, as under Core Tools.</summary>
public static partial class HttpTriggers
{
    public static void MapFunctions(this WebApplication app)
    {
        foreach (var function in app.Services.GetRequiredService<FunctionCatalog>().Functions)
        {
            if (function.Trigger is not HttpTrigger http)
                continue;
            var route = $"{app.Configuration.RoutePrefix()}/{http.Route.TrimStart('/')}";
            if (http.Methods.Count == 0)
                app.Map(route, Serve);
            else
                app.MapMethods(route, http.Methods.Select(method => method.ToUpperInvariant()), Serve);

            Task Serve(HttpContext context) => ServeAsync(function, context, app.Logger);
        }
    }

    /// <summary>What stands before every route: <c>/api</c> unless <c>host.json</c> says otherwise.</summary>
    public static string RoutePrefix(this IConfiguration configuration)
        => (configuration["AzureFunctionsJobHost:extensions:http:routePrefix"] ?? "api").Trim('/') is { Length: > 0 } prefix
            ? $"/{prefix}"
            : "";

    private static async Task ServeAsync(Function function, HttpContext context, ILogger logger)
    {
        try
        {
            var result = await function.InvokeAsync(context.RequestServices, parameter => Bind(parameter, context));
            await (result switch
            {
                IResult answer => answer.ExecuteAsync(context),
                IActionResult action => action.ExecuteResultAsync(new ActionContext(context, context.GetRouteData(), new ActionDescriptor())),
                null => Results.NoContent().ExecuteAsync(context),
                _ => Results.Ok(result).ExecuteAsync(context),
            });
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is left to answer.
        }
        catch (Exception failure)
        {
            Log.Failed(logger, failure, function.Name);
            if (!context.Response.HasStarted)
                context.Response.StatusCode = StatusCodes.Status500InternalServerError;
        }
    }

    private static object? Bind(ParameterInfo parameter, HttpContext context) => parameter.ParameterType switch
    {
        var type when type == typeof(HttpRequest) => context.Request,
        var type when type == typeof(CancellationToken) => context.RequestAborted,
        var type => context.GetRouteValue(parameter.Name!) is string value
            ? TypeDescriptor.GetConverter(type).ConvertFromInvariantString(value)
            : parameter.HasDefaultValue ? parameter.DefaultValue : null,
    };

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Error, Message = "The function {Name} failed")]
        public static partial void Failed(ILogger logger, Exception failure, string name);
    }
}
