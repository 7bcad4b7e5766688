using IterableFunctions.Iterable.Limits;
using IterableFunctions.Personas.Evaluation;
using IterableFunctions.Tests.Personas.Profiles;
using IterableFunctions.Tests.Personas.Recording;
using IterableFunctions.Tests.Sandbox;
using Microsoft.Extensions.Time.Testing;
using Rec = IterableFunctions.Personas.Recording.Recording;

namespace IterableFunctions.Tests.Personas.Sync;

/// <summary>What audiences cost in storage transactions as messages arrive.</summary>
public sealed class SyncCostTests(OwnAzuriteFixture azurite) : IClassFixture<OwnAzuriteFixture>
{
    [Fact]
    public async Task Change_of_membership_costs_an_acknowledgement_and_an_index_row_and_what_changes_none_costs_nothing()
    {
        await azurite.ClearAsync();
        await using var sandbox = await SandboxServer.StartAsync();
        using var store = new Store(azurite.ConnectionString, AzuriteFixture.Unique("t"), sandbox, new FakeTimeProvider(new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero)));
        await store.CreateAsync();
        await store.SaveAsync(new() { Key = "pro", Kind = DefinitionKind.Audience, Name = "Pro", Query = "trait('plan') = 'pro'", SendTrack = true });
        // The first call of a process looks whether the key is refused.
        await RecordAsync(store, "m-0", "pro");
        await RecordAsync(store, "m-1", "free");

        Assert.Equal(1, await RecordAsync(store, "m-2", "free"));
        Assert.Equal(3, await RecordAsync(store, "m-3", "pro"));
        Assert.Equal(1, await RecordAsync(store, "m-4", "pro"));
        Assert.Equal(3, await RecordAsync(store, "m-5", "free"));

        Assert.Equal("false", Assert.Single(sandbox.Sandbox.Users).DataFields["pro"]!.ToJsonString());
    }

    /// <returns>Table transactions.</returns>
    private static async Task<int> RecordAsync(Store store, string messageId, string plan)
    {
        store.Wire.Reset();
        var recorded = Assert.IsType<Rec.Recorded>(await store.RecordAsync(Message.Identify(messageId, "u:ann", $"\"plan\":\"{plan}\"", $"2026-03-01T10:00:0{messageId[^1]}Z")));
        await store.FollowUp.FinishAsync(recorded, Urgency.Live, TimeSpan.FromSeconds(3), default);
        Assert.Equal(0, store.Wire.Queues);
        return store.Wire.Tables;
    }
}
