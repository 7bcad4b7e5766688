using System.Net.Sockets;
using IterableFunctions.LocalHost;
using Microsoft.Extensions.Options;

try
{
    var settings = HostSettings.Read(args);
    if (await LoopbackPort.ListensAsync(settings.Address.Port))
        throw new StartException($"Something listens on port {settings.Address.Port} already: end it, or choose another with --urls http://127.0.0.1:PORT.");
    await using var app = LocalHostApp.Create(settings);
    await app.StartAsync();
    Greeting.Write(app, settings, Console.Out);
    if (settings.Demo)
        await Demo.RunAsync(app, settings, Console.Out);
    await app.WaitForShutdownAsync();
    return 0;
}
catch (StartException reason)
{
    Console.Error.WriteLine(reason.Message);
    return reason.ExitCode;
}
catch (Exception reason) when (reason is OptionsValidationException or AggregateException or IOException or SocketException or InvalidOperationException)
{
    // A setting that the app refuses, an address that cannot be bound, a service that cannot be made: the message says it all.
    Console.Error.WriteLine(reason.Message.ReplaceLineEndings(" "));
    return 1;
}
catch (OperationCanceledException)
{
    // Told to end before it had started.
    return 0;
}
