using System.Text.Json;
using System.Text.Json.Serialization;
using IterableFunctions.Delivering;
using IterableFunctions.Functions;
using IterableFunctions.Intake;
using IterableFunctions.Personas.Definitions;
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
internal sealed partial class AppJson : JsonSerializerContext;
