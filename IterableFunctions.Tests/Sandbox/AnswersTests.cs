using IterableFunctions.LocalHost.Sandbox;
using static IterableFunctions.LocalHost.Sandbox.SandboxProjectType;

namespace IterableFunctions.Tests.Sandbox;

/// <summary>One call after some others, its answer, and where Iterable documents it.</summary>
public sealed record AnswerCase(string Name, string Source, SandboxProjectType Project, string Call, int Status, string? Code)
{
    /// <summary>Calls before, all of which must succeed: <c>METHOD path body</c>.</summary>
    public string[] Given { get; init; } = [];

    /// <summary>What <c>params</c> must hold: a key, and its text.</summary>
    public (string Key, string Value)? Params { get; init; }

    public override string ToString() => $"{Name} ({Source})";
}

public class AnswersTests
{
    private const string Update = "Iterable API docs, POST /api/users/update";
    private const string UpdateEmail = "Iterable API docs, POST /api/users/updateEmail";
    private const string Merge = "Iterable API docs, POST /api/users/merge";
    private const string Forget = "Iterable API docs, POST /api/users/forget";
    private const string Track = "Iterable API docs, POST /api/events/track";
    private const string TrackBulk = "Iterable API docs, POST /api/events/trackBulk";
    private const string BulkUpdate = "Iterable API docs, POST /api/users/bulkUpdate";
    private const string Purchase = "Iterable API docs, POST /api/commerce/trackPurchase";
    private const string Item = "Iterable API docs, CommerceItem";
    private const string Cart = "Iterable API docs, POST /api/commerce/updateCart";
    private const string Codes = "Iterable help, API Response Codes";
    private const string Types = "Iterable help, Field Data Types";
    private const string ProjectTypes = "Iterable help, Project Types and Unique Identifiers";
    private const string Creating = "Iterable help, Creating and Identifying Users";
    private const string GetUser = "Iterable API docs, GET /api/users/{email} and /byUserId";
    private const string DeleteUser = "Iterable API docs, DELETE /api/users/{email} and /byUserId/{userId}";
    private const string GetEvents = "Iterable API docs, GET /api/events/{email} and /byUserId/{userId}";
    private const string SegmentDocs = "Segment docs, Iterable (Actions) destination";
    private const string OwnClient = "Iterable's TypeScript client, error tests";
    private const string GoClient = "Block's client iterable-go";

    private const string Ann = "POST users/update {'email':'ann@example.com','userId':'u1','dataFields':{'visits':1,'plan':'pro'}}";
    private const string Ben = "POST users/update {'email':'ben@example.com','userId':'u2'}";
    private const string ForgetAnn = "POST users/forget {'email':'ann@example.com'}";

