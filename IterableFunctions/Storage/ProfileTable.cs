using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Personas.Profiles;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Storage;

/// <summary>A profile's document as it stands in storage.</summary>
/// <param name="Profile">The profile's id.</param>
/// <param name="Document">The document.</param>
/// <param name="ETag">Under which it is replaced; null for one that is not there yet.</param>
public sealed record StoredProfile(string Profile, ProfileDocument Document, ETag? ETag);

/// <summary>How a write into a profile ended.</summary>
public enum CommitResult
{
    Committed,

    /// <summary>The document has changed since it was read: read it again.</summary>
    Stale,

    /// <summary>A row was there already: a message that has been folded, or a document where there was none.</summary>
    Exists,

    /// <summary>More than a transaction takes, 4 MB, or an entity, 1 MB: try less at once.</summary>
    TooLarge,
}

/// <summary>
/// The table <c>Profiles</c>: PartitionKey the profile's id; a row for the document, one for every message that has been folded, one for every event. Nothing is written into a
/// partition but together with its document, under the ETag at which it was read: so a document that is sealed or deleted keeps everything out.
/// </summary>
public sealed class ProfileTable(TableServiceClient tables, IOptions<StorageOptions> options)
{
    /// <summary>Operations in one transaction of Azure's.</summary>
    public const int LargestTransaction = 100;

    /// <summary>Rows in one answer of Azure's.</summary>
    public const int LargestPage = 1000;

    private const string Document = "Document";
    private const string EventKey = "Event";
    private const string Time = "Time";

    private readonly TableClient _table = Table.Of(tables, options.Value, "Profiles");

    /// <summary>One transaction.</summary>
    public async Task<StoredProfile?> FindAsync(string profile, CancellationToken cancellation)
    {
        var row = await _table.GetEntityIfExistsAsync<TableEntity>(profile, Keys.Document, cancellationToken: cancellation);
        return row.HasValue ? new(profile, ProfileFormat.Read(Chunks.Read(row.Value!, Document)), row.Value!.ETag) : null;
    }

    /// <summary>The profile that one leads to by now: itself, or what it was merged into. Null where it was never written.</summary>
    public async Task<StoredProfile?> FindEndAsync(string profile, CancellationToken cancellation)
    {
        var stored = await FindAsync(profile, cancellation);
        while (stored is { Document: { Kind: ProfileKind.Redirect } document })
            stored = await FindAsync(document.RedirectTo!, cancellation);
        return stored;
    }

    /// <summary>The time, UTC ticks, of a message as it was folded into a profile; null if it was not. One transaction.</summary>
    public async Task<long?> FindSeenAsync(string profile, string messageId, CancellationToken cancellation)
        => await _table.GetEntityIfExistsAsync<TableEntity>(profile, Keys.Seen(messageId), [Time], cancellation) is { HasValue: true, Value: var row } ? row!.GetInt64(Time) : null;

    /// <summary>Writes a document over the one that was read, or a new one, with the rows of what was folded into it: all or nothing, in one transaction.</summary>
    /// <param name="before">The document as it was read.</param>
    /// <param name="after">The document to write.</param>
    /// <param name="folded">Messages that were folded into it; each once.</param>
    /// <param name="cancellation">Ends the wait, not the write.</param>
    /// <returns>How it ended, and the document as it stands now if it did.</returns>
    public async Task<(CommitResult Result, StoredProfile? Stored)> CommitAsync(StoredProfile before, ProfileDocument after, IReadOnlyList<ProfileMessage> folded, CancellationToken cancellation)
    {
        var (document, bytes) = ProfileFold.Fit(after);
        var entity = new TableEntity(before.Profile, Keys.Document);
        Chunks.Write(entity, Document, bytes);
        List<TableTransactionAction> actions = [before.ETag is { } etag ? new(TableTransactionActionType.UpdateReplace, entity, etag) : new(TableTransactionActionType.Add, entity)];
        foreach (var message in folded)
        {
            var row = message.Event is null ? null : EventRow(before.Profile, message, document.Folds);
            actions.Add(new(TableTransactionActionType.Add, SeenRow(before.Profile, Keys.Seen(message.MessageId), message.Timestamp.Ticks, row?.RowKey)));
            if (row is not null)
                actions.Add(new(TableTransactionActionType.Add, row));
        }

        var (result, written) = await SubmitAsync(actions, cancellation);
        return (result, written is null ? null : new(before.Profile, document, written));
    }

