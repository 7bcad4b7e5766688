metadata description = 'The function app and what it needs: two storage accounts, a key vault, telemetry, and one identity that may do exactly what the app does.'

@description('Makes names unique.')
param token string
param location string
param tags object
@secure()
param iterableApiKey string
@secure()
param segmentSharedSecret string
@secure()
param segmentWriteKey string
@secure()
param iterableWebhookSecret string
param iterableDataCenter string
param iterableProjectType string
param segmentBaseUrl string
param storageSku string
param maximumInstanceCount int
param instanceMemoryMB int
param alwaysReadyHttpInstances int
param traceShare string
param telemetryRetentionDays int

var packages = 'packages'

// ---- Who the app is -----------------------------------------------------------------------------------------------

// User-assigned, so that its roles stand before the app starts for the first time.
resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: 'id-${token}'
  location: location
  tags: tags
}

// ---- Storage ------------------------------------------------------------------------------------------------------

// The host's: its leases and keys, the deployed package, and the queues that it scales by.
resource hostStorage 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: 'sthost${token}'
  location: location
  tags: tags
  sku: { name: storageSku }
  kind: 'StorageV2'
  properties: {
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }

  resource blobs 'blobServices' = {
    name: 'default'

    resource container 'containers' = {
      name: packages
    }
  }
}

// The data's: the tables, with everything that is known about persons.
resource dataStorage 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: 'stdata${token}'
  location: location
  tags: tags
  sku: { name: storageSku }
  kind: 'StorageV2'
  properties: {
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }
}

// ---- Secrets ------------------------------------------------------------------------------------------------------

resource vault 'Microsoft.KeyVault/vaults@2023-07-01' = {
  name: 'kv-${token}'
  location: location
  tags: tags
  properties: {
    tenantId: subscription().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    enablePurgeProtection: true
    softDeleteRetentionInDays: 7
  }

  resource apiKey 'secrets' = {
    name: 'iterable-api-key'
    properties: { value: iterableApiKey }
  }

  resource sharedSecret 'secrets' = {
    name: 'segment-shared-secret'
    properties: { value: segmentSharedSecret }
  }

  resource writeKey 'secrets' = if (!empty(segmentWriteKey)) {
    name: 'segment-write-key'
    properties: { value: segmentWriteKey }
  }

  resource webhookSecret 'secrets' = if (!empty(iterableWebhookSecret)) {
    name: 'iterable-webhook-secret'
    properties: { value: iterableWebhookSecret }
  }
}

// ---- Telemetry ----------------------------------------------------------------------------------------------------

resource logs 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: 'log-${token}'
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: telemetryRetentionDays
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-${token}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: logs.id
    // Telemetry is taken from the app's identity alone.
    DisableLocalAuth: true
  }
}

// ---- What the identity may do -------------------------------------------------------------------------------------

// Azure's own roles: Storage Blob Data Owner, Storage Queue Data Contributor, Storage Table Data Contributor, Key Vault Secrets User, Monitoring Metrics Publisher.
var role = {
  blobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  queueDataContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  tableDataContributor: '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
  keyVaultSecretsUser: '4633458b-17de-408a-b874-0445c86b69e6'
  monitoringMetricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
}

// The host's leases and keys, the package, messages too large for a queue.
resource hostBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: hostStorage
  name: guid(hostStorage.id, identity.id, role.blobDataOwner)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role.blobDataOwner)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

// The queues that functions are triggered by.
resource hostQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: hostStorage
  name: guid(hostStorage.id, identity.id, role.queueDataContributor)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role.queueDataContributor)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

// Where the host writes down why it could not start.
resource hostTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: hostStorage
  name: guid(hostStorage.id, identity.id, role.tableDataContributor)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role.tableDataContributor)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

// The app's own tables, and nothing else of that account.
resource dataTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: dataStorage
  name: guid(dataStorage.id, identity.id, role.tableDataContributor)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role.tableDataContributor)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

// Reads the secrets, cannot change them.
resource readsSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault
  name: guid(vault.id, identity.id, role.keyVaultSecretsUser)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role.keyVaultSecretsUser)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

// Sends telemetry.
resource sendsTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: insights
  name: guid(insights.id, identity.id, role.monitoringMetricsPublisher)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', role.monitoringMetricsPublisher)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

// ---- The app ------------------------------------------------------------------------------------------------------

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: 'plan-${token}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { tier: 'FlexConsumption', name: 'FC1' }
  properties: { reserved: true }
}

var settings = union(
  {
    AzureWebJobsStorage__accountName: hostStorage.name
    AzureWebJobsStorage__credential: 'managedidentity'
    AzureWebJobsStorage__clientId: identity.properties.clientId
    DataStorage__accountName: dataStorage.name
    DataStorage__clientId: identity.properties.clientId
    APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.properties.clientId};Authorization=AAD'
    OTEL_TRACES_SAMPLER: 'traceidratio'
    OTEL_TRACES_SAMPLER_ARG: traceShare
    Iterable__ApiKey: '@Microsoft.KeyVault(SecretUri=${vault::apiKey.properties.secretUri})'
    Iterable__DataCenter: iterableDataCenter
    Iterable__ProjectType: iterableProjectType
    Segment__SharedSecret: '@Microsoft.KeyVault(SecretUri=${vault::sharedSecret.properties.secretUri})'
  },
  empty(segmentWriteKey)
    ? {}
    : { Segment__WriteKey: '@Microsoft.KeyVault(SecretUri=${vault::writeKey!.properties.secretUri})' },
  empty(segmentBaseUrl) ? {} : { Segment__BaseUrl: segmentBaseUrl },
  empty(iterableWebhookSecret)
    ? {}
    : { Iterable__WebhookSecret: '@Microsoft.KeyVault(SecretUri=${vault::webhookSecret!.properties.secretUri})' }
)

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: 'func-${token}'
  location: location
  // azd finds the app that it deploys to by this tag.
  tags: union(tags, { 'azd-service-name': 'app' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identity.id
    siteConfig: {
      minTlsVersion: '1.2'
    }
    functionAppConfig: {
      runtime: { name: 'dotnet-isolated', version: '10.0' }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${hostStorage.properties.primaryEndpoints.blob}${packages}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identity.id
          }
        }
      }
      scaleAndConcurrency: {
        maximumInstanceCount: maximumInstanceCount
        instanceMemoryMB: instanceMemoryMB
        alwaysReady: alwaysReadyHttpInstances == 0
          ? []
          : [
              { name: 'http', instanceCount: alwaysReadyHttpInstances }
            ]
      }
    }
  }
  dependsOn: [
    hostStorage::blobs::container
    hostBlobs
    hostQueues
    hostTables
    dataTables
    readsSecrets
    sendsTelemetry
  ]

  resource configuration 'config' = {
    name: 'appsettings'
    properties: settings
  }

  // Whoever deploys signs in; there is no password to steal.
  resource ftp 'basicPublishingCredentialsPolicies' = {
    name: 'ftp'
    properties: { allow: false }
  }

  resource scm 'basicPublishingCredentialsPolicies' = {
    name: 'scm'
    properties: { allow: false }
  }
}

output name string = app.name
output url string = 'https://${app.properties.defaultHostName}'
output applicationInsightsId string = insights.id
