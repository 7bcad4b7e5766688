using System.Text.Json;

namespace IterableFunctions.LocalHost.Sandbox;

/// <summary>Refusals as answers to single calls: the status and code that Iterable documents for each reason.</summary>
internal static class Refusals
{
    /// <param name="refusal">Why.</param>
    /// <param name="forgottenStatus">
    /// 409 for <c>users/*</c>, where the API docs say "Contact is GDPR forgotten"; 400 elsewhere, where they list no such 409.
    /// </param>
    public static Answer Single(Refusal refusal, int forgottenStatus)
    {
        var (status, code, message) = refusal.Reason switch
        {
            RefusalReason.MissingIdentifier when refusal.Identifier.Length > 0 => (400, "BadParams", "This project identifies users by userId; provide one."),
            RefusalReason.MissingIdentifier => (400, "BadParams", "Provide email or userId."),
            RefusalReason.InvalidEmail => (400, "InvalidEmailAddressError", $"Invalid email: {refusal.Identifier}"),
            RefusalReason.InvalidUserId => (400, "InvalidUserIdError", $"Invalid userId: {refusal.Identifier}"),
            RefusalReason.Forgotten => (forgottenStatus, "ForgottenUserError", "This user has been forgotten and cannot be tracked."),
            // The docs give the status, "Email/userId conflict", and no code; of Iterable's codes this is the one for "id already used".
            RefusalReason.Conflict => (409, "ExternalKeyConflict", $"Another user has this email or userId: {refusal.Identifier}"),
            _ when refusal.IsEmail => (400, "UnknownEmailError", $"No user with email {refusal.Identifier}"),
            _ => (400, "UnknownUserIdError", $"No user with userId {refusal.Identifier}"),
        };
        return Answer.Refusal(status, code, message);
    }

    /// <summary>
    /// <c>RequestFieldsTypesMismatched</c> with <c>params.validationErrors</c>, in the shape of an error recorded at the real
    /// Iterable, or <c>UniqueFieldsLimitExceeded</c> with <c>limit</c>, <c>requestedTotal</c> and <c>newFields</c>.
    /// </summary>
    public static Answer? OfFields(FieldTypes schema, Admission admission)
    {
        if (admission.Check.Mismatches is { } mismatches)
        {
            return Answer.Refusal(400, "RequestFieldsTypesMismatched", $"Project sandbox: the type differs from the one sent before: {string.Join(", ", mismatches.Keys)}", json =>
            {
                json.WriteStartObject("validationErrors"u8);
                foreach (var (path, mismatch) in mismatches)
                    WriteMismatch(json, schema.Category, path, mismatch);
                json.WriteEndObject();
            });
        }
        if (admission.Check.New is { } added && schema.Count + added.Count > schema.Limit)
        {
            return Answer.Refusal(400, "UniqueFieldsLimitExceeded", $"The limit of {schema.Limit} unique fields would be exceeded.", json =>
            {
                json.WriteNumber("limit"u8, schema.Limit);
                json.WriteNumber("requestedTotal"u8, schema.Count + added.Count);
                json.WriteStartArray("newFields"u8);
                foreach (var path in added.Keys)
                    json.WriteStringValue(path);
                json.WriteEndArray();
            });
        }
        return null;
    }

    private static void WriteMismatch(Utf8JsonWriter json, string category, string path, TypeMismatch mismatch)
    {
        json.WriteStartObject($"sandbox_etl:::{path}");
        json.WriteStartArray("incomingTypes"u8);
        foreach (var type in FieldTypes.IncomingTypes(mismatch.Incoming))
            json.WriteStringValue(type);
        json.WriteEndArray();
        json.WriteString("expectedType"u8, FieldTypes.NameOf(mismatch.Expected));
        json.WriteString("category"u8, category);
        json.WriteString("offendingValue"u8, mismatch.Value);
        json.WriteString("_type"u8, "UnexpectedType"u8);
        json.WriteEndObject();
    }
}