    /// <summary>What has been folded into a profile: first the events, in pages that a transaction can move, then the other messages.</summary>
    public async IAsyncEnumerable<IReadOnlyList<FoldedRow>> FoldedPagesAsync(string profile, [EnumeratorCancellation] CancellationToken cancellation)
    {
        const int PageSize = (LargestTransaction / 2) - 1;
        await foreach (var events in PagesAsync(profile, Keys.FirstEvent, Keys.BehindEvents, PageSize, cancellation))
            yield return [.. events.Select(e => new FoldedRow(SeenRow(profile, Keys.Seen(e.GetString("MessageId")), e.GetInt64(Time)!.Value, e.RowKey), e))];
        await foreach (var seen in PagesAsync(profile, Keys.FirstSeen, Keys.BehindSeen, PageSize, cancellation))
            yield return [.. seen.Select(row => new FoldedRow(row, null))];
    }

    /// <summary>
    /// Copies what was folded into another profile into this one, message row and event row together; all or nothing. The event counts as one of the fold that ends the merge.
    /// </summary>
    public async Task<(CommitResult Result, StoredProfile? Stored)> CopyAsync(StoredProfile into, IReadOnlyList<FoldedRow> rows, CancellationToken cancellation)
    {
        // Touches the document and changes nothing of it.
        List<TableTransactionAction> actions = [new(TableTransactionActionType.UpdateMerge, new TableEntity(into.Profile, Keys.Document), into.ETag!.Value)];
        foreach (var row in rows)
        {
            actions.Add(new(TableTransactionActionType.Add, SeenRow(into.Profile, row.Seen.RowKey, row.Seen.GetInt64(Time)!.Value, row.Seen.GetString(EventKey))));
            if (row.Event is not null)
                actions.Add(new(TableTransactionActionType.Add, new TableEntity(row.Event) { PartitionKey = into.Profile, ["Fold"] = into.Document.Folds + 1 }));
        }

        var (result, written) = await SubmitAsync(actions, cancellation);
        return (result, written is null ? null : into with { ETag = written });
    }

    /// <summary>Deletes rows that were copied.</summary>
    public Task DeleteAsync(IReadOnlyList<FoldedRow> rows, CancellationToken cancellation)
        => DeleteAsync([.. rows.SelectMany(row => row.Event is null ? [row.Seen] : new[] { row.Event, row.Seen })], cancellation);

    /// <summary>Deletes all rows of a profile but its document.</summary>
    public async Task DeleteRowsAsync(string profile, CancellationToken cancellation)
    {
        var query = TableClient.CreateQueryFilter($"PartitionKey eq {profile} and RowKey ne {Keys.Document}");
        await foreach (var page in _table.QueryAsync<TableEntity>(query, LargestTransaction, ["PartitionKey", "RowKey"], cancellation).AsPages())
            await DeleteAsync(page.Values, cancellation);
    }

    /// <summary>An event of a profile. One transaction. Null where there is none.</summary>
    public async Task<ProfileEvent?> FindEventAsync(string profile, RecentEvent e, CancellationToken cancellation)
    {
        var row = await _table.GetEntityIfExistsAsync<TableEntity>(profile, Keys.Event(e.Name, e.Time, e.MessageId), cancellationToken: cancellation);
        return row.HasValue ? ReadEvent(row.Value!) : null;
    }

