using System.Globalization;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Azure;
using Azure.Data.Tables;
using IterableFunctions.Delivering;
using Microsoft.Extensions.Options;

namespace IterableFunctions.Storage;

/// <summary>
/// The table <c>DeadLetters</c>: PartitionKey the day of the first attempt, RowKey its time inverted (newest first) and a hash of the call, so that a letter that is written
/// again after a crash replaces itself.
/// </summary>
public sealed class DeadLetterTable(TableServiceClient tables, IOptions<StorageOptions> options)
{
    private readonly TableClient _table = Table.Of(tables, options.Value, "DeadLetters");

    /// <summary>Keeps a call that was given up.</summary>
    /// <exception cref="RequestFailedException">Storage did not take it.</exception>
    public async Task<DeadLetter> AddAsync(PendingCall call, DeadLetterReason reason, string code, string message, DateTime lastAttempt, CancellationToken cancellation)
    {
        var letter = new DeadLetter(IdOf(call), reason, code, message, lastAttempt, call);
        await PutAsync(letter, cancellation);
        return letter;
    }

    /// <inheritdoc cref="AddAsync"/>
    public async Task PutAsync(DeadLetter letter, CancellationToken cancellation)
    {
        var (day, row) = Key(letter.Id)!.Value;
        var entity = new TableEntity(day, row);
        var json = JsonSerializer.SerializeToUtf8Bytes(letter, AppJson.Default.DeadLetter);
        Chunks.Write(entity, "Letter", json);
        await _table.WritingAsync(() => _table.UpsertEntityAsync(entity, TableUpdateMode.Replace, cancellation), cancellation);
    }

    public async Task<DeadLetter?> FindAsync(string id, CancellationToken cancellation)
    {
        if (Key(id) is not { } key)
            return null;
        try
        {
            var entity = await _table.GetEntityIfExistsAsync<TableEntity>(key.Day, key.Row, cancellationToken: cancellation);
            return entity.HasValue ? Read(entity.Value!) : null;
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    public async Task DeleteAsync(string id, CancellationToken cancellation)
    {
        if (Key(id) is not { } key)
            return;
        try
        {
            await _table.DeleteEntityAsync(key.Day, key.Row, cancellationToken: cancellation);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            // Gone, as it should be.
        }
    }

    /// <summary>The letters that a filter takes, newest first over all days.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="after">The id behind which to go on; null from the start.</param>
    /// <param name="cancellation">Ends the search.</param>
    public async IAsyncEnumerable<DeadLetter> QueryAsync(DeadLetterFilter filter, string? after, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var from = after is null ? null : Key(after);
        foreach (var day in await DaysAsync(filter, from?.Day, cancellation))
        {
            var query = TableClient.CreateQueryFilter($"PartitionKey eq {day}");
            if (from is { } key && key.Day == day)
                query += " and " + TableClient.CreateQueryFilter($"RowKey gt {key.Row}");
            await foreach (var entity in _table.QueryAsync<TableEntity>(query, cancellationToken: cancellation))
            {
                if (Read(entity) is { } letter && filter.Takes(letter))
                    yield return letter;
            }
        }
    }

    /// <summary>The days that have letters, newest first. A look at keys only, each day's first row at a time.</summary>
    private async Task<IReadOnlyList<string>> DaysAsync(DeadLetterFilter filter, string? newest, CancellationToken cancellation)
    {
        await _table.CreateIfNotExistsAsync(cancellation);
        if (filter.Day is { } only)
            return [DayKey(only)];
        var days = new List<string>();
        for (var last = ""; ;)
        {
            var query = TableClient.CreateQueryFilter($"PartitionKey gt {last}");
            string? next = null;
            await foreach (var entity in _table.QueryAsync<TableEntity>(query, maxPerPage: 1, select: ["PartitionKey"], cancellationToken: cancellation))
            {
                next = entity.PartitionKey;
                break;
            }

            if (next is null)
                break;
            days.Add(last = next);
        }

        days.Reverse();
        return newest is null ? days : days.FindAll(day => string.CompareOrdinal(day, newest) <= 0);
    }

    private static DeadLetter? Read(TableEntity entity) => JsonSerializer.Deserialize(Chunks.Read(entity, "Letter"), AppJson.Default.DeadLetter);

    private static string IdOf(PendingCall call)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{call.Endpoint}\n{call.MessageId}\n{call.Body.GetRawText()}"));
        return $"{DayKey(DateOnly.FromDateTime(call.FirstAttempt))}-{DateTime.MaxValue.Ticks - call.FirstAttempt.Ticks:D19}-{Convert.ToHexStringLower(hash.AsSpan(0, 8))}";
    }

    private static string DayKey(DateOnly day) => day.ToString("yyyyMMdd", CultureInfo.InvariantCulture);

    /// <summary>Where an id points to; null for what is no id of ours.</summary>
    private static (string Day, string Row)? Key(string id)
        => id.Length == 45 && id[8] == '-' && id[28] == '-' && id.All(c => char.IsAsciiHexDigitLower(c) || c == '-') ? (id[..8], id[9..]) : null;
}