    public static TheoryData<AnswerCase> Cases() =>
    [
        // Bodies that cannot be read
        new("a body that is no JSON", Codes, Hybrid, "POST users/update {'email':", 400, "BadJsonBody"),
        new("no body at all", Codes, Hybrid, "POST users/update ", 400, "BadJsonBody"),
        new("a body that is no object", Codes, Hybrid, "POST users/update []", 400, "BadJsonBody") { Params = ("obj", "Object value expected") },
        new("half of a surrogate pair", Codes, Hybrid, @"POST users/update {'email':'a@b.co','dataFields':{'x':'\ud800'}}", 400, "BadJsonBody"),
        new("an email that is a number", Update, Hybrid, "POST users/update {'email':5}", 400, "BadJsonBody") { Params = ("obj.email", "String value expected") },
        new("dataFields that are an array", Update, Hybrid, "POST users/update {'email':'a@b.co','dataFields':[]}", 400, "BadJsonBody") { Params = ("obj.dataFields", "Object value expected") },
        new("mergeNestedObjects that is a string", Update, Hybrid, "POST users/update {'email':'a@b.co','mergeNestedObjects':'true'}", 400, "BadJsonBody") { Params = ("obj.mergeNestedObjects", "Boolean value expected") },
        new("a wrong type inside a bulk call names the index", BulkUpdate, Hybrid, "POST users/bulkUpdate {'users':[{'email':'a@b.co'},{'email':'b@b.co','preferUserId':'yes'}]}", 400, "BadJsonBody") { Params = ("obj.users[1].preferUserId", "Boolean value expected") },
        new("a bulk call without users", BulkUpdate, Hybrid, "POST users/bulkUpdate {}", 400, "BadJsonBody") { Params = ("obj.users", "Field is required") },
        new("createdAt that is a string", Track, Hybrid, "POST events/track {'email':'a@b.co','eventName':'E','createdAt':'2026-01-01'}", 400, "BadJsonBody") { Params = ("obj.createdAt", "Long value expected") },
        new("an event without a name", Track, Hybrid, "POST events/track {'email':'a@b.co'}", 400, "BadJsonBody") { Params = ("obj.eventName", "Field is required") },
        new("a bulk event without a name", TrackBulk, Hybrid, "POST events/trackBulk {'events':[{'email':'a@b.co','eventName':'E'},{'email':'a@b.co'}]}", 400, "BadJsonBody") { Params = ("obj.events[1].eventName", "Field is required") },

        // Purchases and carts
        new("a purchase", Purchase, Hybrid, "POST commerce/trackPurchase {'user':{'email':'a@b.co'},'items':[{'id':'1','name':'n','price':1.5,'quantity':1}],'total':1.5}", 200, "Success"),
        new("a purchase without items in it", Purchase, Hybrid, "POST commerce/trackPurchase {'user':{'email':'a@b.co'},'items':[],'total':0}", 200, "Success"),
        new("a purchase without total", Purchase, Hybrid, "POST commerce/trackPurchase {'user':{'email':'a@b.co'},'items':[]}", 400, "BadJsonBody") { Params = ("obj.total", "Field is required") },
        new("a purchase whose total is a string", Purchase, Hybrid, "POST commerce/trackPurchase {'user':{'email':'a@b.co'},'items':[],'total':'9.5'}", 400, "BadJsonBody") { Params = ("obj.total", "Number value expected") },
        new("a purchase without a user", Purchase, Hybrid, "POST commerce/trackPurchase {'items':[],'total':1}", 400, "BadJsonBody") { Params = ("obj.user", "Field is required") },
        new("a purchase without items", Purchase, Hybrid, "POST commerce/trackPurchase {'user':{'email':'a@b.co'},'total':1}", 400, "BadJsonBody") { Params = ("obj.items", "Field is required") },
        new("a purchase whose campaignId is no 32-bit integer", Purchase, Hybrid, "POST commerce/trackPurchase {'user':{'email':'a@b.co'},'items':[],'total':1,'campaignId':3000000000}", 400, "BadJsonBody") { Params = ("obj.campaignId", "Int value expected") },
        new("an item without id", Item, Hybrid, "POST commerce/updateCart {'user':{'email':'a@b.co'},'items':[{'name':'n','price':1,'quantity':1}]}", 400, "BadJsonBody") { Params = ("obj.items[0].id", "Field is required") },
        new("an item without name", Item, Hybrid, "POST commerce/updateCart {'user':{'email':'a@b.co'},'items':[{'id':'1','price':1,'quantity':1}]}", 400, "BadJsonBody") { Params = ("obj.items[0].name", "Field is required") },
        new("an item without price", Item, Hybrid, "POST commerce/updateCart {'user':{'email':'a@b.co'},'items':[{'id':'1','name':'n','quantity':1}]}", 400, "BadJsonBody") { Params = ("obj.items[0].price", "Field is required") },
        new("an item without quantity", Item, Hybrid, "POST commerce/updateCart {'user':{'email':'a@b.co'},'items':[{'id':'1','name':'n','price':1}]}", 400, "BadJsonBody") { Params = ("obj.items[0].quantity", "Field is required") },
        new("an item with half a quantity", Item, Hybrid, "POST commerce/updateCart {'user':{'email':'a@b.co'},'items':[{'id':'1','name':'n','price':1,'quantity':1.5}]}", 400, "BadJsonBody") { Params = ("obj.items[0].quantity", "Long value expected") },
        new("an item whose id is a number", Item, Hybrid, "POST commerce/updateCart {'user':{'email':'a@b.co'},'items':[{'id':1,'name':'n','price':1,'quantity':1}]}", 400, "BadJsonBody") { Params = ("obj.items[0].id", "String value expected") },
        new("an item whose categories are a string", Item, Hybrid, "POST commerce/updateCart {'user':{'email':'a@b.co'},'items':[{'id':'1','name':'n','price':1,'quantity':1,'categories':'Games'}]}", 400, "BadJsonBody") { Params = ("obj.items[0].categories", "Array of strings expected") },
        new("an item that is no object", Item, Hybrid, "POST commerce/updateCart {'user':{'email':'a@b.co'},'items':['x']}", 400, "BadJsonBody") { Params = ("obj.items[0]", "Object value expected") },
        new("a cart whose user is unknown in an email-based project by userId", Cart, Email, "POST commerce/updateCart {'user':{'userId':'u1'},'items':[]}", 400, "UnknownUserIdError"),
        new("a cart for two users at once", Cart, Hybrid, "POST commerce/updateCart {'user':{'email':'ann@example.com','userId':'u2'},'items':[]}", 409, "ExternalKeyConflict") { Given = [Ann, Ben] },
        new("a purchase for two users at once", Purchase, Hybrid, "POST commerce/trackPurchase {'user':{'email':'ann@example.com','userId':'u2'},'items':[],'total':1}", 409, "ExternalKeyConflict") { Given = [Ann, Ben] },
        new("a purchase of a forgotten user", Codes, Hybrid, "POST commerce/trackPurchase {'user':{'email':'ann@example.com'},'items':[],'total':1}", 400, "ForgottenUserError") { Given = [Ann, ForgetAnn] },
        new("a cart of a forgotten user", Codes, Hybrid, "POST commerce/updateCart {'user':{'userId':'u1'},'items':[]}", 400, "ForgottenUserError") { Given = [Ann, ForgetAnn] },

        // Identifiers
        new("neither email nor userId", Update, Hybrid, "POST users/update {'dataFields':{'a':1}}", 400, "BadParams"),
        new("null counts as absent", Update, Hybrid, "POST users/update {'email':'a@b.co','userId':null,'dataFields':null}", 200, "Success"),
        new("both null", Update, Hybrid, "POST users/update {'email':null,'userId':null}", 400, "BadParams"),
        new("an event for nobody", Track, Hybrid, "POST events/track {'eventName':'E'}", 400, "BadParams"),
        new("an email without domain", Codes, Hybrid, "POST users/update {'email':'ann'}", 400, "InvalidEmailAddressError"),
        new("an empty email", Codes, Hybrid, "POST users/update {'email':'','userId':'u1'}", 400, "InvalidEmailAddressError"),
        new("an email with a blank", Codes, Hybrid, "POST users/update {'email':'ann @example.com'}", 400, "InvalidEmailAddressError"),
        new("a malformed email in dataFields", "Iterable API docs, FailedUserUpdates", Hybrid, "POST users/update {'userId':'u1','dataFields':{'email':'ann@'}}", 400, "InvalidEmailAddressError"),
        new("an event with a malformed email", Codes, Hybrid, "POST events/track {'email':'@example.com','eventName':'E'}", 400, "InvalidEmailAddressError"),
        new("an empty userId", "Iterable API docs, FailedUserUpdates", Hybrid, "POST users/update {'userId':''}", 400, "InvalidUserIdError"),
        new("a userId with a trailing space", "Iterable API docs, FailedUserUpdates", Hybrid, "POST users/update {'userId':'u1 '}", 400, "InvalidUserIdError"),
        new("a userId that is not ASCII", "Iterable API docs, FailedUserUpdates", Hybrid, "POST users/update {'userId':'jürgen'}", 400, "InvalidUserIdError"),
        new("a userId with a line break", "Iterable API docs, FailedUserUpdates", Hybrid, @"POST users/update {'userId':'a\nb'}", 400, "InvalidUserIdError"),
        new("a userId of 52 characters", Creating, Hybrid, $"POST users/update {{'userId':'{new string('x', 52)}'}}", 200, "Success"),
        new("a userId of 53 characters", Creating, Hybrid, $"POST users/update {{'userId':'{new string('x', 53)}'}}", 400, "InvalidUserIdError"),

        // Who is meant, who is created
        new("email and userId of two users", Update, Hybrid, "POST users/update {'email':'ann@example.com','userId':'u2'}", 409, "ExternalKeyConflict") { Given = [Ann, Ben] },
        new("an email in dataFields that another user has", Update, Hybrid, "POST users/update {'userId':'u2','dataFields':{'email':'ann@example.com'}}", 409, "ExternalKeyConflict") { Given = [Ann, Ben] },
        new("a hybrid project creates by userId", ProjectTypes, Hybrid, "POST users/update {'userId':'new'}", 200, "Success"),
        new("a userId-based project creates by userId", ProjectTypes, UserId, "POST users/update {'userId':'new'}", 200, "Success"),
        new("a userId-based project is not addressed by email", ProjectTypes, UserId, "POST users/update {'email':'ann@example.com'}", 400, "BadParams"),
        new("a userId-based project takes no event by email", ProjectTypes, UserId, "POST events/track {'email':'ann@example.com','eventName':'E'}", 400, "BadParams"),
        new("an email-based project creates by email", Creating, Email, "POST users/update {'email':'new@example.com'}", 200, "Success"),
        new("an email-based project does not create by userId", Update, Email, "POST users/update {'userId':'new'}", 400, "UnknownUserIdError"),
        new("an email-based project creates by userId with preferUserId", Update, Email, "POST users/update {'userId':'new','preferUserId':true}", 200, "Success"),
        new("an event creates nobody in an email-based project", SegmentDocs, Email, "POST events/track {'email':'new@example.com','eventName':'E'}", 400, "UnknownEmailError"),
        new("an event by unknown userId in an email-based project", SegmentDocs, Email, "POST events/track {'userId':'new','eventName':'E'}", 400, "UnknownUserIdError"),
        new("an event creates the user in a hybrid project", SegmentDocs, Hybrid, "POST events/track {'userId':'new','eventName':'E'}", 200, "Success"),
        new("an event creates the user in a userId-based project", SegmentDocs, UserId, "POST events/track {'userId':'new','eventName':'E'}", 200, "Success"),

        // Types and limits of fields
        new("text in a field that holds whole numbers", Types, Hybrid, "POST users/update {'email':'ben@example.com','dataFields':{'visits':'one'}}", 400, "RequestFieldsTypesMismatched") { Given = [Ann] },
        new("a number in a field that holds text", Types, Hybrid, "POST users/update {'email':'ben@example.com','dataFields':{'plan':2}}", 400, "RequestFieldsTypesMismatched") { Given = [Ann] },
        new("a fraction in a field that holds whole numbers", Types, Hybrid, "POST users/update {'email':'ben@example.com','dataFields':{'visits':1.5}}", 400, "RequestFieldsTypesMismatched") { Given = [Ann] },
        new("types of events are per event name", Track, Hybrid, "POST events/track {'email':'a@b.co','eventName':'F','dataFields':{'n':'text'}}", 200, "Success") { Given = ["POST events/track {'email':'a@b.co','eventName':'E','dataFields':{'n':1}}"] },
        new("another type in an event of the same name", Track, Hybrid, "POST events/track {'email':'a@b.co','eventName':'E','dataFields':{'n':'text'}}", 400, "RequestFieldsTypesMismatched") { Given = ["POST events/track {'email':'a@b.co','eventName':'E','dataFields':{'n':1}}"] },
        new("another type in a purchase", Purchase, Hybrid, "POST commerce/trackPurchase {'user':{'email':'a@b.co'},'items':[],'total':1,'dataFields':{'coupon':5}}", 400, "RequestFieldsTypesMismatched") { Given = ["POST commerce/trackPurchase {'user':{'email':'a@b.co'},'items':[],'total':1,'dataFields':{'coupon':'x'}}"] },
        new("another type in the user of a purchase", Purchase, Hybrid, "POST commerce/trackPurchase {'user':{'email':'a@b.co','dataFields':{'visits':'one'}},'items':[],'total':1}", 400, "RequestFieldsTypesMismatched") { Given = [Ann] },
        new("another type in an item's dataFields", Cart, Hybrid, "POST commerce/updateCart {'user':{'email':'a@b.co'},'items':[{'id':'1','name':'n','price':1,'quantity':1,'dataFields':{'size':5}}]}", 400, "RequestFieldsTypesMismatched") { Given = ["POST commerce/updateCart {'user':{'email':'a@b.co'},'items':[{'id':'1','name':'n','price':1,'quantity':1,'dataFields':{'size':'L'}}]}"] },
        new("another type in the user of a cart", Cart, Hybrid, "POST commerce/updateCart {'user':{'email':'a@b.co','dataFields':{'visits':'one'}},'items':[]}", 400, "RequestFieldsTypesMismatched") { Given = [Ann] },
        new("one wrong type refuses a bulk update", GoClient, Hybrid, "POST users/bulkUpdate {'users':[{'email':'a@b.co','dataFields':{'visits':2}},{'email':'b@b.co','dataFields':{'visits':'two'}}]}", 400, "RequestFieldsTypesMismatched") { Given = [Ann] },
        new("one wrong type refuses a bulk of events", GoClient, Hybrid, "POST events/trackBulk {'events':[{'email':'a@b.co','eventName':'E','dataFields':{'n':1}},{'email':'a@b.co','eventName':'E','dataFields':{'n':'x'}}]}", 400, "RequestFieldsTypesMismatched"),

        // Events
        new("an event", Track, Hybrid, "POST events/track {'email':'a@b.co','eventName':'E','id':'m-1'}", 200, "Success") { Params = ("id", "m-1") },
        new("an id of 512 bytes", Track, Hybrid, $"POST events/track {{'email':'a@b.co','eventName':'E','id':'{new string('i', 512)}'}}", 200, "Success"),
        new("an id of 513 bytes", Track, Hybrid, $"POST events/track {{'email':'a@b.co','eventName':'E','id':'{new string('i', 513)}'}}", 400, "BadParams"),
        new("the limit of an id is in bytes", Track, Hybrid, $"POST events/track {{'email':'a@b.co','eventName':'E','id':'{new string('ü', 257)}'}}", 400, "BadParams"),
        new("a purchase id of 513 bytes", Purchase, Hybrid, $"POST commerce/trackPurchase {{'user':{{'email':'a@b.co'}},'items':[],'total':1,'id':'{new string('i', 513)}'}}", 400, "BadParams"),
        new("createdAt in milliseconds", Track, Hybrid, "POST events/track {'email':'a@b.co','eventName':'E','createdAt':1767225600000}", 400, "BadParams"),
        new("an event of a forgotten user", Codes, Hybrid, "POST events/track {'userId':'u1','eventName':'E'}", 400, "ForgottenUserError") { Given = [Ann, ForgetAnn] },

        // Forgetting, changing, merging, deleting
        new("an update of a forgotten user", Update, Hybrid, "POST users/update {'email':'Ann@Example.com'}", 409, "ForgottenUserError") { Given = [Ann, ForgetAnn] },
        new("forgetting by email forgets the userId too", Forget, Hybrid, "POST users/update {'userId':'u1'}", 409, "ForgottenUserError") { Given = [Ann, ForgetAnn] },
        new("an email-based project forgets by email only", Forget, Email, "POST users/forget {'userId':'u1'}", 400, "BadParams") { Given = [Ann] },
        new("a userId-based project forgets by userId only", Forget, UserId, "POST users/forget {'email':'ann@example.com'}", 400, "BadParams") { Given = [Ann] },
        new("a userId-based project forgets by userId", Forget, UserId, "POST users/update {'userId':'u1'}", 409, "ForgottenUserError") { Given = [Ann, "POST users/forget {'userId':'u1'}"] },
        new("forgetting somebody unknown", Forget, Hybrid, "POST users/forget {'email':'nobody@example.com'}", 200, "Success"),
        new("forgetting nobody", Forget, Hybrid, "POST users/forget {}", 400, "BadParams"),
        new("a new email", UpdateEmail, Email, "POST users/updateEmail {'currentEmail':'ann@example.com','newEmail':'anna@example.com'}", 200, "Success") { Given = [Ann] },
        new("a new email that exists", UpdateEmail, Email, "POST users/updateEmail {'currentEmail':'ann@example.com','newEmail':'ben@example.com'}", 400, "EmailAlreadyExists") { Given = [Ann, Ben] },
        new("a new email that is forgotten", UpdateEmail, Email, "POST users/updateEmail {'currentEmail':'ben@example.com','newEmail':'ann@example.com'}", 409, "ForgottenUserError") { Given = [Ann, Ben, ForgetAnn] },
        new("a new email that is malformed", UpdateEmail, Email, "POST users/updateEmail {'currentEmail':'ann@example.com','newEmail':'anna'}", 400, "InvalidEmailAddressError") { Given = [Ann] },
        new("a new email for somebody unknown", Codes, Email, "POST users/updateEmail {'currentEmail':'nobody@example.com','newEmail':'anna@example.com'}", 400, "UnknownEmailError"),
        new("a new email for an unknown userId", Codes, Email, "POST users/updateEmail {'currentUserId':'nobody','newEmail':'anna@example.com'}", 400, "UnknownUserIdError"),
        new("a new email for nobody", UpdateEmail, Email, "POST users/updateEmail {'newEmail':'anna@example.com'}", 400, "BadParams"),
        new("updateEmail without newEmail", UpdateEmail, Email, "POST users/updateEmail {'currentEmail':'ann@example.com'}", 400, "BadJsonBody") { Params = ("obj.newEmail", "Field is required") },
        new("updateEmail in a hybrid project", UpdateEmail, Hybrid, "POST users/updateEmail {'currentEmail':'ann@example.com','newEmail':'anna@example.com'}", 400, "BadParams") { Given = [Ann] },
        new("a merge of an unknown source", Merge, Hybrid, "POST users/merge {'sourceEmail':'nobody@example.com','destinationEmail':'ann@example.com'}", 400, "UnknownEmailError") { Given = [Ann] },
        new("a merge of an unknown source by userId", Merge, Hybrid, "POST users/merge {'sourceUserId':'nobody','destinationEmail':'ann@example.com'}", 400, "UnknownUserIdError") { Given = [Ann] },
        new("a merge with two sources", Merge, Hybrid, "POST users/merge {'sourceEmail':'a@b.co','sourceUserId':'u1','destinationEmail':'ann@example.com'}", 400, "BadParams") { Given = [Ann] },
        new("a merge without destination", Merge, Hybrid, "POST users/merge {'sourceEmail':'ann@example.com'}", 400, "BadParams") { Given = [Ann] },
        new("a merge into itself", Merge, Hybrid, "POST users/merge {'sourceEmail':'ann@example.com','destinationUserId':'u1'}", 400, "BadParams") { Given = [Ann] },
        new("a merge of a malformed email", Codes, Hybrid, "POST users/merge {'sourceEmail':'ann','destinationUserId':'u1'}", 400, "InvalidEmailAddressError") { Given = [Ann] },
        new("a merge of a forgotten user", Merge, Hybrid, "POST users/merge {'sourceEmail':'ben@example.com','destinationEmail':'ann@example.com'}", 409, "ForgottenUserError") { Given = [Ann, Ben, ForgetAnn] },
        new("arrayMerge of a field that is no array", "Iterable API docs, ArrayMerge", Hybrid, "POST users/merge {'sourceEmail':'ann@example.com','destinationEmail':'ben@example.com','arrayMerge':[{'field':'plan'}]}", 400, "BadParams") { Given = [Ann, Ben] },
        new("a deletion by email", DeleteUser, Hybrid, "DELETE users/ann%40example.com", 200, "Success") { Given = [Ann] },
        new("a deletion by userId", DeleteUser, Hybrid, "DELETE users/byUserId/u1", 200, "Success") { Given = [Ann] },
        new("a deletion of nobody", DeleteUser, Hybrid, "DELETE users/byUserId/nobody", 400, "BadParams"),
        new("a deletion by email in a userId-based project", DeleteUser, UserId, "DELETE users/ann@example.com", 400, "BadParams") { Given = [Ann] },
        new("a deleted user may come back", DeleteUser, Hybrid, "POST users/update {'email':'ann@example.com'}", 200, "Success") { Given = [Ann, "DELETE users/ann@example.com"] },

        // Bulk
        new("a bulk item without identifiers", BulkUpdate, Hybrid, "POST users/bulkUpdate {'users':[{'email':'a@b.co'},{'dataFields':{}}]}", 400, "BadParams") { Params = ("obj.users[1]", "email or userId is required") },
        new("a bulk event without identifiers", TrackBulk, Hybrid, "POST events/trackBulk {'events':[{'eventName':'E'}]}", 400, "BadParams") { Params = ("obj.events[0]", "email or userId is required") },
        new("a bulk event with an id that is too long", TrackBulk, Hybrid, $"POST events/trackBulk {{'events':[{{'email':'a@b.co','eventName':'E','id':'{new string('i', 513)}'}}]}}", 400, "BadParams"),

        // Reading
        new("an unknown email is an empty answer", GetUser + "; Iterable's TypeScript client", Hybrid, "GET users/nobody@example.com", 200, null),
        new("an unknown userId", GoClient, Hybrid, "GET users/byUserId/nobody", 400, "error.users.noUserWithIdExists"),
        new("getByEmail without email", GetUser, Hybrid, "GET users/getByEmail", 400, "BadParams"),
        new("byUserId without userId", GetUser, Hybrid, "GET users/byUserId", 400, "BadParams"),
        new("more events than 200", GetEvents, Hybrid, "GET events/ann@example.com?limit=201", 400, "BadParams"),
        new("events of nobody", GetEvents, Hybrid, "GET events/byUserId/nobody", 200, null),
        new("webhooks, by which a key is tested", "Iterable API docs, GET /api/webhooks", Hybrid, "GET webhooks", 200, null),
        new("a path that is no endpoint", OwnClient, Hybrid, "GET campaigns/999", 404, null),
        new("an endpoint with the wrong method", OwnClient, Hybrid, "GET users/update/x", 404, null),
    ];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Answers_as_documented_and_a_refusal_changes_nothing(AnswerCase row)
    {
        await using var server = await SandboxServer.StartAsync(new SandboxOptions { ApiKey = SandboxServer.Key, ProjectType = row.Project, RateLimits = false });
        foreach (var given in row.Given)
            Assert.Equal(200, (await SendAsync(server, given)).Status);
        var before = await ContentAsync(server);

        var reply = await SendAsync(server, row.Call);

        Assert.Equal((row.Status, row.Code), (reply.Status, reply.Code));
        if (row.Params is var (key, value))
            Assert.Equal(value, (string?)reply.Params?[key]);
        Assert.Equal((row.Status != 200, row.Status), (server.Sandbox.Calls[^1].Refused, server.Sandbox.Calls[^1].Status));
        if (row.Status != 200)
        {
            Assert.False(server.Sandbox.Calls[^1].TookEffect);
            Assert.Equal(before, await ContentAsync(server));
        }
    }

