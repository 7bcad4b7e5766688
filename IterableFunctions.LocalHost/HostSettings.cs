using System.Collections;
using System.Globalization;

namespace IterableFunctions.LocalHost;

/// <summary>
/// What the local host was told. Later ones win: <c>host.json</c>, its own defaults, <c>local.settings.json</c>, environment
/// variables, the command line.
/// </summary>
public sealed record HostSettings
{
    /// <summary>Signs Segment messages when <c>Segment__SharedSecret</c> is not set. No secret: it guards a loopback address only.</summary>
    public const string DefaultSharedSecret = "local-secret";

    /// <summary>Lets Iterable's webhooks in when <c>Iterable__WebhookSecret</c> is not set. No secret either.</summary>
    public const string DefaultWebhookSecret = "local-webhook-token";

    private const string Usage = "The options are --urls URL, --time-offset d.hh:mm:ss and --demo.";

    /// <summary>Where it listens; on loopback, with its port.</summary>
    public required Uri Address { get; init; }

    /// <summary>How far ahead of the system's clock the app's clock is.</summary>
    public TimeSpan TimeOffset { get; init; }

    /// <summary>How long the message of a process that died stays invisible: <c>LocalHost__QueueLease</c>, ten minutes as in Azure.</summary>
    public required TimeSpan QueueLease { get; init; }

    /// <summary>Whether <c>--demo</c> was given.</summary>
    public bool Demo { get; init; }

    /// <summary>Whether a sandbox plays Iterable: there is no <c>Iterable__ApiKey</c>.</summary>
    public bool Sandbox { get; init; }

    /// <summary>Whether a sandbox plays the Segment source: there is no <c>Segment__WriteKey</c>.</summary>
    public bool SandboxSegment { get; init; }

    /// <summary>Where Azurite is installed: in the clone that this build lies in, else in the working folder.</summary>
    public static string AzuriteFolder => Path.Combine(Root(), ".local", "azurite");

    /// <summary>The ports of the Azurite to start if nothing listens there; null if the storage is somewhere else.</summary>
    public AzuritePorts? Azurite { get; init; }

    /// <summary>What is kept between runs: Azurite's data, the sandbox's. <c>LocalHost__DataFolder</c>, by default <c>.local/data</c>.</summary>
    public required string DataFolder { get; init; }

    /// <summary>The app's configuration, keys with colons. What <c>host.json</c> says stands under <c>AzureFunctionsJobHost</c>, as in Azure.</summary>
    public required IReadOnlyDictionary<string, string?> Values { get; init; }

    public bool UsesDefaultSharedSecret => Values["Segment:SharedSecret"] == DefaultSharedSecret;

    public bool UsesDefaultWebhookSecret => Values["Iterable:WebhookSecret"] == DefaultWebhookSecret;

    /// <summary>Reads the settings of this process.</summary>
    /// <exception cref="StartException">Something cannot be understood.</exception>
    public static HostSettings Read(string[] args)
    {
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Select(variable => KeyValuePair.Create((string)variable.Key, (string?)variable.Value));
        return Read(args, [.. LocalSettings(Path.Combine(Root(), "local.settings.json")), .. environment]);
    }

    /// <summary>Reads a command line and settings named as environment variables are; of two with the same name the later wins.</summary>
    /// <exception cref="StartException">Something cannot be understood.</exception>
    public static HostSettings Read(string[] args, IEnumerable<KeyValuePair<string, string?>> settings)
    {
        var values = HostJson().ToDictionary(StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in settings)
            values[key.Replace("__", ":", StringComparison.Ordinal)] = value;

        Default("AzureWebJobsStorage", "UseDevelopmentStorage=true");
        Default("Segment:SharedSecret", DefaultSharedSecret);
        Default("Iterable:WebhookSecret", DefaultWebhookSecret);
        Default("Personas:BackfillDelay", "00:00:02");
        Default("LocalHost:QueueLease", "00:10:00");
        Default("LocalHost:AzuritePort", "10000");
        var azurite = Ports(values["LocalHost:AzuritePort"]!);
        var ownFolder = azurite == AzuritePorts.Default ? "data" : $"data-{azurite.Blob}";
        Default("LocalHost:DataFolder", Path.Combine(Root(), ".local", ownFolder));
        var developmentStorage = values["AzureWebJobsStorage"]!.Trim(';', ' ').Equals("UseDevelopmentStorage=true", StringComparison.OrdinalIgnoreCase);
        // The short form stands for the default ports only.
        if (developmentStorage)
            values["AzureWebJobsStorage"] = azurite.ConnectionString;

        var told = new HostSettings
        {
            Address = new Uri("http://localhost:7071"),
            Azurite = developmentStorage ? azurite : null,
            QueueLease = Lease(values["LocalHost:QueueLease"]!),
            DataFolder = Path.GetFullPath(values["LocalHost:DataFolder"]!),
            Sandbox = string.IsNullOrWhiteSpace(values.GetValueOrDefault("Iterable:ApiKey")),
            SandboxSegment = string.IsNullOrWhiteSpace(values.GetValueOrDefault("Segment:WriteKey")),
            Values = values,
        }.With(new(args.SelectMany(arg => arg.StartsWith("--", StringComparison.Ordinal) ? arg.Split('=', 2) : [arg])));
        var sandbox = $"http://{(told.Address.Host == "localhost" ? "127.0.0.1" : told.Address.Host)}:{told.Address.Port}/sandbox";
        if (told.Sandbox)
        {
            Default("Iterable:ApiKey", "sandbox");
            Default("Iterable:BaseUrl", sandbox);
        }

        if (told.SandboxSegment)
        {
            Default("Segment:WriteKey", "sandbox");
            Default("Segment:BaseUrl", $"{sandbox}/segment");
        }

        return told;

        void Default(string key, string value)
        {
            if (string.IsNullOrWhiteSpace(values.GetValueOrDefault(key)))
                values[key] = value;
        }
    }

