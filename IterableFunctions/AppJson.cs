using System.Text.Json;
using System.Text.Json.Serialization;
using IterableFunctions.Functions;
using IterableFunctions.Intake;

namespace IterableFunctions;

/// <summary>How the app writes JSON of its own, without reflection.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(MessageResult))]
[JsonSerializable(typeof(MessageResults))]
[JsonSerializable(typeof(ProblemDocument))]
[JsonSerializable(typeof(HealthReport))]
internal sealed partial class AppJson : JsonSerializerContext;
