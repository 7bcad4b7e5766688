using System.Text.Json;
using System.Text.Json.Serialization;
using IterableFunctions.Delivering;
using IterableFunctions.Functions;
using IterableFunctions.Intake;

namespace IterableFunctions;

/// <summary>How the app writes JSON of its own, without reflection.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(MessageResult))]
[JsonSerializable(typeof(MessageResults))]
[JsonSerializable(typeof(ProblemDocument))]
[JsonSerializable(typeof(HealthReport))]
[JsonSerializable(typeof(QueuedCall))]
[JsonSerializable(typeof(DeadLetter))]
[JsonSerializable(typeof(DeadLetterPage))]
[JsonSerializable(typeof(ReplayReport))]
[JsonSerializable(typeof(JsonElement))]
internal sealed partial class AppJson : JsonSerializerContext;
