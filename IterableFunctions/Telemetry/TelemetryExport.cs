using System.Globalization;
using Azure.Identity;
using Azure.Monitor.OpenTelemetry.Exporter;
using IterableFunctions.Delivering;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace IterableFunctions.Telemetry;

/// <summary>
/// Where traces, metrics and logs go: to Application Insights where <c>APPLICATIONINSIGHTS_CONNECTION_STRING</c> is set, to whatever takes OTLP where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is,
/// to both, or nowhere, in which case nothing of OpenTelemetry is there.
/// </summary>
public static class TelemetryExport
{
    private const string ConnectionString = "APPLICATIONINSIGHTS_CONNECTION_STRING";
    private const string Authentication = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING";
    private const string OtlpEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
    private const string Share = "OTEL_TRACES_SAMPLER_ARG";

    /// <returns>Null where telemetry goes nowhere.</returns>
    public static IOpenTelemetryBuilder? AddTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        var (insights, otlp) = (IsSet(ConnectionString), IsSet(OtlpEndpoint));
        if (!insights && !otlp)
            return null;

        // Only sources of ours and the worker's: HTTP clients and servers name addresses, and those of tables and of persons hold identifiers.
        var telemetry = services.AddOpenTelemetry()
            .WithTracing(tracing => tracing.AddSource(Tracing.Source).AddProcessor<KeepErrors>())
            .WithMetrics(metrics => metrics.AddMeter(DeliveryMetrics.Meter))
            .WithLogging();
        if (insights)
        {
            telemetry.UseAzureMonitorExporter(options =>
            {
                options.ConnectionString = configuration[ConnectionString];
                options.Credential = Credential(configuration[Authentication]);
                // A warning is worth more than the trace that it stands in.
                options.EnableTraceBasedLogsSampler = false;
            });
        }

        if (otlp)
            telemetry.UseOtlpExporter();
        // After the exporter for Application Insights, which brings a sampler of its own.
        services.ConfigureOpenTelemetryTracerProvider((_, tracing) => tracing.SetSampler(new KeepingSampler(ShareOf(configuration[Share]))));
        return telemetry;

        bool IsSet(string setting) => !string.IsNullOrWhiteSpace(configuration[setting]);
    }

    /// <summary>All, where nothing else is said that can be understood.</summary>
    private static double ShareOf(string? text)
        => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var share) && share is >= 0 and <= 1 ? share : 1;

    /// <summary>The managed identity that <c>Authorization=AAD;ClientId=…</c> names, the app's own without a client id; null without either, for then the connection string is enough.</summary>
    private static ManagedIdentityCredential? Credential(string? authentication)
    {
        var parts = (authentication ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(part => part.Split('=', 2)).Where(part => part.Length == 2).ToDictionary(part => part[0], part => part[1], StringComparer.OrdinalIgnoreCase);
        return parts.GetValueOrDefault("Authorization") != "AAD" ? null
            : new(parts.GetValueOrDefault("ClientId") is { Length: > 0 } clientId ? ManagedIdentityId.FromUserAssignedClientId(clientId) : ManagedIdentityId.SystemAssigned);
    }
}
