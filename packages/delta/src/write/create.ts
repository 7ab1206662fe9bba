import { MillraceError, type Runtime } from '@millrace/base'
import { SORTED_BY } from '../log/layout.ts'
import { type TableRef, tableUrl } from '../log/log.ts'
import { CLEANED_BY_US, WIDENED_BY_US } from '../log/properties.ts'
import type { StructType } from '../log/schema.ts'
import { openTable, type Snapshot } from '../read/snapshot.ts'
import { instantOf, seenAt } from './age.ts'
import { actionsOf, commit, createEntry } from './commit.ts'
import { evolvedMetadata } from './evolve.ts'
import type { NewTable } from './new-table.ts'
import { refuseBadPartitions } from './partitions.ts'
import { refuseExpiringProgress, refuseUnwritable } from './writable.ts'

/** Only our own log cleanup is allowed: other engines do not keep the ledger of commits that they delete. */
const CONFIGURATION = {
  [CLEANED_BY_US]: 'true',
  [WIDENED_BY_US]: 'true',
  'delta.enableExpiredLogCleanup': 'false',
  'delta.logRetentionDuration': 'interval 2 days',
  'delta.deletedFileRetentionDuration': 'interval 1 day',
}

const ADOPTION_TRIES = 10

/**
 * The table that is there, made fit for rows of `wanted.schema`, or a new one: of several that create at once, one
 * does, and all go on. A table that others made keeps its schema, its comments and its partitions; columns that it
 * lacks are added to it only where its property `millrace.addsColumns` says so, as it does of our own. What can't be
 * brought together is refused, with the difference named.
 */
export async function openOrCreate(table: TableRef, wanted: NewTable, runtime: Runtime): Promise<Snapshot> {
  for (let tries = 0; tries < ADOPTION_TRIES; tries++) {
    const instant = instantOf(runtime)
    const there = seenAt(await openTable(table), instant)
    if (!there) {
      await create(table, wanted, runtime)
      continue
    }
    refuseUnwritable(there)
    refuseExpiringProgress(there)
    const metadata = wanted.keepsColumns ? undefined : evolvedMetadata(there, wanted)
    if (!metadata) return there
    const result = await commit(there, { operation: 'ADD COLUMNS', metadata }, runtime)
    if (result.outcome === 'committed') return result.snapshot
  }
  throw new MillraceError('TABLE_CONFLICT', `${tableUrl(table)}: others keep changing its schema`)
}

async function create(table: TableRef, wanted: NewTable, runtime: Runtime): Promise<void> {
  const { schema, partitionColumns = [], sortBy, description, configuration } = wanted
  refuseBadPartitions(schema, partitionColumns)
  const commitId = runtime.uuid()
  const metadata = {
    id: runtime.uuid(),
    ...(description === undefined ? {} : { description }),
    format: { provider: 'parquet', options: {} },
    schemaString: JSON.stringify(schema),
    partitionColumns,
    configuration: { ...CONFIGURATION, ...(sortBy && { [SORTED_BY]: JSON.stringify(sortBy) }), ...configuration },
    createdTime: runtime.now(),
  }
  const protocol = protocolFor(schema)
  const actions = actionsOf({ operation: 'CREATE TABLE', protocol, metadata }, undefined, commitId, runtime)
  await createEntry(table, 0, actions, commitId, runtime)
}

const FEATURED = { minReaderVersion: 3, minWriterVersion: 7 }

/** Readable by everyone, unless the schema holds a type that needs a feature. */
function protocolFor(schema: StructType) {
  if (!JSON.stringify(schema).includes('"timestamp_ntz"')) return { minReaderVersion: 1, minWriterVersion: 2 }
  return { ...FEATURED, readerFeatures: ['timestampNtz'], writerFeatures: ['timestampNtz', 'appendOnly', 'invariants'] }
}
