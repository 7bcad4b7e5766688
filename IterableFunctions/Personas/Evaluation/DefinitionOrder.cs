namespace IterableFunctions.Personas.Evaluation;

/// <summary>Puts definitions into an order in which every one comes after those it refers to.</summary>
internal static class DefinitionOrder
{
    /// <param name="keys">All keys.</param>
    /// <param name="references">The keys that a definition refers to.</param>
    /// <exception cref="DefinitionException">Definitions refer to one another in a circle.</exception>
    public static List<string> Sort(IEnumerable<string> keys, Func<string, IEnumerable<string>> references)
    {
        var ordered = new List<string>();
        var done = new HashSet<string>(StringComparer.Ordinal);
        var path = new List<string>();
        foreach (var key in keys)
        {
            // A walk with its own stack: a chain of references may be as long as the list of definitions.
            var walk = new Stack<(string Key, IEnumerator<string> References)>();
            Enter(key);
            while (walk.TryPeek(out var top))
            {
                if (top.References.MoveNext())
                {
                    Enter(top.References.Current);
                    continue;
                }
                walk.Pop();
                path.RemoveAt(path.Count - 1);
                done.Add(top.Key);
                ordered.Add(top.Key);
            }

            void Enter(string next)
            {
                if (done.Contains(next))
                    return;
                var at = path.IndexOf(next);
                if (at >= 0)
                    throw new DefinitionException(path[^1], $"definitions may not refer to one another in a circle: {string.Join(" → ", path.Skip(at).Append(next))}");
                path.Add(next);
                walk.Push((next, references(next).GetEnumerator()));
            }
        }
        return ordered;
    }
}