    [Fact]
    public async Task A_wrong_type_is_explained_field_by_field()
    {
        // Iterable help, Field Data Types; the shape is a recorded answer in the tests of Block's client iterable-go.
        await using var server = await SandboxServer.StartAsync();
        await server.PostAsync("users/update", "{'email':'ann@example.com','dataFields':{'signup_at':'2026-04-13'}}");

        var reply = await server.PostAsync("users/update", "{'email':'ann@example.com','dataFields':{'signup_at':'2020-04-13 14:04:09.000'}}");

        Assert.Equal(
            """{"sandbox_etl:::signup_at":{"incomingTypes":["string","keyword"],"expectedType":"date","category":"user","offendingValue":"2020-04-13 14:04:09.000","_type":"UnexpectedType"}}""",
            reply.Params!["validationErrors"]!.ToJsonString());
    }

    [Fact]
    public async Task Too_many_fields_are_refused_with_the_limit_and_the_new_ones()
    {
        // Iterable API docs, POST /api/users/update: "a soft limit (default: 1,000) on the number of unique fields".
        await using var server = await SandboxServer.StartAsync(new SandboxOptions { ApiKey = SandboxServer.Key, ProfileFieldLimit = 8, RateLimits = false });

        var reply = await server.PostAsync("users/update", "{'email':'ann@example.com','dataFields':{'a':{'b':1},'c':1}}");

        Assert.Equal("UniqueFieldsLimitExceeded", reply.Code);
        Assert.Equal("""{"limit":8,"requestedTotal":9,"newFields":["a","a.b","c"]}""", reply.Params!.ToJsonString());
    }

