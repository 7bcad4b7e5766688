using System.Text;
using IterableFunctions.Segment;

namespace IterableFunctions.Iterable.Mapping;

/// <summary>Whom a message is about, and how Iterable is told.</summary>
public readonly struct Recipient
{
    private readonly JsonPart _userId;
    private readonly JsonPart _email;
    private readonly IterableOptions _options;

    private Recipient(JsonPart userId, JsonPart email, IterableOptions options)
    {
        _userId = userId;
        _email = email;
        _options = options;
    }

    /// <summary>The userId, exactly as sent. Null if there is none.</summary>
    public string? UserId => _userId.IsNothing ? null : _userId.ToString();

    /// <summary>The email, blanks around it cut off. Null if there is none.</summary>
    public string? Email => _email.IsMissing ? null : Encoding.UTF8.GetString(EmailText);

    /// <summary>In a userId-based project the userId alone addresses, and the email is one field among others.</summary>
    public bool EmailIsAField => _options.ProjectType == ProjectType.UserId;

    private ReadOnlySpan<byte> EmailText => _email.Text.Trim(" \t\r\n"u8);

    /// <summary>
    /// Reads userId and email where Segment's classic destinations look for the email: an identify in its traits; track, page and screen in
    /// <c>context.traits</c>, then in their properties; all of them last in a userId that is an email itself.
    /// </summary>
    public static Recipient Of(SegmentMessage message, IterableOptions options)
    {
        var email = message.Type == MessageType.Identify
            ? FirstEmail(message.Traits)
            : FirstEmail(message.Context["traits"u8]) is { IsMissing: false } found ? found : FirstEmail(message.Properties);
        if (email.IsMissing && LooksLikeEmail(message.UserId))
            email = message.UserId;
        return new(message.UserId, email, options);
    }

    /// <summary>Why Iterable could not be told whom this is about; null when it can.</summary>
    public Rejection? Check() => this switch
    {
        { EmailIsAField: true, _userId.IsNothing: true } => new("missing_identifier", "This Iterable project identifies users by userId. Send a \"userId\"."),
        { _userId.IsNothing: true, _email.IsMissing: true } => new("missing_identifier", "Must set either userId or email. Send a \"userId\", or an email in \"traits.email\" (identify), \"properties.email\" or \"context.traits.email\" (track, page, screen)."),
        _ => null,
    };

    /// <summary>The members <c>email</c> and <c>userId</c>, as far as they address the user.</summary>
    public void WriteAddress(JsonBody body)
    {
        if (!EmailIsAField && !_email.IsMissing)
        {
            body.Name("email"u8);
            body.String(EmailText);
        }

        if (_userId.IsNumber)
        {
            body.Name("userId"u8);
            body.String(_userId.Raw);
        }
        else if (!_userId.IsMissing)
        {
            body.Name("userId"u8);
            body.Raw(_userId.Raw);
        }
    }

    /// <summary>The member <c>preferUserId</c>, for calls that may create the user.</summary>
    public void WritePreference(JsonBody body)
    {
        if (_options is not { ProjectType: ProjectType.Email, PreferUserId: true })
            return;
        body.Name("preferUserId"u8);
        body.Raw("true"u8);
    }

    /// <summary>Whether <see cref="WriteEmailField"/> writes this member, so that it is not to be written twice.</summary>
    public bool Replaces(JsonPart.Member field) => EmailIsAField && !_email.IsMissing && field.NameIs("email"u8);

    /// <summary>The email as one field among others, where it does not address the user.</summary>
    /// <param name="body">Inside <c>dataFields</c>.</param>
    public void WriteEmailField(JsonBody body)
    {
        if (!EmailIsAField || _email.IsMissing)
            return;
        body.Name("email"u8);
        body.String(EmailText);
    }

    /// <summary>The user object of the commerce calls.</summary>
    public void WriteUser(JsonBody body)
    {
        body.Name("user"u8);
        body.StartObject();
        WriteAddress(body);
        WritePreference(body);
        if (EmailIsAField && !_email.IsMissing)
        {
            body.Name("dataFields"u8);
            body.StartObject();
            WriteEmailField(body);
            body.EndObject();
        }

        body.EndObject();
    }

    /// <summary>The first member that is called email, in any spelling, and holds something that can be one.</summary>
    private static JsonPart FirstEmail(JsonPart fields)
    {
        foreach (var field in fields.Members)
        {
            if (field.NameIsLoosely("email"u8) && field.Value.IsString && field.Value.Text.Contains((byte)'@'))
                return field.Value;
        }

        return default;
    }

    /// <summary>Something, an at sign, something, a dot, something: the test of Segment's classic destinations.</summary>
    private static bool LooksLikeEmail(JsonPart userId)
    {
        if (!userId.IsString)
            return false;
        var text = userId.Text;
        var at = text.IndexOf((byte)'@');
        if (at == 0)
            at = text[1..].IndexOf((byte)'@') + 1;
        return at > 0 && text.Length - at > 3 && text[(at + 2)..^1].Contains((byte)'.');
    }
}
