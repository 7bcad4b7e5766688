targetScope = 'subscription'

metadata description = 'IterableFunctions on Azure Functions Flex Consumption, with its storage, secrets, telemetry and alerts. No shared key of a storage account works.'

@description('Name of the azd environment; every resource is tagged with it, and the resource group is called after it.')
@minLength(1)
@maxLength(50)
param environmentName string

@description('Region of all resources; one that has Flex Consumption (az functionapp list-flexconsumption-locations).')
param location string

@description('Server-side API key of the Iterable project.')
@secure()
@minLength(1)
param iterableApiKey string

@description('Shared secret of the Segment webhook.')
@secure()
@minLength(1)
param segmentSharedSecret string

@description('Write key of the Segment source that gets Iterable\'s messaging events; empty where that way is not used.')
@secure()
param segmentWriteKey string = ''

@description('Token that Iterable\'s system webhooks bring; empty closes that webhook. Needs segmentWriteKey.')
@secure()
param iterableWebhookSecret string = ''

@description('Region of the Iterable project.')
@allowed(['US', 'EU'])
param iterableDataCenter string = 'US'

@description('Which of a user\'s identifiers is unique in the Iterable project.')
@allowed(['Hybrid', 'Email', 'UserId'])
param iterableProjectType string = 'Hybrid'

@description('Where the Segment source takes events; empty for https://api.segment.io. In the EU https://events.eu1.segmentapis.com.')
param segmentBaseUrl string = ''

@description('How the storage accounts are replicated; zone-redundant where the region has zones.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GZRS'])
param storageSku string = 'Standard_ZRS'

@description('Most instances at a time. Iterable\'s limits hold for all of them together.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Memory of an instance, in MB.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Instances that always run for HTTP, so that Segment, which waits five seconds, never meets a cold start. 0 is cheaper.')
@minValue(0)
@maxValue(20)
param alwaysReadyHttpInstances int = 1

@description('Share of the traces that are kept, from 0 to 1. What fails, or has to wait, is kept in any case.')
param traceShare string = '0.1'

@description('How long telemetry is kept, in days.')
@minValue(30)
@maxValue(730)
param telemetryRetentionDays int = 30

@description('Who gets the alerts; empty for nobody: the alerts are then only seen in the portal.')
param alertEmail string = ''

@description('Dead letters within an hour from which on an alert is raised.')
@minValue(1)
param deadLettersPerHour int = 10

var tags = { 'azd-env-name': environmentName }

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module app 'app.bicep' = {
  scope: group
  params: {
    token: toLower(uniqueString(subscription().id, environmentName, location))
    location: location
    tags: tags
    iterableApiKey: iterableApiKey
    segmentSharedSecret: segmentSharedSecret
    segmentWriteKey: segmentWriteKey
    iterableWebhookSecret: iterableWebhookSecret
    iterableDataCenter: iterableDataCenter
    iterableProjectType: iterableProjectType
    segmentBaseUrl: segmentBaseUrl
    storageSku: storageSku
    maximumInstanceCount: maximumInstanceCount
    instanceMemoryMB: instanceMemoryMB
    alwaysReadyHttpInstances: alwaysReadyHttpInstances
    traceShare: traceShare
    telemetryRetentionDays: telemetryRetentionDays
  }
}

module alerts 'alerts.bicep' = {
  scope: group
  params: {
    location: location
    tags: tags
    applicationInsightsId: app.outputs.applicationInsightsId
    email: alertEmail
    deadLettersPerHour: deadLettersPerHour
  }
}

@description('Where Segment\'s webhook posts.')
output SEGMENT_WEBHOOK_URL string = '${app.outputs.url}/api/segment'

@description('Where Iterable\'s system webhooks post.')
output ITERABLE_WEBHOOK_URL string = '${app.outputs.url}/api/iterable'

@description('Says whether the app can do its work.')
output READY_URL string = '${app.outputs.url}/api/health/ready'

@description('Name of the function app.')
output FUNCTION_APP_NAME string = app.outputs.name

@description('Name of the resource group.')
output AZURE_RESOURCE_GROUP string = group.name
