using System.Text;
using IterableFunctions.Personas.Definitions;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Profiles;
using IterableFunctions.Personas.Sync;

namespace IterableFunctions.Tests.Personas.Sync;

/// <summary>What of an evaluation a document keeps.</summary>
public sealed class ReckoningTests
{
    [Theory]
    [InlineData(100, true)]
    [InlineData(Reckoning.LargestValue, false)]
    public void Value_that_is_too_long_for_a_document_counts_as_null(int length, bool isKept)
    {
        var catalog = Catalog.Of(1, [], [new() { Key = "note", Kind = DefinitionKind.ComputedTrait, Name = "Note", Query = "trait('text')", Version = 1 }]);
        var text = Encoding.UTF8.GetBytes($"\"{new string('x', length)}\"");
        var document = new ProfileDocument { Traits = ProfileDocument.Tombstone.Traits.Add("text", new(text, 1, 1)) };
        var evaluation = catalog.Set.Evaluate(Reckoning.ViewOf(document, catalog, EventHistory.None), new(1), EvaluationScope.All);

        var reckoned = Reckoning.Settle(document, catalog, evaluation, isAddressable: true, now: 1);

        Assert.Equal(isKept, reckoned.Document.Values.ContainsKey("note"));
    }
}
