namespace IterableFunctions.Personas.Evaluation;

/// <summary>The state of a leaf without a window: one aggregate over everything.</summary>
internal sealed class Lifetime : IFoldedEvents
{
    private readonly Leaf _leaf;
    private readonly Accumulator _total;

    public Lifetime(Leaf leaf, ReadOnlyMemory<byte> content)
    {
        _leaf = leaf;
        _total = Accumulator.For(leaf.Reducer);
        if (!content.IsEmpty)
            Join(content);
    }

    public bool NeedsRows => false;

    public bool HasContent { get; private set; }

    public void Add(ProfileEvent e) => HasContent |= _leaf.AddTo(_total, e);

    public void Join(ReadOnlyMemory<byte> content)
    {
        var reader = new StateReader(content.Span);
        _total.Merge(ref reader);
        HasContent = true;
    }

    public void Write(StateWriter writer) => _total.Write(writer);
}