    [Theory]
    [InlineData("Api-Key", SandboxServer.Key, 200)]
    [InlineData("Api_Key", SandboxServer.Key, 200)]
    [InlineData("api_key", SandboxServer.Key, 200)]
    [InlineData("Api-Key", "another", 401)]
    [InlineData("Api-Key", null, 401)]
    public async Task The_key_is_checked(string header, string? key, int status)
    {
        // Iterable help, Getting Started with Iterable's API (the header); API Response Codes (BadApiKey).
        await using var server = await SandboxServer.StartAsync();

        var reply = await server.SendAsync(HttpMethod.Post, "users/update", "{'email':'ann@example.com'}", key, header);

        Assert.Equal(status, reply.Status);
        Assert.Equal(status == 200 ? "Success" : "BadApiKey", reply.Code);
        if (status == 401)
            Assert.Equal("/api/users/update", (string?)reply.Params!["endpoint"]);
    }

    [Theory]
    [InlineData(4_000_000, 200)]
    [InlineData(4_000_001, 413)]
    public async Task A_body_has_at_most_4_MB(int bytes, int status)
    {
        // Iterable API docs, POST /api/users/bulkUpdate: "Max size of request body: 4MB". The 413: Block's client iterable-go.
        await using var server = await SandboxServer.StartAsync();
        const string body = "{'users':[]}";

        var reply = await server.PostAsync("users/bulkUpdate", body + new string(' ', bytes - body.Length));

        Assert.Equal(status, reply.Status);
    }