    private HostSettings With(Queue<string> args)
    {
        if (!args.TryDequeue(out var option))
            return this;
        var told = option switch
        {
            "--urls" => this with { Address = Loopback(Argument()) },
            "--time-offset" => this with { TimeOffset = Forward(Argument()) },
            "--demo" => this with { Demo = true },
            _ => throw new StartException($"There is no option {option}. {Usage}", 2),
        };
        return told.With(args);

        string Argument() => args.TryDequeue(out var argument)
            ? argument
            : throw new StartException($"{option} needs a value. {Usage}", 2);
    }

    private static Uri Loopback(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme != Uri.UriSchemeHttp || address.PathAndQuery != "/")
            throw new StartException($"--urls {url} is not an address to listen on; it takes one such as http://127.0.0.1:7071.", 2);
        if (!address.IsLoopback)
            throw new StartException($"--urls {url} is not a loopback address, and the local host checks no function keys: use localhost, 127.0.0.1 or [::1].", 2);
        // The sandbox's address is a setting, so the port has to be known before anything is bound.
        return address.Port == 0 ? new UriBuilder(address) { Port = LoopbackPort.Free() }.Uri : address;
    }

    private static TimeSpan Forward(string offset)
        => TimeSpan.TryParse(offset, CultureInfo.InvariantCulture, out var span) && span >= TimeSpan.Zero
            ? span
            : throw new StartException($"--time-offset {offset} is not a span of time forward; it takes d.hh:mm:ss, such as 31.00:00:00.", 2);

    private static AzuritePorts Ports(string first)
        => ushort.TryParse(first, CultureInfo.InvariantCulture, out var port) && port is > 0 and < ushort.MaxValue - 1
            ? AzuritePorts.From(port)
            : throw new StartException($"LocalHost__AzuritePort is {first}; it takes the first of three port numbers in a row, such as 10000.");

    /// <summary>The storage allows a message to be invisible for a week.</summary>
    private static TimeSpan Lease(string lease)
        => TimeSpan.TryParse(lease, CultureInfo.InvariantCulture, out var span) && span >= TimeSpan.FromSeconds(1) && span <= TimeSpan.FromDays(7)
            ? span
            : throw new StartException($"LocalHost__QueueLease is {lease}; it takes hh:mm:ss, from 00:00:01 to 7.00:00:00.");

    private static IEnumerable<KeyValuePair<string, string?>> HostJson()
        => new ConfigurationBuilder().AddJsonFile(Path.Combine(AppContext.BaseDirectory, "host.json")).Build()
            .AsEnumerable().Select(pair => KeyValuePair.Create($"AzureFunctionsJobHost:{pair.Key}", pair.Value));

    /// <summary>The <c>Values</c> of a <c>local.settings.json</c>; none if there is no such file.</summary>
    internal static IEnumerable<KeyValuePair<string, string?>> LocalSettings(string file)
    {
        try
        {
            return new ConfigurationBuilder().AddJsonFile(file, optional: true).Build()
                .GetSection("Values").AsEnumerable(makePathsRelative: true).Where(pair => pair.Value is not null);
        }
        catch (InvalidDataException unreadable)
        {
            throw new StartException($"{file} is not valid JSON: {unreadable.InnerException?.Message ?? unreadable.Message}");
        }
    }

    /// <summary>The clone that this build lies in; a build that was copied elsewhere keeps its files in the working folder.</summary>
    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "IterableFunctions.sln")))
                return folder.FullName;
        }

        return Environment.CurrentDirectory;
    }
}
