using System.ComponentModel;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace IterableFunctions;

/// <summary>
/// Settings, read from configuration into options classes and checked before anything starts. Each failure is one sentence that names the setting as it is
/// spelt in an environment variable (<c>Iterable__ApiKey</c>), says what is wrong and what it may be.
/// </summary>
public static class Settings
{
    /// <summary>Binds a section of the configuration to its options class.</summary>
    /// <param name="services">Where to register.</param>
    /// <param name="section">The part of the name before the two underscores.</param>
    /// <param name="check">What else has to hold, as sentences; run once, at start.</param>
    public static IServiceCollection AddSettings<TOptions>(this IServiceCollection services, string section, Func<TOptions, IConfiguration, IEnumerable<string>>? check = null)
        where TOptions : class
    {
        services.AddOptions<TOptions>()
            .Configure<IConfiguration>((options, configuration) =>
            {
                // The binder's own message names the type of a value it cannot read, not what may be written instead.
                if (Unreadable<TOptions>(configuration.GetSection(section)).FirstOrDefault() is null)
                    configuration.GetSection(section).Bind(options);
            })
            .ValidateOnStart();
        services.AddSingleton<IValidateOptions<TOptions>>(provider =>
        {
            var configuration = provider.GetRequiredService<IConfiguration>();
            // What was not read holds defaults, which the check would complain about for nothing.
            return new Validator<TOptions>(options => Unreadable<TOptions>(configuration.GetSection(section)).ToList() is { Count: > 0 } unreadable
                ? unreadable
                : check?.Invoke(options, configuration) ?? []);
        });
        return services;
    }

    /// <summary>An address without a path of the API, by https, or by http where it stays on this machine.</summary>
    public static string? CheckAddress(string setting, string? value, string example) => string.IsNullOrEmpty(value) ? null
        : !Uri.TryCreate(value, UriKind.Absolute, out var uri) ? $"{setting} is no address; it must be one such as {example}."
        : uri.UserInfo.Length > 0 || uri.Query.Length > 0 ? $"{setting} must not hold credentials or a query."
        : uri.Scheme is not ("https" or "http") ? $"{setting} is \"{value}\"; it must be an address such as {example}."
        : uri.Scheme == "http" && !uri.IsLoopback ? $"{setting} is \"{value}\"; plain http is taken only on loopback, so it must begin with https."
        : uri.AbsolutePath.TrimEnd('/') is var path && (path.EndsWith("/api", StringComparison.OrdinalIgnoreCase) || path.EndsWith("/v1", StringComparison.OrdinalIgnoreCase)) ? $"{setting} is \"{value}\"; leave out {path[path.LastIndexOf('/')..]}, which is added to it."
        : null;

    private static IEnumerable<string> Unreadable<TOptions>(IConfigurationSection section)
    {
        foreach (var property in typeof(TOptions).GetProperties())
        {
            if (!property.CanWrite || section[property.Name] is not { Length: > 0 } text)
                continue;
            // Azure passes on the reference itself where it cannot resolve it. As a secret it would be one that anybody can guess, for it is made of names.
            if (text.StartsWith("@Microsoft.KeyVault(", StringComparison.OrdinalIgnoreCase))
            {
                yield return $"{section.Key}__{property.Name} is a Key Vault reference that Azure has not resolved; check that the secret is there and that the app's identity may read it (role Key Vault Secrets User), then restart the app.";
                continue;
            }

            var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            if (type.IsEnum ? Enum.GetNames(type).Contains(text, StringComparer.OrdinalIgnoreCase) : Reads(type, text))
                continue;
            yield return $"{section.Key}__{property.Name} is \"{text}\"; it must be {Allowed(type)}.";
        }
    }

    private static bool Reads(Type type, string text)
    {
        try
        {
            return TypeDescriptor.GetConverter(type).ConvertFromInvariantString(text) is not null;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or NotSupportedException)
        {
            return false;
        }
    }

    private static string Allowed(Type type)
        => type.IsEnum ? string.Join(" or ", Enum.GetNames(type))
            : type == typeof(bool) ? "true or false"
            : type == typeof(TimeSpan) ? "a time such as 00:00:30 or 7.00:00:00"
            : "a number";

    private sealed class Validator<TOptions>(Func<TOptions, IEnumerable<string>> check) : IValidateOptions<TOptions>
        where TOptions : class
    {
        public ValidateOptionsResult Validate(string? name, TOptions options)
        {
            var failures = check(options).ToList();
            return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);
        }
    }
}
