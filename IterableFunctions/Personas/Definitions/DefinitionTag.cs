using System.Security.Cryptography;
using System.Text.Json;

namespace IterableFunctions.Personas.Definitions;

/// <summary>The ETag of a definition: another whenever a user has changed it, and not when a run goes on with it.</summary>
public static class DefinitionTag
{
    /// <summary>With its quotation marks.</summary>
    public static string Of(DefinitionRecord definition)
    {
        var said = JsonSerializer.SerializeToUtf8Bytes(definition with { Run = null, Synced = null }, AppJson.Default.DefinitionRecord);
        return $"\"{Convert.ToHexStringLower(SHA256.HashData(said).AsSpan(0, 8))}\"";
    }
}

/// <summary>Which definition a user has seen, as the header <c>If-Match</c> says.</summary>
/// <param name="Tags">Null where the user does not say; <c>*</c> for any.</param>
public sealed record IfMatch(IReadOnlyCollection<string>? Tags)
{
    public static IfMatch Anything { get; } = new(Tags: null);

    /// <summary>Why nothing is done; null where the definition is one of those.</summary>
    public DefinitionRefusal? Check(DefinitionRecord? definition)
        => Tags is null || (definition is not null && (Tags.Contains("*") || Tags.Contains(DefinitionTag.Of(definition)))) ? null
            : definition is null ? new(RefusalReason.Changed, "not_found", "If-Match names a definition that is not there any more.")
            : new(RefusalReason.Changed, "changed", $"The definition has been changed since: its ETag is {DefinitionTag.Of(definition)} by now. Read it again, and say what you want of it as it is now.");
}
