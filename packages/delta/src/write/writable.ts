import { MillraceError } from '@millrace/base'
import { tableUrl } from '../log/log.ts'
import type { StructField } from '../log/schema.ts'
import { schemaOf } from '../log/schema.ts'
import type { Snapshot } from '../read/snapshot.ts'

/**
 * What a table may list without asking a writer for more than we do. Constraints and generated columns may be
 * listed, because Spark lists them when it upgrades a table; they may not be used.
 */
const HONOURED = new Set([
  'allowColumnDefaults',
  'appendOnly',
  'changeDataFeed',
  'checkConstraints',
  'columnMapping',
  'deletionVectors',
  'generatedColumns',
  'identityColumns',
  'invariants',
  'timestampNtz',
  'v2Checkpoint',
  'vacuumProtocolCheck',
])

/** Column metadata by which a column asks more of a writer than a value of its type. */
const COLUMN_RULES: Readonly<Record<string, string>> = {
  'delta.invariants': 'an invariant',
  'delta.generationExpression': 'a generation expression',
  'delta.identity.start': 'identity values',
  CURRENT_DEFAULT: 'a default value',
}

/** Throws unless we can add to this table as the protocol demands, naming what stands in the way. */
export function refuseUnwritable(snapshot: Snapshot): void {
  const lacking = [...protocolRules(snapshot), ...propertyRules(snapshot), ...columnRules(snapshot)]
  if (lacking.length > 0) {
    throw new MillraceError(
      'TABLE_UNSUPPORTED',
      `${tableUrl(snapshot.table)} asks of its writers what Millrace can't do: ${lacking.join(', ')}`,
      { next: 'Write to this table with an engine that knows this, or write to a table of your own.' },
    )
  }
}

function protocolRules({ protocol }: Snapshot): string[] {
  if (protocol.minWriterVersion > 7) return [`writer version ${protocol.minWriterVersion}`]
  return (protocol.writerFeatures ?? []).filter((feature) => !HONOURED.has(feature))
}

function propertyRules({ metadata: { configuration } }: Snapshot): string[] {
  const lacking = Object.entries(configuration)
    .filter(([key]) => key.startsWith('delta.constraints.'))
    .map(([key, check]) => `constraint ${key.slice('delta.constraints.'.length)} (${check})`)
  if (configuration['delta.enableChangeDataFeed'] === 'true') lacking.push('a change data feed')
  const mapping = configuration['delta.columnMapping.mode'] ?? 'none'
  if (mapping !== 'none') lacking.push(`column mapping by ${mapping}`)
  return lacking
}

function columnRules(snapshot: Snapshot): string[] {
  return rulesOf(schemaOf(snapshot.metadata).fields)
}

function rulesOf(fields: readonly StructField[]): string[] {
  return fields.flatMap(({ name, type, metadata }) => [
    ...Object.entries(COLUMN_RULES)
      .filter(([key]) => key in metadata)
      .map(([, rule]) => `${rule} of column ${name}`),
    ...(typeof type === 'object' && type.type === 'struct' ? rulesOf(type.fields) : []),
  ])
}

/** Rows of an append-only table may move between files; they may not go. */
export function refuseRemoval(snapshot: Snapshot): void {
  if (snapshot.metadata.configuration['delta.appendOnly'] === 'true') {
    throw new MillraceError(
      'TABLE_UNSUPPORTED',
      `${tableUrl(snapshot.table)} is append-only: its rows can't be removed`,
    )
  }
}

/** Rule 5: a table that forgets txns would forget how far its sources were read. */
export function refuseExpiringProgress(snapshot: Snapshot): void {
  const duration = snapshot.metadata.configuration['delta.setTransactionRetentionDuration']
  if (duration === undefined) return
  throw new MillraceError(
    'TABLE_UNSUPPORTED',
    `${tableUrl(snapshot.table)} forgets its writers' progress after ${duration} (delta.setTransactionRetentionDuration)`,
    { next: 'Unset that property of the table, or write to another one.' },
  )
}
