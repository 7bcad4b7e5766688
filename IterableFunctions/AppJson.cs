using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using IterableFunctions.Delivering;
using IterableFunctions.Functions;
using IterableFunctions.Intake;
using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Previews;
using IterableFunctions.Personas.Recording;
using IterableFunctions.Personas.Runs;
using IterableFunctions.Personas.Sync;
using IterableFunctions.Segment;
using IterableFunctions.Storage;

namespace IterableFunctions;

/// <summary>How the app writes JSON of its own, without reflection.</summary>
/// <remarks>A dead letter holds a request, which may be as deep as a message: deeper than the serializer's default of 64.</remarks>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, MaxDepth = 2 * JsonTokens.MaxDepth)]
[JsonSerializable(typeof(MessageResult))]
[JsonSerializable(typeof(MessageResults))]
[JsonSerializable(typeof(ProblemDocument))]
[JsonSerializable(typeof(HealthReport))]
[JsonSerializable(typeof(ReadyReport))]
[JsonSerializable(typeof(QueuedCall))]
[JsonSerializable(typeof(RecordWork))]
[JsonSerializable(typeof(ProfileReport))]
[JsonSerializable(typeof(BlobReference))]
[JsonSerializable(typeof(DeadLetter))]
[JsonSerializable(typeof(DeadLetterPage))]
[JsonSerializable(typeof(ReplayReport))]
[JsonSerializable(typeof(DefinitionRecord))]
[JsonSerializable(typeof(DefinitionReport))]
[JsonSerializable(typeof(DefinitionReports))]
[JsonSerializable(typeof(PreviewReport))]
[JsonSerializable(typeof(Dictionary<string, int>))]
[JsonSerializable(typeof(Look))]
[JsonSerializable(typeof(RunWork))]
[JsonSerializable(typeof(Run))]
[JsonSerializable(typeof(ShardProgress))]
[JsonSerializable(typeof(RunPage))]
[JsonSerializable(typeof(RunReport))]
[JsonSerializable(typeof(MemberPage))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(string))]
internal sealed partial class AppJson : JsonSerializerContext
{
    // Not at once: which part of this class is initialised first is not said.
    private static readonly Lazy<AppJson> _readable = new(MakeReadable);

    /// <summary>For answers that people read: a query's quotation marks and letters beyond ASCII stand as they are. They are never part of a page.</summary>
    public static AppJson Readable => _readable.Value;

    private static AppJson MakeReadable() => new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