/// <summary>
/// The answer to a bulk call: counts, and failures by identifier, never by index. An item sent with an email is named by
/// it, otherwise by its userId. Iterable API docs: UserBulkUpdateListResponse, BulkTrackResponse.
/// </summary>
internal sealed class BulkTally
{
    private readonly Lists _invalid = new(), _notFound = new(), _forgotten = new(), _conflict = new(), _invalidData = new();
    private readonly List<string> _disallowed = [];
    private readonly SortedSet<string> _created = new(StringComparer.Ordinal);
    private readonly SortedSet<string> _dropped = new(StringComparer.Ordinal);
    private int _succeeded;
    private int _failed;

    public void Succeed(Admission admission)
    {
        _succeeded++;
        if (admission.Check.New is { } added)
            _created.UnionWith(added.Keys);
        _dropped.UnionWith(admission.Dropped);
    }

    /// <param name="refusal">Why.</param>
    /// <param name="unknownIsInvalid">
    /// <c>bulkUpdate</c> has "not found" for list calls only; decided: a userId that names nobody is invalid there.
    /// </param>
    public void Fail(Refusal refusal, bool unknownIsInvalid)
    {
        _failed++;
        var lists = refusal.Reason switch
        {
            RefusalReason.Forgotten => _forgotten,
            RefusalReason.Conflict => _conflict,
            RefusalReason.Unknown when !unknownIsInvalid => _notFound,
            _ => _invalid,
        };
        lists.Of(refusal.IsEmail).Add(refusal.Identifier);
    }

    public void FailData(string identifier, bool isEmail)
    {
        _failed++;
        _invalidData.Of(isEmail).Add(identifier);
    }

    /// <summary>Decided: a disallowed event is a failed one, as nothing was updated. Its name stands once.</summary>
    public void Disallow(string eventName)
    {
        _failed++;
        if (!_disallowed.Contains(eventName))
            _disallowed.Add(eventName);
    }

    public Answer OfUsers() => Write(json =>
    {
        _conflict.Write(json, "conflictEmails", "conflictUserIds");
        _forgotten.Write(json, "forgottenEmails", "forgottenUserIds");
        _invalidData.Write(json, "invalidDataEmails", "invalidDataUserIds");
        _invalid.Write(json, "invalidEmails", "invalidUserIds");
        _notFound.Write(json, "notFoundEmails", "notFoundUserIds");
    }, events: false);

    public Answer OfEvents() => Write(json =>
    {
        _forgotten.Write(json, "forgottenEmails", "forgottenUserIds");
        _invalid.Write(json, "invalidEmails", "invalidUserIds");
        _notFound.Write(json, "notFoundEmails", "notFoundUserIds");
    }, events: true);

    private Answer Write(Action<Utf8JsonWriter> failures, bool events) => Answer.Of(json =>
    {
        json.WriteStartObject();
        json.WriteNumber("successCount"u8, _succeeded);
        json.WriteNumber("failCount"u8, _failed);
        Lists.Write(json, "createdFields", _created);
        Lists.Write(json, "filteredOutFields", _dropped);
        if (events)
            Lists.Write(json, "disallowedEventNames", _disallowed);
        _invalid.Write(json, "invalidEmails", "invalidUserIds");
        json.WriteStartObject("failedUpdates"u8);
        failures(json);
        json.WriteEndObject();
        json.WriteEndObject();
    }) with
    { Message = _failed == 0 ? null : $"{_failed} of {_succeeded + _failed} items failed" };

    private sealed class Lists
    {
        private readonly List<string> _emails = [];
        private readonly List<string> _userIds = [];

        public List<string> Of(bool email) => email ? _emails : _userIds;

        public void Write(Utf8JsonWriter json, string emails, string userIds)
        {
            Write(json, emails, _emails);
            Write(json, userIds, _userIds);
        }

        public static void Write(Utf8JsonWriter json, string name, IEnumerable<string> values)
        {
            json.WriteStartArray(name);
            foreach (var value in values)
                json.WriteStringValue(value);
            json.WriteEndArray();
        }
    }
}
