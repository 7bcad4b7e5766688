metadata description = 'What wakes somebody. docs/operations.md says what to do then.'

param location string
param tags object
param applicationInsightsId string
param email string
param deadLettersPerHour int

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(email)) {
  name: 'ag-iterable-functions'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'IterableFn'
    enabled: true
    emailReceivers: [
      { name: 'email', emailAddress: email, useCommonAlertSchema: true }
    ]
  }
}

var rules = [
  {
    name: 'hour-late'
    title: 'The hour is late'
    description: 'No hourly run has ended for two hours, so audiences do not lose whom they should lose. Look at GET /api/runs and GET /api/health/ready.'
    severity: 2
    // Only an app that has been heard of two hours ago can be late: one that has just been deployed has its first run after the next full hour.
    query: 'let ended = toscalar(customMetrics | where timestamp > ago(2h) and name == "personas.hours.finished" and valueSum > 0 | count); union requests, traces, customMetrics | where timestamp < ago(2h) and ended == 0 | take 1 | count'
    measure: 'Count'
    operator: 'GreaterThan'
    threshold: 0
    window: 'PT2H'
    // The longest that there is.
    reads: 'P2D'
    every: 'PT15M'
  }
  {
    name: 'dead-letters-grow'
    title: 'Dead letters grow'
    description: 'More calls were given up within the last hour than usual. Look at GET /api/deadletters.'
    severity: 2
    query: 'customMetrics | where name == "iterable.calls.dead_lettered" | summarize Letters = sum(valueSum)'
    measure: 'Letters'
    operator: 'GreaterThanOrEqual'
    threshold: deadLettersPerHour
    window: 'PT1H'
    reads: null
    every: 'PT15M'
  }
  {
    name: 'key-refused'
    title: 'A key is refused'
    description: 'Iterable refuses the API key, or Segment the write key. Nothing is lost, but nothing arrives.'
    severity: 1
    query: 'customMetrics | where name == "iterable.key.refused" | summarize Refused = max(valueMax)'
    measure: 'Refused'
    operator: 'GreaterThan'
    threshold: 0
    window: 'PT15M'
    reads: null
    every: 'PT5M'
  }
]

resource alerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: rule.name
    location: location
    tags: tags
    properties: {
      displayName: 'IterableFunctions: ${rule.title}'
      description: rule.description
      severity: rule.severity
      enabled: true
      scopes: [applicationInsightsId]
      evaluationFrequency: rule.every
      windowSize: rule.window
      overrideQueryTimeRange: rule.reads
      autoMitigate: true
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Maximum'
            metricMeasureColumn: rule.measure
            operator: rule.operator
            threshold: rule.threshold
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: {
        actionGroups: empty(email) ? [] : [people.id]
      }
    }
  }
]
