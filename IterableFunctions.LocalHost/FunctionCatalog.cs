using System.Reflection;
using System.Text.RegularExpressions;
using Azure.Storage.Queues.Models;
using Microsoft.Azure.Functions.Worker;

namespace IterableFunctions.LocalHost;

/// <summary>What makes a function run.</summary>
public abstract record Trigger(string Type);

/// <param name="Route">Its route template, without the prefix.</param>
/// <param name="Methods">None means any.</param>
public sealed record HttpTrigger(string Route, IReadOnlyList<string> Methods) : Trigger("httpTrigger");

/// <param name="Schedule">NCRONTAB, five fields or six.</param>
public sealed record TimerTrigger(string Schedule, bool RunOnStartup) : Trigger("timerTrigger");

/// <param name="Connection">The setting that holds the connection string.</param>
public sealed record QueueTrigger(string Queue, string Connection) : Trigger("queueTrigger");

/// <summary>A method with a <c>[Function]</c> attribute.</summary>
public sealed record Function(string Name, MethodInfo Method, Trigger Trigger)
{
    /// <summary>Runs it once, on a new instance, and returns its result, awaited; null if it has none.</summary>
    public async Task<object?> InvokeAsync(IServiceProvider services, Func<ParameterInfo, object?> bind)
    {
        var instance = Method.IsStatic ? null : ActivatorUtilities.CreateInstance(services, Method.DeclaringType!);
        object?[] arguments = [.. Method.GetParameters().Select(bind)];
        var result = Method.Invoke(instance, BindingFlags.DoNotWrapExceptions, null, arguments, null);
        if (result is not Task task)
            return result;
        await task;
        // A Task without a result is in fact a Task<VoidTaskResult>: only the declared type tells.
        return Method.ReturnType.IsGenericType ? Method.ReturnType.GetProperty(nameof(Task<>.Result))!.GetValue(task) : null;
    }
}

/// <summary>The functions that there are, found by their attributes as the Functions host finds them.</summary>
public sealed partial class FunctionCatalog
{
    private FunctionCatalog(IReadOnlyList<Function> functions) => Functions = functions;

    public IReadOnlyList<Function> Functions { get; }

    /// <summary>Finds the functions among these types.</summary>
    /// <param name="types">All types of the app, or the few that a test is about.</param>
    /// <param name="settings">Where <c>%Setting%</c> in a schedule or a queue's name comes from; null leaves it as it stands.</param>
    /// <exception cref="StartException">A function has what the local host cannot provide.</exception>
    public static FunctionCatalog Find(IEnumerable<Type> types, IConfiguration? settings = null)
        => new([.. from type in types
                   from method in type.GetMethods()
                   let name = method.GetCustomAttribute<FunctionAttribute>()?.Name
                   where name is not null
                   orderby name
                   select new Function(name, method, FindTrigger(name, method, settings))]);

    private static Trigger FindTrigger(string name, MethodInfo method, IConfiguration? settings)
    {
        var (trigger, bindable) = method.GetParameters().SelectMany(parameter => parameter.GetCustomAttributes()).Select(Read)
            .FirstOrDefault(found => found.Trigger is not null);
        if (trigger is null)
            throw new StartException($"The local host knows no trigger for the function {name}: it serves HTTP, timers and queues.");
        foreach (var parameter in method.GetParameters())
        {
            if (parameter.ParameterType != typeof(CancellationToken) && !bindable(parameter.ParameterType))
                throw new StartException($"The local host has nothing to give to the parameter {parameter.Name} of the function {name}.");
        }

        return trigger;

        (Trigger? Trigger, Predicate<Type> Bindable) Read(Attribute attribute) => attribute switch
        {
            HttpTriggerAttribute http => (
                new HttpTrigger(http.Route ?? name, http.Methods ?? []),
                type => type == typeof(HttpRequest) || type == typeof(string) || type.IsValueType),
            TimerTriggerAttribute timer => (
                new TimerTrigger(Expand(timer.Schedule), timer.RunOnStartup),
                type => type == typeof(TimerInfo)),
            QueueTriggerAttribute queue => (
                new QueueTrigger(Expand(queue.QueueName), queue.Connection ?? "AzureWebJobsStorage"),
                type => type == typeof(string) || type == typeof(QueueMessage)),
            _ => (null, _ => false),
        };

        string Expand(string text) => settings is null ? text : Setting().Replace(text, match => settings[match.Groups[1].Value]
            ?? throw new StartException($"The function {name} asks for the setting {match.Groups[1].Value}, which is not set."));
    }

    [GeneratedRegex("%([^%]+)%")]
    private static partial Regex Setting();
}
