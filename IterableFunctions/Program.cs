using IterableFunctions;
using Microsoft.Extensions.Hosting;

App.CreateWorker(args).Build().Run();
