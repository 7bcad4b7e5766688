namespace IterableFunctions.LocalHost;

/// <summary>What a developer wants to know when it has started.</summary>
public static class Greeting
{
    public static void Write(WebApplication app, HostSettings settings, TextWriter output)
    {
        var storage = app.Services.GetService<DevelopmentStorage>() switch
        {
            null => "as AzureWebJobsStorage says",
            { Started: true } => $"Azurite, which keeps its data in {settings.DataFolder}",
            _ => "the Azurite that was running already",
        };
        output.WriteLine($"Listening on {settings.Address.GetLeftPart(UriPartial.Authority)}. Ctrl+C ends it.");
        output.WriteLine($"  Storage         {storage}");
        output.WriteLine($"  Iterable        {(settings.Sandbox ? $"the sandbox, {settings.Values["Iterable:BaseUrl"]}" : "as Iterable__ApiKey says")}");
        // A secret of one's own is not for the screen.
        output.WriteLine($"  Segment secret  {(settings.UsesDefaultSharedSecret ? HostSettings.DefaultSharedSecret : "as Segment__SharedSecret says")}");
        output.WriteLine($"  Segment source  {(settings.SandboxSegment ? $"the sandbox, {settings.Values["Segment:BaseUrl"]}" : "as Segment__WriteKey says")}");
        output.WriteLine($"  Webhook token   {(settings.UsesDefaultWebhookSecret ? HostSettings.DefaultWebhookSecret : "as Iterable__WebhookSecret says")}");
        if (settings.TimeOffset > TimeSpan.Zero)
            output.WriteLine($"  The app's clock {app.Services.GetRequiredService<TimeProvider>().GetUtcNow():u}");
        foreach (var function in app.Services.GetRequiredService<FunctionCatalog>().Functions)
        {
            output.WriteLine($"  {function.Name,-28}" + function.Trigger switch
            {
                HttpTrigger http => $"{string.Join(',', http.Methods).ToUpperInvariant()} {app.Configuration.RoutePrefix()}/{http.Route.TrimStart('/')}",
                TimerTrigger timer => $"at {timer.Schedule}",
                QueueTrigger queue => $"queue {queue.Queue}",
                var trigger => trigger.Type,
            });
        }
    }
}
