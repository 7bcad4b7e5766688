namespace IterableFunctions.Personas.Queries;

/// <summary>Something that has a value. A computed trait is one.</summary>
public abstract record Scalar
{
    /// <summary>The canonical text.</summary>
    public sealed override string ToString() => QueryPrinter.Print(this);
}

public sealed record Literal(Value Value) : Scalar;

/// <summary><c>trait('x')</c>: the definition with key x if there is one, else the custom trait x.</summary>
public sealed record TraitReference(FieldPath Path) : Scalar;

public enum FieldRoot
{
    Property,
    Context,
}

/// <summary><c>property('x')</c> or <c>context('x')</c> of the event at hand, or of the event around it.</summary>
public sealed record FieldReference(FieldRoot Root, FieldPath Path, bool OfParent) : Scalar;

/// <summary>Events brought down to one value.</summary>
public sealed record Reduction(EventStream Stream, Reducer Reducer) : Scalar;
