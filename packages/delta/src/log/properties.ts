import type { Metadata } from './actions.ts'

/** What a property of a table means to us. Refused: a table where it is on is read, not written to. */
export type Treatment = 'honoured' | 'refused' | 'irrelevant'

/** Each `delta.*` property of a table that we know. A name that ends in `.*` stands for all below it. */
export const TABLE_PROPERTIES: Readonly<Record<string, Treatment>> = {
  'delta.appendOnly': 'honoured',
  'delta.dataSkippingNumIndexedCols': 'honoured',
  'delta.dataSkippingStatsColumns': 'honoured',
  'delta.deletedFileRetentionDuration': 'honoured',
  'delta.enableExpiredLogCleanup': 'honoured',
  'delta.logRetentionDuration': 'honoured',

  'delta.columnMapping.mode': 'refused',
  'delta.compatibility.symlinkFormatManifest.enabled': 'refused',
  'delta.constraints.*': 'refused',
  'delta.coordinatedCommits.*': 'refused',
  'delta.enableChangeDataCapture': 'refused',
  'delta.enableChangeDataFeed': 'refused',
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
  'delta.enableDeletionVectors': 'irrelevant',
  'delta.enableFullRetentionRollback': 'irrelevant',
  'delta.enableTypeWidening': 'irrelevant',
  'delta.enableVariantShredding': 'irrelevant',
  'delta.feature.*': 'irrelevant',
  'delta.ignoreProtocolDefaults': 'irrelevant',
  'delta.inCommitTimestampEnablementTimestamp': 'irrelevant',
  'delta.inCommitTimestampEnablementVersion': 'irrelevant',
  'delta.isolationLevel': 'irrelevant',
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

/** What a property says: under its own name, else under that name in other letter case. */
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
/** That it forgets progress stands in the way of a pipeline only: `refuseExpiringProgress`. */
const REFUSED_APART = 'delta.settransactionretentionduration'
const OFF = new Set(['', 'false', 'none'])

/** The properties that ask of a writer what we can't do, in words. */
export function refusedProperties(configuration: Configuration): string[] {
  return Object.entries(configuration).flatMap(([key, value]) => {
    const name = key.toLowerCase()
    if (treatmentOf(key) !== 'refused' || name === REFUSED_APART) return []
    if (name.startsWith(CONSTRAINT)) return [`constraint ${key.slice(CONSTRAINT.length)} (${value})`]
    if (OFF.has(value.trim().toLowerCase())) return []
    if (name === 'delta.columnmapping.mode') return [`column mapping by ${value}`]
    if (/^delta\.enablechangedata(feed|capture)$/.test(name)) return ['a change data feed']
    return [`${key} (${value})`]
  })
}

/** Properties in Delta's name that we don't know, so that whoever set them can be told. */
export function unknownProperties(configuration: Configuration): string[] {
  return Object.keys(configuration).filter(
    (key) => key.toLowerCase().startsWith('delta.') && treatmentOf(key) === undefined,
  )
}

/** Set on the tables that we make: our own maintenance cleans their logs, though other engines must not. */
export const CLEANED_BY_US = 'millrace.cleansLog'
/** Set on the tables that we make, and by who wants it of others: columns that the rows bring are added. */
export const WIDENED_BY_US = 'millrace.addsColumns'

/** Whether its log may be cleaned by us: where nobody forbids it, or where the ban is our own. */
export function cleansLog(configuration: Configuration): boolean {
  return isOn(configuration, CLEANED_BY_US) || !isOff(configuration, 'delta.enableExpiredLogCleanup')
}
