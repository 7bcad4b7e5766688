using System.Text;
using System.Text.Json;

namespace IterableFunctions.Personas.Queries;

/// <summary>
/// The way to a value inside properties, context or traits. A dot walks into an object; <c>\.</c>, <c>\\</c> and
/// <c>\$</c> are the characters themselves; a step that is a bare <c>$</c> means every element of an array.
/// </summary>
public sealed class FieldPath : IEquatable<FieldPath>
{
    private readonly Step[] _steps;

    private FieldPath(string text, Step[] steps)
    {
        Text = text;
        _steps = steps;
        HasEach = Array.Exists(steps, step => step.IsEach);
    }

    /// <summary>The canonical spelling, escapes included.</summary>
    public string Text { get; }

    /// <summary>Whether the path has a <c>$</c> and can find several values.</summary>
    public bool HasEach { get; }

    /// <summary>The first step's name: the trait's name when the path is a trait's.</summary>
    public string Head => _steps[0].Name;

    /// <summary>Whether the path is one name, so that it can name a definition.</summary>
    public bool IsSingle => _steps.Length == 1;

    /// <summary>Reads a path; null when a step has no name.</summary>
    public static FieldPath? TryParse(string text)
    {
        var steps = new List<Step>();
        var name = new StringBuilder();
        var escaped = false;
        for (var i = 0; i <= text.Length; i++)
        {
            if (i == text.Length || text[i] == '.')
            {
                if (name.Length == 0)
                    return null;
                steps.Add(new Step(name.ToString(), IsEach: !escaped && name is { Length: 1 } && name[0] == '$'));
                name.Clear();
                escaped = false;
            }
            else if (text[i] == '\\' && i + 1 < text.Length && text[i + 1] is '.' or '\\' or '$')
            {
                name.Append(text[++i]);
                escaped = true;
            }
            else
            {
                name.Append(text[i]);
            }
        }
        if (steps[0].IsEach)
            return null;
        return new(string.Join('.', steps.Select(Spell)), [.. steps]);
    }

    /// <summary>The value at the path; undefined when something on the way is missing or not an object.</summary>
    public JsonElement Find(JsonElement root)
    {
        foreach (var step in _steps)
        {
            if (!step.TryEnter(root, out root))
                return default;
        }
        return root;
    }

    /// <summary>Every value that is not null at the path, in array order. <paramref name="root"/> holds the head; see <see cref="FindAllBelowHead"/> for traits.</summary>
    public void FindAll(JsonElement root, List<Value> into) => Collect(root, 0, into);

    /// <summary>As <see cref="FindAll"/> with the head's value already found.</summary>
    internal void FindAllBelowHead(JsonElement head, List<Value> into) => Collect(head, 1, into);

    /// <summary>As <see cref="Find"/> with the head's value already found.</summary>
    internal JsonElement FindBelowHead(JsonElement head)
    {
        foreach (var step in _steps.AsSpan(1))
        {
            if (!step.TryEnter(head, out head))
                return default;
        }
        return head;
    }

    public bool Equals(FieldPath? other) => other is not null && string.Equals(Text, other.Text, StringComparison.Ordinal);

    public override bool Equals(object? obj) => Equals(obj as FieldPath);

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    public override string ToString() => Text;

    private void Collect(JsonElement element, int at, List<Value> into)
    {
        if (at == _steps.Length)
        {
            if (Value.From(element) is { IsNull: false } value)
                into.Add(value);
        }
        else if (_steps[at].IsEach)
        {
            if (element.ValueKind is not JsonValueKind.Array)
                return;
            foreach (var item in element.EnumerateArray())
                Collect(item, at + 1, into);
        }
        else if (_steps[at].TryEnter(element, out var next))
        {
            Collect(next, at + 1, into);
        }
    }

    private static string Spell(Step step)
    {
        if (step.IsEach)
            return "$";
        if (step.Name is "$")
            return "\\$";
        return step.Name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(".", "\\.", StringComparison.Ordinal);
    }

    private sealed record Step(string Name, bool IsEach)
    {
        private readonly byte[] _utf8 = Encoding.UTF8.GetBytes(Name);

        public bool TryEnter(JsonElement element, out JsonElement inner)
        {
            inner = default;
            try
            {
                return element.ValueKind is JsonValueKind.Object && element.TryGetProperty(_utf8, out inner);
            }
            catch (InvalidOperationException)
            {
                // A name beside it holds half a surrogate pair.
                return false;
            }
        }
    }
}
