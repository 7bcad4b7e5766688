using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace IterableFunctions.LocalHost.Sandbox;

/// <summary>
/// The project's state and what each call does to it. Deterministic: the same calls with the same numbers and times lead to
/// the same state, which is what the journal relies on. Not thread-safe; <see cref="SandboxIterable"/> holds the lock.
/// </summary>
internal sealed class Project(SandboxOptions options)
{
    private readonly Dictionary<string, FieldTypes> _eventFields = new(StringComparer.Ordinal);

    public Users Users { get; } = new(options.ProjectType);

    public Events Events { get; } = new();

    public FieldTypes ProfileFields { get; } = WithIterablesOwn(new FieldTypes("user", options.ProfileFieldLimit));

    /// <summary>Data fields of purchases share one set of types: decided, as they share one event.</summary>
    public FieldTypes PurchaseFields { get; } = new("purchase", options.EventFieldLimit);

    /// <summary>Does what a call asks, or nothing and says why.</summary>
    /// <param name="operation">Which call.</param>
    /// <param name="request">What <see cref="BodyReader"/> made of its body, or a <see cref="Lookup"/>.</param>
    /// <param name="at">When it was received.</param>
    /// <param name="number">Its number; generated ids are made from it.</param>
    public Answer Apply(Operation operation, object request, DateTimeOffset at, long number) => (operation, request) switch
    {
        (Operation.UpdateUser, UserUpdate update) => UpdateUser(update, at, number),
        (Operation.BulkUpdateUsers, BulkUserUpdate bulk) => BulkUpdateUsers(bulk, at, number),
        (Operation.UpdateEmail, EmailChange change) => UpdateEmail(change, at),
        (Operation.MergeUsers, UserMerge merge) => MergeUsers(merge, at),
        (Operation.ForgetUser, UserToForget user) => Forget(user),
        (Operation.Track, EventToTrack tracked) => Track(tracked, at, number),
        (Operation.TrackBulk, BulkEvents bulk) => TrackBulk(bulk, at, number),
        (Operation.TrackPurchase, PurchaseToTrack purchase) => TrackPurchase(purchase, at, number),
        (Operation.UpdateCart, CartUpdate cart) => UpdateCart(cart, at, number),
        (Operation.GetUserByEmail, Lookup { Identifier: var email }) => GetUser(Users.ByEmail(email), email, byEmail: true),
        (Operation.GetUserByUserId, Lookup { Identifier: var userId }) => GetUser(Users.ByUserId(userId), userId, byEmail: false),
        (Operation.DeleteUserByEmail, Lookup { Identifier: { } email }) => Delete(email, byEmail: true),
        (Operation.DeleteUserByUserId, Lookup { Identifier: { } userId }) => Delete(userId, byEmail: false),
        (Operation.GetFields, _) => GetFields(),
        (Operation.GetEventsByEmail, Lookup lookup) => GetEvents(Users.ByEmail(lookup.Identifier), lookup.Limit),
        (Operation.GetEventsByUserId, Lookup lookup) => GetEvents(Users.ByUserId(lookup.Identifier), lookup.Limit),
        (Operation.GetWebhooks, _) => Answer.Of(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("webhooks"u8);
            json.WriteEndArray();
            json.WriteEndObject();
        }),
        _ => Answer.Page(404, "Action not found"),
    };

    private Answer UpdateUser(UserUpdate update, DateTimeOffset at, long number)
    {
        var resolution = Users.ForUpdate(update, number);
        if (resolution.Refusal is { } refusal)
            return Refusals.Single(refusal, forgottenStatus: 409);
        var admission = Admit(ProfileFields, update.DataFields, update.CreateNewFields);
        if (Refusals.OfFields(ProfileFields, admission) is { } refused)
            return refused;
        Write(resolution, admission, update.MergeNestedObjects, at);
        return Answer.Success("");
    }

    private Answer BulkUpdateUsers(BulkUserUpdate bulk, DateTimeOffset at, long number)
    {
        if (TooLarge(bulk.Users.Count) is { } tooLarge)
            return tooLarge;
        if (Anonymous("users", bulk.Users.Select(user => user.Email ?? user.UserId)) is { } anonymous)
            return anonymous;

        var tally = new BulkTally();
        if (options.BulkTypeMismatch == BulkTypeMismatch.RefusesTheCall)
        {
            var whole = new Admission(null, new(), []);
            var draft = new Dictionary<string, FieldType>(StringComparer.Ordinal);
            foreach (var user in bulk.Users)
                whole = whole.With(Admit(ProfileFields, user.DataFields, bulk.CreateNewFields, draft));
            if (Refusals.OfFields(ProfileFields, whole with { Check = whole.Check with { New = draft } }) is { } refused)
                return refused;
        }

        for (var i = 0; i < bulk.Users.Count; i++)
        {
            var user = bulk.Users[i];
            var resolution = Users.ForUpdate(user, number * 10_000 + i);
            if (resolution.Refusal is { } refusal)
            {
                tally.Fail(refusal, unknownIsInvalid: true);
                continue;
            }
            var admission = Admit(ProfileFields, user.DataFields, bulk.CreateNewFields);
            if (Refusals.OfFields(ProfileFields, admission) is not null)
            {
                tally.FailData(user.Email ?? user.UserId!, user.Email is not null);
                continue;
            }
            Write(resolution, admission, user.MergeNestedObjects, at);
            tally.Succeed(admission);
        }
        return tally.OfUsers();
    }

    private Answer UpdateEmail(EmailChange change, DateTimeOffset at)
    {
        // "Use this endpoint with email-based projects." Decided: the others refuse it.
        if (options.ProjectType != SandboxProjectType.Email)
            return Answer.Refusal(400, "BadParams", "users/updateEmail is for email-based projects. Use users/update instead.");
        if (change.CurrentEmail is null && change.CurrentUserId is null)
            return Answer.Refusal(400, "BadParams", "Provide currentEmail or currentUserId.");
        if (!Identifiers.IsEmail(change.NewEmail))
            return Refusals.Single(new(RefusalReason.InvalidEmail, change.NewEmail, IsEmail: true), 409);
        // "If you include both, currentEmail takes precedence."
        var byEmail = change.CurrentEmail is not null;
        var current = byEmail ? change.CurrentEmail! : change.CurrentUserId!;
        if (Users.IsForgottenEmail(change.NewEmail) || (byEmail && Users.IsForgottenEmail(current)))
            return Refusals.Single(new(RefusalReason.Forgotten, change.NewEmail, IsEmail: true), 409);
        var profile = byEmail ? Users.ByEmail(current) : Users.ByUserId(current);
        if (profile is null)
            return Refusals.Single(new(RefusalReason.Unknown, current, byEmail), 409);
        if (Users.ByEmail(change.NewEmail) is { } owner && owner != profile)
            return Answer.Refusal(400, "EmailAlreadyExists", $"A user with the email {change.NewEmail} exists already.");
        Users.SetEmail(profile, Identifiers.Normalize(change.NewEmail));
        profile.UpdatedAt = at;
        return Answer.Success("");
    }

    /// <summary>
    /// "Returns an error if source user does not exist in Iterable. Will update source user if destination user is not
    /// found." Decided, since the docs are silent: where both profiles have a field, the destination's value stays.
    /// </summary>
    private Answer MergeUsers(UserMerge merge, DateTimeOffset at)
    {
        if ((merge.SourceEmail is null) == (merge.SourceUserId is null) || (merge.DestinationEmail is null) == (merge.DestinationUserId is null))
            return Answer.Refusal(400, "BadParams", "Provide sourceEmail or sourceUserId, and destinationEmail or destinationUserId, but not both of either.");
        if ((Sandbox.Users.Malformed(merge.SourceEmail, merge.SourceUserId) ?? Sandbox.Users.Malformed(merge.DestinationEmail, merge.DestinationUserId)) is { } malformed)
            return Refusals.Single(malformed, 409);
        if (Users.IsForgottenEmail(merge.SourceEmail) || Users.IsForgottenUserId(merge.SourceUserId)
            || Users.IsForgottenEmail(merge.DestinationEmail) || Users.IsForgottenUserId(merge.DestinationUserId))
            return Refusals.Single(new(RefusalReason.Forgotten, "", IsEmail: true), 409);

        var source = merge.SourceEmail is { } email ? Users.ByEmail(email) : Users.ByUserId(merge.SourceUserId);
        if (source is null)
            return Refusals.Single(new(RefusalReason.Unknown, merge.SourceEmail ?? merge.SourceUserId!, merge.SourceEmail is not null), 409);
        var destination = merge.DestinationEmail is { } to ? Users.ByEmail(to) : Users.ByUserId(merge.DestinationUserId);
        if (destination == source)
            return Answer.Refusal(400, "BadParams", "Source and destination are the same user.");
        if (destination is null)
        {
            if (merge.DestinationEmail is not null)
                Users.SetEmail(source, Identifiers.Normalize(merge.DestinationEmail));
            else
                Users.SetUserId(source, merge.DestinationUserId);
            source.UpdatedAt = at;
            return Answer.Success("");
        }

        var arrays = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var array in merge.Arrays)
        {
            if (!TryJoin(source.Fields.GetValueOrDefault(array.Field), destination.Fields.GetValueOrDefault(array.Field), array.DedupeBy, out var joined))
                return Answer.Refusal(400, "BadParams", $"arrayMerge: {array.Field} is not an array, or dedupeBy meets items that are not objects.");
            if (joined is not null)
                arrays[array.Field] = joined;
        }
        foreach (var (field, value) in source.Fields)
            destination.Fields.TryAdd(field, value);
        foreach (var (field, value) in arrays)
            destination.Fields[field] = value;
        Events.MoveAll(source, destination);
        var (sourceEmail, sourceUserId) = (source.Email, source.UserId);
        Users.Remove(source);
        if (destination.Email is null)
            Users.SetEmail(destination, sourceEmail);
        if (destination.UserId is null)
            Users.SetUserId(destination, sourceUserId);
        destination.UpdatedAt = at;
        return Answer.Success("");
    }

    /// <summary>
    /// "In email-based projects, you must forget users by email. In userID-based projects … by userId. In hybrid projects …
    /// by either." Both identifiers of the user are forgotten with it.
    /// </summary>
    private Answer Forget(UserToForget user)
    {
        if (Sandbox.Users.Malformed(user.Email, user.UserId) is { } malformed)
            return Refusals.Single(malformed, 409);
        if ((options.ProjectType == SandboxProjectType.Email && user.Email is null) || (options.ProjectType == SandboxProjectType.UserId && user.UserId is null))
            return Answer.Refusal(400, "BadParams", $"This project forgets users by {(options.ProjectType == SandboxProjectType.Email ? "email" : "userId")}.");
        var profile = options.ProjectType switch
        {
            SandboxProjectType.Email => Users.ByEmail(user.Email),
            SandboxProjectType.UserId => Users.ByUserId(user.UserId),
            _ => Users.ByEmail(user.Email) ?? Users.ByUserId(user.UserId),
        };
        Users.Forget(user.Email, user.UserId);
        if (profile is not null)
        {
            Users.Forget(profile.Email, profile.UserId);
            Remove(profile);
        }
        return Answer.Success("");
    }

    private Answer Delete(string identifier, bool byEmail)
    {
        if (byEmail && options.ProjectType == SandboxProjectType.UserId)
            return Answer.Refusal(400, "BadParams", "In a userID-based project users are deleted by userId.");
        // "If multiple users share the same userId, they'll all be deleted."
        var profiles = byEmail ? Users.AllByEmail(identifier) : Users.AllByUserId(identifier);
        if (profiles.Count == 0)
            return Answer.Refusal(400, "BadParams", "User does not exist");
        foreach (var profile in profiles)
            Remove(profile);
        return Answer.Success("");
    }

    private Answer Track(EventToTrack tracked, DateTimeOffset at, long number)
    {
        if (Unfit(tracked, Place.Root) is { } unfit)
            return unfit;
        var resolution = Users.ForEvent(tracked.Email, tracked.UserId);
        if (resolution.Refusal is { } refusal)
            return Refusals.Single(refusal, forgottenStatus: 400);
        // Block's client: HTTP 200, no error, and only the message tells. Nothing is kept.
        if (options.DisallowedEventNames.Contains(tracked.Name))
            return Answer.Success($"Event {tracked.Name} is disallowed from tracking.");
        var fields = FieldsOf(tracked.Name);
        var admission = Admit(fields, tracked.DataFields, tracked.CreateNewFields);
        if (Refusals.OfFields(fields, admission) is { } refused)
            return refused;
        var id = Write(resolution, tracked, fields, admission, at, number, 0);
        return Answer.Success($"Event with id: {id} tracked.", json => json.WriteString("id"u8, id));
    }

    private Answer TrackBulk(BulkEvents bulk, DateTimeOffset at, long number)
    {
        if (TooLarge(bulk.Events.Count) is { } tooLarge)
            return tooLarge;
        if (Anonymous("events", bulk.Events.Select(item => item.Email ?? item.UserId)) is { } anonymous)
            return anonymous;
        // There is no list for events with bad data in the answer (FailedEventUpdates), so one of them refuses the call.
        var whole = new Admission(null, new(), []);
        var drafts = new Dictionary<string, Dictionary<string, FieldType>>(StringComparer.Ordinal);
        for (var i = 0; i < bulk.Events.Count; i++)
        {
            var item = bulk.Events[i];
            if (Unfit(item, new("obj.events", i)) is { } unfit)
                return unfit;
            if (!drafts.TryGetValue(item.Name, out var draft))
                drafts[item.Name] = draft = new(StringComparer.Ordinal);
            whole = whole.With(Admit(FieldsOf(item.Name), item.DataFields, item.CreateNewFields, draft));
        }
        foreach (var (name, draft) in drafts)
        {
            if (Refusals.OfFields(FieldsOf(name), whole with { Check = whole.Check with { New = draft } }) is { } refused)
                return refused;
        }

        var tally = new BulkTally();
        for (var i = 0; i < bulk.Events.Count; i++)
        {
            var item = bulk.Events[i];
            var resolution = Users.ForEvent(item.Email, item.UserId);
            if (resolution.Refusal is { } refusal)
            {
                tally.Fail(refusal, unknownIsInvalid: false);
            }
            else if (options.DisallowedEventNames.Contains(item.Name))
            {
                tally.Disallow(item.Name);
            }
            else
            {
                var fields = FieldsOf(item.Name);
                var admission = Admit(fields, item.DataFields, item.CreateNewFields);
                Write(resolution, item, fields, admission, at, number, i);
                tally.Succeed(admission);
            }
        }
        return tally.OfEvents();
    }

    /// <summary>
    /// "shoppingCartItems field on the user profile is cleared. User profile is also updated if it already exists (created
    /// otherwise) using the user request field."
    /// </summary>
    private Answer TrackPurchase(PurchaseToTrack purchase, DateTimeOffset at, long number)
    {
        if (UnfitId(purchase.Id) is { } badId)
            return badId;
        if (UnfitTime(purchase.CreatedAt) is { } badTime)
            return badTime;
        var resolution = Users.ForUpdate(purchase.User, number);
        if (resolution.Refusal is { } refusal)
            return Refusals.Single(refusal, forgottenStatus: 400);
        var ofUser = Admit(ProfileFields, purchase.User.DataFields, purchase.User.CreateNewFields);
        if (Refusals.OfFields(ProfileFields, ofUser) is { } badUser)
            return badUser;
        var ofPurchase = Admit(PurchaseFields, purchase.DataFields, createNewFields: null);
        if (Refusals.OfFields(PurchaseFields, ofPurchase) is { } badFields)
            return badFields;
        var draft = ofPurchase.Check.New ?? new(StringComparer.Ordinal);
        if (AdmitItems(PurchaseFields, purchase.Items, draft) is { } badItems)
            return badItems;

        var profile = Write(resolution, ofUser, purchase.User.MergeNestedObjects, at);
        profile.Fields.Remove("shoppingCartItems");
        PurchaseFields.Add(draft);
        var id = purchase.Id ?? GeneratedId(number, 0);
        var stored = Events.Upsert(id, isPurchase: true, profile);
        stored.CreatedAt = TimeOf(purchase.CreatedAt) ?? at;
        stored.ReceivedAt = at;
        stored.DataFields = Raw(ofPurchase.Fields);
        stored.Items = Raw(purchase.Items);
        stored.Total = purchase.Total;
        stored.CampaignId = purchase.CampaignId;
        stored.TemplateId = purchase.TemplateId;
        return Answer.Success("", json => json.WriteString("id"u8, id));
    }

    private Answer UpdateCart(CartUpdate cart, DateTimeOffset at, long number)
    {
        var resolution = Users.ForUpdate(cart.User, number);
        if (resolution.Refusal is { } refusal)
            return Refusals.Single(refusal, forgottenStatus: 400);
        var admission = Admit(ProfileFields, cart.User.DataFields, cart.User.CreateNewFields);
        if (Refusals.OfFields(ProfileFields, admission) is { } badUser)
            return badUser;
        var draft = admission.Check.New ?? new(StringComparer.Ordinal);
        if (AdmitItems(ProfileFields, cart.Items, draft) is { } badItems)
            return badItems;
        var profile = Write(resolution, admission, cart.User.MergeNestedObjects, at);
        ProfileFields.Add(draft);
        // An empty cart is a cart: Segment sends it when the last product is removed.
        profile.Fields["shoppingCartItems"] = Raw(cart.Items)!;
        return Answer.Success("");
    }

    /// <summary>
    /// Not found is not uniform: Iterable's own client takes a 200 without <c>user</c> for it, Block's the code
    /// <c>error.users.noUserWithIdExists</c>. Decided: the first by email, the second (as a 400) by userId.
    /// </summary>
    private static Answer GetUser(Profile? profile, string? identifier, bool byEmail)
    {
        if (string.IsNullOrEmpty(identifier))
            return Answer.Refusal(400, "BadParams", $"Missing parameter: {(byEmail ? "email" : "userId")}");
        if (profile is null && !byEmail)
            return Answer.Refusal(400, "error.users.noUserWithIdExists", "No user with this userId exists.", json => json.WriteString("userId"u8, identifier));
        return Answer.Of(json =>
        {
            json.WriteStartObject();
            if (profile is not null)
            {
                json.WritePropertyName("user"u8);
                Views.WriteUser(json, profile);
            }
            json.WriteEndObject();
        });
    }

    private Answer GetFields() => Answer.Of(json =>
    {
        json.WriteStartObject();
        json.WriteStartObject("fields"u8);
        foreach (var (path, type) in ProfileFields.Fields.OrderBy(field => field.Key, StringComparer.Ordinal))
            json.WriteString(path, FieldTypes.NameOf(type));
        json.WriteEndObject();
        json.WriteEndObject();
    });

    /// <summary>"The number of events to retrieve. (Max is 200)", default 30. Newest first; an unknown user has none.</summary>
    private static Answer GetEvents(Profile? profile, int? limit)
    {
        if (limit is < 1 or > 200)
            return Answer.Refusal(400, "BadParams", "limit must be between 1 and 200");
        return Answer.Of(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("events"u8);
            foreach (var stored in Views.NewestFirst(profile?.Events ?? []).Take(limit ?? 30))
                Views.WriteEvent(json, stored);
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    private Profile Write(Resolution resolution, Admission admission, bool mergeNestedObjects, DateTimeOffset at)
    {
        var profile = Users.Commit(resolution, at);
        if (admission.Fields is { } fields)
            profile.Write(fields, mergeNestedObjects);
        ProfileFields.Add(admission.Check.New);
        return profile;
    }

    private string Write(Resolution resolution, EventToTrack tracked, FieldTypes fields, Admission admission, DateTimeOffset at, long number, int index)
    {
        var profile = resolution.Profile ?? Users.Commit(resolution, at);
        fields.Add(admission.Check.New);
        var id = tracked.Id ?? GeneratedId(number, index);
        var stored = Events.Upsert(id, isPurchase: false, profile);
        stored.Name = tracked.Name;
        stored.CreatedAt = TimeOf(tracked.CreatedAt) ?? at;
        stored.ReceivedAt = at;
        stored.DataFields = Raw(admission.Fields);
        stored.CampaignId = tracked.CampaignId;
        stored.TemplateId = tracked.TemplateId;
        return id;
    }

    private void Remove(Profile profile)
    {
        Events.RemoveAll(profile);
        Users.Remove(profile);
    }

    private FieldTypes FieldsOf(string eventName)
    {
        ref var fields = ref CollectionsMarshal.GetValueRefOrAddDefault(_eventFields, eventName, out _);
        return fields ??= new FieldTypes("customEvent", options.EventFieldLimit);
    }

    /// <summary>Checks data fields against a schema; unknown ones are dropped first if the call or the project says so.</summary>
    private Admission Admit(FieldTypes schema, JsonElement? dataFields, bool? createNewFields, Dictionary<string, FieldType>? draft = null)
    {
        if (dataFields is not { } fields)
            return new(null, new(), []);
        List<string> dropped = [];
        if (!(createNewFields ?? options.CreateNewFields))
            fields = schema.Filter(fields, dropped);
        var check = schema.Check(fields, draft);
        if (draft is not null && check is { New: { } added, Mismatches: null })
        {
            foreach (var (path, type) in added)
                draft.TryAdd(path, type);
        }
        return new(fields, check, dropped);
    }

    /// <summary>
    /// The custom data of commerce items, typed as <c>shoppingCartItems.dataFields.…</c>. The items' own fields have the
    /// types that the API gives them, and are checked by <see cref="BodyReader"/>.
    /// </summary>
    private static Answer? AdmitItems(FieldTypes schema, JsonElement items, Dictionary<string, FieldType> draft)
    {
        foreach (var item in items.EnumerateArray())
        {
            if (!item.TryGetProperty("dataFields", out var fields) || fields.ValueKind != JsonValueKind.Object)
                continue;
            var check = schema.CheckAt("shoppingCartItems.dataFields", fields, draft);
            foreach (var (path, type) in check.New ?? [])
                draft.TryAdd(path, type);
            if (Refusals.OfFields(schema, new(fields, check with { New = draft }, [])) is { } refused)
                return refused;
        }
        return null;
    }

    private Answer? TooLarge(int items) => items <= options.BulkItemLimit
        ? null
        : Answer.Refusal(400, "BatchTooLarge", $"A batch holds at most {options.BulkItemLimit} items; this one has {items}.");

    /// <summary>
    /// An item without any identifier cannot be named in <c>failedUpdates</c>. Decided: it refuses the call, which names the
    /// index as <c>BadJsonBody</c> does.
    /// </summary>
    private static Answer? Anonymous(string list, IEnumerable<string?> identifiers)
    {
        var index = 0;
        foreach (var identifier in identifiers)
        {
            if (identifier is null)
                return Answer.Refusal(400, "BadParams", $"Provide email or userId: {list}[{index}] has neither.", json => json.WriteString($"obj.{list}[{index}]", "email or userId is required"));
            index++;
        }
        return null;
    }

    private static Answer? Unfit(EventToTrack tracked, Place place) => tracked.Name.Length == 0
        ? Answer.Refusal(400, "BadParams", $"{place}.eventName is empty.")
        : UnfitId(tracked.Id) ?? UnfitTime(tracked.CreatedAt);

    private static Answer? UnfitId(string? id) => id is null || (id.Length > 0 && Encoding.UTF8.GetByteCount(id) <= Events.LongestId)
        ? null
        : Answer.Refusal(400, "BadParams", $"An id has 1 to {Events.LongestId} bytes.");

    /// <summary>
    /// "Expects a Unix timestamp", which is in seconds. Milliseconds seem to pass at the real one, but nobody documents it;
    /// decided: what is no date before the year 5000 when read as seconds is refused, so that a mistaken unit shows.
    /// </summary>
    private static Answer? UnfitTime(long? seconds) => seconds is null or (> -62_135_596_800 and < 95_617_584_000)
        ? null
        : Answer.Refusal(400, "BadParams", "createdAt is not a Unix timestamp in seconds.");

    private static DateTimeOffset? TimeOf(long? seconds) =>
        seconds is { } value ? DateTimeOffset.FromUnixTimeSeconds(value) : null;

    private static string GeneratedId(long number, int index) =>
        string.Create(CultureInfo.InvariantCulture, $"{number:x16}{index:x4}");

    private static byte[]? Raw(JsonElement? value) => value is { } element ? JsonMarshal.GetRawUtf8Value(element).ToArray() : null;

    /// <summary>Fields that every project has, with their types: Iterable's help, "User Profile Fields Used by Iterable".</summary>
    private static FieldTypes WithIterablesOwn(FieldTypes fields)
    {
        fields.Add(
        [
            new("email", FieldType.Text),
            new("userId", FieldType.Text),
            new("phoneNumber", FieldType.Text),
            new("signupDate", FieldType.Date),
            new("signupSource", FieldType.Text),
            new("profileUpdatedAt", FieldType.Date),
        ]);
        return fields;
    }

    /// <summary>
    /// Appends the source's array to the destination's. A source object is left out when the destination has one with the
    /// same value in <paramref name="dedupeBy"/> (Iterable API docs, ArrayMerge).
    /// </summary>
    private static bool TryJoin(byte[]? source, byte[]? destination, string? dedupeBy, out byte[]? joined)
    {
        joined = null;
        if (source is null)
            return true;
        var from = JsonNode.Parse(source) as JsonArray;
        var to = destination is null ? [] : JsonNode.Parse(destination) as JsonArray;
        if (from is null || to is null)
            return false;
        var known = new HashSet<string>(StringComparer.Ordinal);
        if (dedupeBy is not null)
        {
            if (from.Concat(to).Any(item => item is not JsonObject))
                return false;
            known.UnionWith(to.Select(item => item![dedupeBy]?.ToJsonString()).OfType<string>());
        }
        foreach (var item in from)
        {
            if (dedupeBy is null || item![dedupeBy]?.ToJsonString() is not { } key || !known.Contains(key))
                to.Add(item?.DeepClone());
        }
        joined = JsonSerializer.SerializeToUtf8Bytes(to);
        return true;
    }
}

/// <summary>Data fields as they would be written, and what that would mean for the schema.</summary>
/// <param name="Fields">Null when none came.</param>
/// <param name="Dropped">Paths that were left out because new fields are not to be created.</param>
internal readonly record struct Admission(JsonElement? Fields, SchemaCheck Check, List<string> Dropped)
{
    /// <summary>Collects the mismatches of several items.</summary>
    public Admission With(Admission next)
    {
        if (next.Check.Mismatches is not { } mismatches)
            return this;
        var all = Check.Mismatches ?? new(StringComparer.Ordinal);
        foreach (var (path, mismatch) in mismatches)
            all.TryAdd(path, mismatch);
        return this with { Check = Check with { Mismatches = all } };
    }
}
