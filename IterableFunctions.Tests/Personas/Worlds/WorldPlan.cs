using CsCheck;
using IterableFunctions.Tests.Personas.Evaluation.Oracle;

namespace IterableFunctions.Tests.Personas.Worlds;

/// <summary>What can go wrong in a world.</summary>
internal enum Trouble
{
    /// <summary>One instance, one thing after another: here each call has to say something new.</summary>
    None,

    /// <summary>Two instances, messages at the same time, queue messages that come twice.</summary>
    Crowd,

    /// <summary>All of that, and Iterable that fails or does not answer, and processes that die.</summary>
    Everything,
}

/// <summary>A world to be lived through. Whatever is not in here follows from the seed.</summary>
/// <param name="Definitions">The first of these are saved at the start, the others take their places later.</param>
/// <param name="Others">The others.</param>
/// <param name="Histories">Of each person, day by day.</param>
/// <param name="Traits">What identifies set.</param>
/// <param name="Trouble">What goes wrong.</param>
/// <param name="Seed">Decides the rest.</param>
internal sealed record WorldPlan(ODefinition[] Definitions, ODefinition[] Others, OArrival[][][] Histories, Dictionary<string, object?>[] Traits, Trouble Trouble, int Seed)
{
    /// <summary>Whether Iterable knows users by userId alone.</summary>
    public bool IsByUserId => Seed % 4 == 0;

    public int Days => Histories.Max(days => days.Length);

    public static Gen<WorldPlan> Gen(Trouble trouble, int persons, int days)
        => CsCheck.Gen.Select(
            OracleGen.Definitions, OracleGen.Definitions, OracleGen.History.Array[1, days].Array[1, persons], OracleGen.Traits.Array[1, 6], CsCheck.Gen.Int[0, 1_000_000],
            (definitions, others, histories, traits, seed) => new WorldPlan(definitions, others, histories, traits, trouble, seed));

    /// <summary>For a test's report.</summary>
    public override string ToString()
    {
        var text = new OracleText(Seed);
        return $"Seed {Seed}, {Histories.Length} persons, {Days} days\n{string.Join('\n', Definitions.Concat(Others).Select(definition => $"{definition.Key}: {text.Write(definition)}"))}";
    }
}
