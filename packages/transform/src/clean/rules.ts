import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import { type Snapshot, withColumns } from '@millrace/delta'
import { quoteText } from '@millrace/engine'
import type { RawMessages, ReadMessages } from '@millrace/formats'
import type { Dataset } from '../dataset/dataset.ts'
import { failedBits } from '../dataset/expectations.ts'
import { createFollowing } from './evolve/follow-schemas.ts'
import { keysThatAreNoText, readKeys, withoutBadKeys } from './message-keys.ts'
import { addMetadata, withMetadataFields } from './metadata.ts'
import { changeDataset, changesFor } from './sql/changes.ts'
import { cleanRows, emptyRaw } from './sql/queries.ts'
import { sqlFault } from './sql/sql-fault.ts'
import { deletesByTombstone, withTombstones } from './tombstones.ts'
import type { FileTarget, RecordName } from './work.ts'

/** Blocks as their format has read them, and by what they are cleaned. */
interface PreparedBlocks {
  /** The data set, with what came to it. */
  readonly given: Dataset
  /** The rules by which its records are cleaned. */
  readonly dataset: Dataset
  readonly read: readonly ReadMessages[]
  readonly target: FileTarget | undefined
}

/** Where the rows go. */
interface Destination {
  readonly target: FileTarget | undefined
  /** The table, if columns may come with them. */
  readonly evolving: Snapshot | undefined
}

/** Makes the rules of data sets, and keeps them. */
export function createRules() {
  const followSchemas = createFollowing()
  const checked = new WeakSet<Dataset>()
  const rules = new WeakMap<Dataset, Dataset>()

  const check = async (dataset: Dataset, connection: DuckDBConnection) => {
    if (!checked.has(dataset)) await checkSql(dataset, connection)
    checked.add(dataset)
  }
  /** Returns the rules by which the records are cleaned, checked. */
  const rulesOf = async (given: Dataset, connection: DuckDBConnection) => {
    const known = rules.get(given)
    if (known) return known
    const whole = given.metadata.length === 0 ? given : withMetadataFields(given)
    await check(whole, connection)
    const made = whole.keyed ? await changeDataset(whole, whole.keyed, connection) : whole
    await check(made, connection)
    rules.set(given, made)
    return made
  }
  const prepare = async (
    described: Dataset,
    blocks: readonly RawMessages[],
    { target, evolving }: Destination,
    nameOf: RecordName,
    connection: DuckDBConnection,
  ): Promise<PreparedBlocks> => {
    await rulesOf(described, connection)
    const read = await Promise.all(blocks.map((block) => readBlock(described, block)))
    const followed = await followSchemas(described, read, evolving, nameOf, connection)
    const { dataset: given } = followed
    return {
      given,
      dataset: await rulesOf(given, connection),
      read: followed.read,
      target: target && evolving ? withColumnsOf(given, target, evolving) : target,
    }
  }
  return { check, prepare }
}

/** Returns what the messages are, each with what the data set wants of it beside its value. */
async function readBlock(dataset: Dataset, block: RawMessages): Promise<ReadMessages> {
  const { format, keyFormat } = dataset
  const values = await format.read(block)
  const read = deletesByTombstone(dataset) ? withTombstones(values, block) : values
  const keys = keyFormat && (await readKeys(keyFormat, block))
  const badKeys = keys?.rejected ?? (dataset.keyed && keysThatAreNoText(dataset.metadata, block))
  return addMetadata(dataset, block, badKeys ? withoutBadKeys(read, badKeys) : read, keys)
}

/** Returns the table that the rows go to. */
export function tableOf({ keyed }: Dataset, { snapshot, keyedTable }: FileTarget): Snapshot | undefined {
  return keyed ? keyedTable : snapshot
}

function withColumnsOf(dataset: Dataset, target: FileTarget, table: Snapshot): FileTarget {
  const evolved = withColumns(table, dataset.schema)
  if (!dataset.keyed) return { ...target, snapshot: evolved }
  return { ...target, keyedTable: evolved, snapshot: changesFor(evolved, dataset, target.snapshot) }
}

/** Fails where the SQL does not fit its own description: that would fail for every record, and be no record's fault. */
async function checkSql(dataset: Dataset, connection: DuckDBConnection): Promise<void> {
  await refuseModifiers(dataset, connection)
  try {
    await connection.run(cleanRows(dataset, emptyRaw(dataset), failedBits(dataset.expectations)))
  } catch (cause) {
    const message = (await sqlFault(dataset, connection)) ?? (cause instanceof Error ? cause.message : String(cause))
    throw new MillraceError('DATASET_INVALID', `data set ${dataset.name}: ${message}`, { cause })
  }
}

const MODIFIERS: Readonly<Record<string, string>> = {
  LIMIT_MODIFIER: 'LIMIT',
  LIMIT_PERCENT_MODIFIER: 'LIMIT',
  ORDER_MODIFIER: 'ORDER BY',
  DISTINCT_MODIFIER: 'DISTINCT',
}

/** Fails where the SQL as a whole has a LIMIT and the like. Within a subquery they may be about one record alone. */
async function refuseModifiers({ name, sql }: Dataset, connection: DuckDBConnection): Promise<void> {
  const parsed = await connection.runAndReadAll(`SELECT json_serialize_sql(${quoteText(sql)})`)
  const { statements = [] } = JSON.parse(String(parsed.getRows()[0]?.[0])) as {
    readonly statements?: readonly { readonly node: { readonly modifiers: readonly { readonly type: string }[] } }[]
  }
  const found = statements.flatMap(({ node }) => node.modifiers).map(({ type }) => MODIFIERS[type] ?? type)
  if (found.length === 0) return
  throw new MillraceError('DATASET_INVALID', `data set ${name}: its clean.sql has ${found.join(' and ')}`, {
    next: 'Take it out: what becomes of a record must not depend on others that come with it.',
  })
}
