using IterableFunctions;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Hosting;

var builder = FunctionsApplication.CreateBuilder(args);
builder.ConfigureFunctionsWebApplication();
builder.Services.AddIterableFunctions();

var app = builder.Build();
if (App.CheckSettings(app.Services) is { Count: > 0 } problems)
{
    // Said before the host waits for us: a worker that throws later leaves its requests hanging.
    foreach (var problem in problems)
        Console.Error.WriteLine(problem);
    return 1;
}

app.Run();
return 0;