    /// <summary>Events of one name, by time.</summary>
    /// <param name="profile">The profile's id.</param>
    /// <param name="name">The events' name.</param>
    /// <param name="from">UTC ticks of the first that matters.</param>
    /// <param name="foldedAfter">The number of the fold behind which rows matter; -1 for all.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public async IAsyncEnumerable<(ProfileEvent Event, long Fold)> EventsAsync(string profile, string name, long from, long foldedAfter, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var query = TableClient.CreateQueryFilter($"PartitionKey eq {profile} and RowKey ge {Keys.EventsFrom(name, from)} and RowKey lt {Keys.BehindEventsOf(name)}");
        if (foldedAfter >= 0)
            query += TableClient.CreateQueryFilter($" and Fold gt {foldedAfter}");
        await foreach (var row in _table.QueryAsync<TableEntity>(query, LargestPage, cancellationToken: cancellation))
            yield return (ReadEvent(row), row.GetInt64("Fold") ?? 0);
    }

    /// <summary>Every event of a profile, in no order that means anything.</summary>
    public async IAsyncEnumerable<ProfileEvent> EventsAsync(string profile, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var query = TableClient.CreateQueryFilter($"PartitionKey eq {profile} and RowKey ge {Keys.FirstEvent} and RowKey lt {Keys.BehindEvents}");
        await foreach (var row in _table.QueryAsync<TableEntity>(query, cancellationToken: cancellation))
            yield return ReadEvent(row);
    }

    private async Task<(CommitResult Result, ETag? Document)> SubmitAsync(List<TableTransactionAction> actions, CancellationToken cancellation)
    {
        try
        {
            var response = await _table.WritingAsync(() => _table.SubmitTransactionAsync(actions, cancellation), cancellation);
            return (CommitResult.Committed, response.Value[0].Headers.ETag);
        }
        catch (RequestFailedException e) when (e.Status is 404 or 412)
        {
            return (CommitResult.Stale, null);
        }
        catch (RequestFailedException e) when (e.Status == 409)
        {
            return (CommitResult.Exists, null);
        }
        catch (RequestFailedException e) when (e.Status == 413 || e.ErrorCode == "EntityTooLarge")
        {
            return (CommitResult.TooLarge, null);
        }
    }

    private async IAsyncEnumerable<IReadOnlyList<TableEntity>> PagesAsync(string profile, string from, string behind, int pageSize, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var query = TableClient.CreateQueryFilter($"PartitionKey eq {profile} and RowKey ge {from} and RowKey lt {behind}");
        await foreach (var page in _table.QueryAsync<TableEntity>(query, pageSize, cancellationToken: cancellation).AsPages())
        {
            if (page.Values.Count > 0)
                yield return page.Values;
        }
    }

    private async Task DeleteAsync(IReadOnlyList<TableEntity> rows, CancellationToken cancellation)
    {
        if (rows.Count == 0)
            return;
        try
        {
            await _table.SubmitTransactionAsync(rows.Select(row => new TableTransactionAction(TableTransactionActionType.Delete, row, ETag.All)), cancellation);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            // Another has begun with them.
            foreach (var row in rows)
                await _table.DeleteEntityAsync(row, ETag.All, cancellation);
        }
    }

    private static TableEntity SeenRow(string profile, string key, long time, string? eventKey)
    {
        var row = new TableEntity(profile, key) { [Time] = time };
        if (eventKey is not null)
            row[EventKey] = eventKey;
        return row;
    }

    private static TableEntity EventRow(string profile, ProfileMessage message, long fold)
    {
        var row = new TableEntity(profile, Keys.Event(message.Event!, message.Timestamp.Ticks, message.MessageId))
        {
            ["Name"] = message.Event,
            ["MessageId"] = message.MessageId,
            [Time] = message.Timestamp.Ticks,
            ["Fold"] = fold,
        };
        if (message.Source is not null)
            row["Source"] = message.Source;
        if (message.Properties is { } properties)
            Chunks.Write(row, "Properties", Bytes(properties));
        if (message.Context is { } context)
            Chunks.Write(row, "Context", Bytes(context));
        return row;
    }

    /// <summary>As it came: with escapes it could be three times as large, and an entity holds 1 MB.</summary>
    private static byte[] Bytes(JsonElement json) => Encoding.UTF8.GetBytes(json.GetRawText());

    private static ProfileEvent ReadEvent(TableEntity row) => new()
    {
        Name = row.GetString("Name"),
        MessageId = row.GetString("MessageId"),
        Timestamp = row.GetInt64(Time)!.Value,
        Source = row.GetString("Source"),
        Properties = Json(Chunks.Read(row, "Properties")),
        Context = Json(Chunks.Read(row, "Context")),
    };

    private static JsonElement Json(byte[] bytes) => bytes.Length == 0 ? default : JsonSerializer.Deserialize(bytes, AppJson.Default.JsonElement);
}

/// <summary>A message that has been folded: its row, and its event's if it is one.</summary>
public sealed record FoldedRow(TableEntity Seen, TableEntity? Event);