    [Theory]
    [InlineData("users/bulkUpdate", "users", "{'email':'a@b.co'}")]
    [InlineData("events/trackBulk", "events", "{'email':'a@b.co','eventName':'E'}")]
    public async Task A_batch_has_at_most_a_thousand_items(string endpoint, string list, string item)
    {
        // Iterable help, API Response Codes: BatchTooLarge. The number is what careful clients keep to.
        await using var server = await SandboxServer.StartAsync();
        string Body(int items) => $"{{'{list}':[{string.Join(',', Enumerable.Repeat(item, items))}]}}";

        Assert.Equal(1_000, (int)(await server.PostAsync(endpoint, Body(1_000))).Json!["successCount"]!);
        Assert.Equal((400, "BatchTooLarge"), await server.PostAsync(endpoint, Body(1_001)) is var reply ? (reply.Status, reply.Code) : default);
    }

    private static async Task<string> ContentAsync(SandboxServer server)
    {
        var state = await server.Client.GetStringAsync("/sandbox/state?full");
        return state[state.IndexOf("\"allUsers\"", StringComparison.Ordinal)..] + string.Join(' ', server.Sandbox.Read(project => project.ProfileFields.Fields.ToArray()));
    }

    private static Task<Reply> SendAsync(SandboxServer server, string call)
    {
        var parts = call.Split(' ', 3);
        return server.SendAsync(new HttpMethod(parts[0]), parts[1], parts.Length > 2 ? parts[2] : null);
    }
}
