using IterableFunctions;
using Microsoft.Extensions.Hosting;

using var worker = App.CreateWorker(args).Build();
if (App.CheckSettings(worker.Services) is { Count: > 0 } problems)
{
    // Said before the host waits for us: a worker that throws later leaves its requests hanging.
    foreach (var problem in problems)
        Console.Error.WriteLine(problem);
    return 1;
}

worker.Run();
return 0;
