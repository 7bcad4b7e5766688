namespace IterableFunctions.LocalHost;

/// <summary>The part of the Functions host's own API that a developer uses: which functions there are, and run this timer now.</summary>
public static class AdminApi
{
    public static void MapAdmin(this WebApplication app)
    {
        app.MapGet("/admin/functions", (FunctionCatalog catalog) => Results.Json(catalog.Functions.Select(function => function.Trigger switch
        {
            HttpTrigger http => new
            {
                name = function.Name,
                type = http.Type,
                route = $"{app.Configuration.RoutePrefix()}/{http.Route.TrimStart('/')}",
                methods = http.Methods,
            },
            TimerTrigger timer => new { name = function.Name, type = timer.Type, schedule = timer.Schedule },
            QueueTrigger queue => new { name = function.Name, type = queue.Type, queue = queue.Queue },
            var trigger => (object)new { name = function.Name, type = trigger.Type },
        })));

        app.MapPost("/admin/functions/{name}", (string name, FunctionCatalog catalog, TimerTriggers timers) =>
            timers.RunNow(name) ? Results.Accepted()
            : catalog.Functions.Any(function => function.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                ? Results.Problem($"{name} is not a timer; only timers can be run here.", statusCode: StatusCodes.Status400BadRequest)
                : Results.Problem($"There is no function {name}.", statusCode: StatusCodes.Status404NotFound));
    }
}
