import { MillraceError } from '@millrace/base'
import { tableUrl } from '../log/log.ts'
import { isOn, property, refusedProperties } from '../log/properties.ts'
import type { StructField } from '../log/schema.ts'
import { schemaOf } from '../log/schema.ts'
import type { Snapshot } from '../read/snapshot.ts'
import { unmadeValues } from './rules/computed.ts'
import { LENGTH_KEY, lengthRule } from './rules/lengths.ts'
import { uncheckedConstraints } from './rules/row-rules.ts'

/**
 * Writer features that require nothing beyond what we do. Identity columns may be listed, because Spark lists them when it
 * upgrades a table; they may not be used.
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
  'typeWidening',
  'v2Checkpoint',
  'vacuumProtocolCheck',
])

/** Column metadata by which a column asks more of a writer than a value of its type. */
const COLUMN_RULES: Readonly<Record<string, string>> = {
  'delta.identity.start': 'identity values',
}

/** Throws unless we can add to this table as the protocol demands, naming what stands in the way. */
export function refuseUnwritable(snapshot: Snapshot): void {
  const lacking = [
    ...protocolRules(snapshot),
    ...refusedProperties(snapshot.metadata.configuration),
    ...uncheckedConstraints(snapshot.metadata),
    ...columnRules(snapshot),
    ...unmadeValues(snapshot.metadata),
  ]
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
  if (protocol.minWriterVersion === 7 && !protocol.writerFeatures)
    return ['writer version 7 without its list of features']
  return (protocol.writerFeatures ?? []).filter((feature) => !HONOURED.has(feature))
}

function columnRules(snapshot: Snapshot): string[] {
  return rulesOf(schemaOf(snapshot.metadata).fields)
}

function rulesOf(fields: readonly StructField[]): string[] {
  return fields.flatMap(({ name, type, metadata }) => [
    ...Object.entries(COLUMN_RULES)
      .filter(([key]) => key in metadata)
      .map(([, rule]) => `${rule} of column ${name}`),
    ...(hasUnenforcedLength({ type, metadata }) ? [`lengths inside of column ${name}`] : []),
    ...(typeof type === 'object' && type.type === 'struct'
      ? [...invariantsIn(type.fields), ...rulesOf(type.fields)]
      : []),
  ])
}

/** Invariants of whole columns are checked; those inside of structs are not. */
function invariantsIn(fields: readonly StructField[]): string[] {
  return fields.flatMap(({ name, metadata }) =>
    'delta.invariants' in metadata ? [`an invariant of column ${name}`] : [],
  )
}

/** Lengths of whole columns are enforced; those inside of lists, maps and structs are not. */
function hasUnenforcedLength({ type, metadata }: Pick<StructField, 'type' | 'metadata'>): boolean {
  return LENGTH_KEY in metadata && lengthRule({ type, metadata }) === undefined
}

/** Rows of an append-only table may move between files; they may not go. */
export function refuseRemoval(snapshot: Snapshot): void {
  if (isOn(snapshot.metadata.configuration, 'delta.appendOnly')) {
    throw new MillraceError(
      'TABLE_UNSUPPORTED',
      `${tableUrl(snapshot.table)} is append-only: its rows can't be removed`,
    )
  }
}

/** Rule 5: a table that forgets txns would forget how far its sources were read. */
export function refuseExpiringProgress(snapshot: Snapshot): void {
  const duration = property(snapshot.metadata.configuration, 'delta.setTransactionRetentionDuration')
  if (duration === undefined) return
  throw new MillraceError(
    'TABLE_UNSUPPORTED',
    `${tableUrl(snapshot.table)} forgets its writers' progress after ${duration} (delta.setTransactionRetentionDuration)`,
    { next: 'Unset that property of the table, or write to another one.' },
  )
}
