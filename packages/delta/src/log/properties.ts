import type { Metadata } from './actions.ts'

/** How we treat a table property. A table with a refused one is read and not written to. */
export type Treatment = 'honoured' | 'refused' | 'irrelevant'

/** Each `delta.*` property of a table that we know. A name that ends in `.*` stands for all below it. */
export const TABLE_PROPERTIES: Readonly<Record<string, Treatment>> = {
  'delta.appendOnly': 'honoured',
  'delta.constraints.*': 'honoured',
  'delta.dataSkippingNumIndexedCols': 'honoured',
  'delta.dataSkippingStatsColumns': 'honoured',
  'delta.deletedFileRetentionDuration': 'honoured',
  'delta.enableChangeDataCapture': 'honoured',
  'delta.enableChangeDataFeed': 'honoured',
  'delta.enableDeletionVectors': 'honoured',
  'delta.enableExpiredLogCleanup': 'honoured',
  'delta.enableTypeWidening': 'honoured',
  'delta.isolationLevel': 'honoured',
  'delta.logRetentionDuration': 'honoured',

  'delta.columnMapping.mode': 'refused',
  'delta.compatibility.symlinkFormatManifest.enabled': 'refused',
  'delta.coordinatedCommits.*': 'refused',
  'delta.enableIcebergCompatV1': 'refused',
  'delta.enableIcebergCompatV2': 'refused',
  'delta.enableIcebergCompatV3': 'refused',
  'delta.enableIcebergWriterCompatV1': 'refused',
  'delta.enableInCommitTimestamps': 'refused',
  'delta.enableRowTracking': 'refused',
  'delta.redirectReaderWriter': 'refused',
  'delta.redirectWriterOnly': 'refused',
  'delta.setTransactionRetentionDuration': 'refused',
  'delta.universalFormat.enabledFormats': 'refused',

  'delta.autoOptimize': 'irrelevant',
  'delta.autoOptimize.*': 'irrelevant',
  'delta.checkpoint.*': 'irrelevant',
  'delta.checkpointInterval': 'irrelevant',
  'delta.checkpointPolicy': 'irrelevant',
  'delta.checkpointRetentionDuration': 'irrelevant',
  'delta.columnMapping.maxColumnId': 'irrelevant',
  'delta.dropFeatureTruncateHistory.retentionDuration': 'irrelevant',
  'delta.enableFullRetentionRollback': 'irrelevant',
  'delta.enableVariantShredding': 'irrelevant',
  'delta.feature.*': 'irrelevant',
  'delta.ignoreProtocolDefaults': 'irrelevant',
  'delta.inCommitTimestampEnablementTimestamp': 'irrelevant',
  'delta.inCommitTimestampEnablementVersion': 'irrelevant',
  'delta.lastCommitTimestamp': 'irrelevant',
  'delta.lastUpdateVersion': 'irrelevant',
  'delta.minReaderVersion': 'irrelevant',
  'delta.minWriterVersion': 'irrelevant',
  'delta.parquet.*': 'irrelevant',
  'delta.randomizeFilePrefixes': 'irrelevant',
  'delta.randomPrefixLength': 'irrelevant',
  'delta.requireCheckpointProtectionBeforeVersion': 'irrelevant',
  'delta.rowTracking.*': 'irrelevant',
  'delta.rowTrackingSuspended': 'irrelevant',
  'delta.sampleRetentionDuration': 'irrelevant',
  'delta.targetFileSize': 'irrelevant',
  'delta.tuneFileSizesForRewrites': 'irrelevant',
}

type Configuration = Metadata['configuration']

/** Returns the value of a property: under its exact name, else under the name in other letter case. */
export function property(configuration: Configuration, name: string): string | undefined {
  if (name in configuration) return configuration[name]
  const wanted = name.toLowerCase()
  return Object.entries(configuration).find(([key]) => key.toLowerCase() === wanted)?.[1]
}

export function isOn(configuration: Configuration, name: string): boolean {
  return property(configuration, name)?.trim().toLowerCase() === 'true'
}

export function isOff(configuration: Configuration, name: string): boolean {
  return property(configuration, name)?.trim().toLowerCase() === 'false'
}

/** Whether readers of the table want to know which rows a commit changes. */
export function feedsChanges({ configuration }: Pick<Metadata, 'configuration'>): boolean {
  return isOn(configuration, 'delta.enableChangeDataFeed') || isOn(configuration, 'delta.enableChangeDataCapture')
}

const KNOWN = new Map(Object.entries(TABLE_PROPERTIES).map(([name, treatment]) => [name.toLowerCase(), treatment]))

function treatmentOf(key: string): Treatment | undefined {
  const name = key.toLowerCase()
  const exact = KNOWN.get(name)
  if (exact) return exact
  for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
    const above = KNOWN.get(`${name.slice(0, dot)}.*`)
    if (above) return above
  }
  return undefined
}

const CONSTRAINT = 'delta.constraints.'

/** The CHECK constraints of a table, by their names. */
export function constraintsOf(configuration: Configuration): { readonly name: string; readonly expression: string }[] {
  return Object.entries(configuration).flatMap(([key, expression]) =>
    key.toLowerCase().startsWith(CONSTRAINT) ? [{ name: key.slice(CONSTRAINT.length), expression }] : [],
  )
}

/** Refused only for pipelines, as it makes the table forget progress: see `refuseExpiringProgress`. */
const REFUSED_FOR_PIPELINES = 'delta.settransactionretentionduration'
const OFF = new Set(['', 'false', 'none'])

/** Returns the properties that require of a writer what we cannot do, as texts for a message. */
export function refusedProperties(configuration: Configuration): string[] {
  return Object.entries(configuration).flatMap(([key, value]) => {
    const name = key.toLowerCase()
    if (treatmentOf(key) !== 'refused' || name === REFUSED_FOR_PIPELINES) return []
    if (OFF.has(value.trim().toLowerCase())) return []
    if (name === 'delta.columnmapping.mode') return [`column mapping by ${value}`]
    return [`${key} (${value})`]
  })
}

/** Returns the unknown properties that begin with `delta.`, for a warning. */
export function unknownProperties(configuration: Configuration): string[] {
  return Object.keys(configuration).filter(
    (key) => key.toLowerCase().startsWith('delta.') && treatmentOf(key) === undefined,
  )
}

/** Set on tables that we create: our own maintenance cleans their logs, other engines must not. */
export const CLEANED_BY_US = 'millrace.cleansLog'
/** Set on tables that we create, and by users on others: missing columns of the rows are added. */
export const WIDENED_BY_US = 'millrace.addsColumns'

/** Set on keyed tables that we create, and by users on others: the columns that tell rows apart, with commas between. */
export const KEYED_BY = 'millrace.key'

/** Returns the columns that tell the table's rows apart; none where that is not known. */
export function keyOf({ configuration }: Pick<Metadata, 'configuration'>): readonly string[] {
  const names = property(configuration, KEYED_BY)?.split(',') ?? []
  return names.map((name) => name.trim()).filter((name) => name !== '')
}

/** Whether we may clean the table's log: cleanup is not forbidden, or forbidden only to other engines. */
export function cleansLog(configuration: Configuration): boolean {
  return isOn(configuration, CLEANED_BY_US) || !isOff(configuration, 'delta.enableExpiredLogCleanup')
}
