import type { DuckDBConnection } from '@duckdb/node-api'
import { MillraceError } from '@millrace/base'
import { openTable, planScan, type Snapshot, schemaOf, withScan } from '@millrace/delta'
import { quoteName } from '@millrace/engine'
import { type Dataset, DELETED, type Keyed } from '@millrace/transform'
import { storedPositions } from './delta/progress.ts'
import { openTombstones } from './delta/tombstones.ts'
import { refuseMode } from './modes.ts'
import type { Output, OutputContext, OutputKind, StoredAdvance } from './output.ts'
import { outputAt } from './outputs.ts'
import { type ReadyRows, readyBatch, refuseUnfit } from './ready-rows.ts'

export interface BackFilled {
  readonly rows: number
  readonly partitions: number
}

/**
 * Copies the rows of the lake's table into an output that has nothing of the pipeline yet, together with the progress in
 * the same version of the table: a worker that writes to both continues from there. The copy includes rows that the
 * source no longer has, and nothing that is committed to the table meanwhile.
 */
export async function backFill(context: OutputContext): Promise<BackFilled> {
  const { address, store, table: path, group, machine } = context
  const kind = await outputAt(address)
  refuseUnordered(context, kind)
  const snapshot = await openTable({ store, path })
  if (!snapshot) throw new MillraceError('TABLE_NOT_FOUND', `the lake has no table ${path}`)
  const positions = storedPositions(snapshot, group)
  if (positions.size === 0) {
    throw new MillraceError('TABLE_NOT_FOUND', `${path} has no rows of the group ${group}`, {
      next: 'Name the group whose worker fills the table.',
    })
  }
  const dataset = storedDataset(context.dataset, snapshot)
  const connection = await machine.engine.connect()
  try {
    return await withScan(planScan(snapshot), connection, (scan) =>
      withChanges(`SELECT ${columnsOf(dataset)} FROM (${scan})`, { ...context, dataset }, connection, async (ready) => {
        await refuseUnfit(context, kind.fits?.(dataset, address), ready)
        const output = await kind.open({ ...context, dataset })
        try {
          const advances = [...positions].map(([partition, to]) => ({ partition, from: undefined, to }))
          return await fill(output, { ...context, dataset }, advances, ready)
        } finally {
          await output.close()
        }
      }),
    )
  } finally {
    connection.closeSync()
  }
}

async function fill(
  output: Output,
  { dataset, group, machine }: OutputContext,
  advances: readonly StoredAdvance[],
  ready: ReadyRows,
): Promise<BackFilled> {
  const { ofKnownTopics } = await output.begin(advances.map(({ partition }) => partition))
  const refused = () =>
    new MillraceError('OUTPUT_REFUSED', `${output.name} has progress of the group ${group} already`, {
      next: 'Only an output that is new can be filled: a worker brings what this one lacks.',
    })
  if (ofKnownTopics.size > 0) throw refused()
  // Whatever the worker writes later is newer.
  const prepared = await output.prepare(await readyBatch(dataset, advances, 0, ready, machine))
  await output.upload(prepared)
  const { outcome } = await output.commit(prepared, advances)
  if (outcome === 'committed') return { rows: output.describe().rows, partitions: advances.length }
  await output.discard?.(prepared)
  throw refused()
}

/** Refuses outputs that cannot be filled from the rows of a table alone. */
function refuseUnordered({ address, table, dataset }: OutputContext, { takes, replaces, modes }: OutputKind): void {
  if (takes === 'messages') {
    throw new MillraceError('OUTPUT_ADDRESS', `${address} takes messages as they came, and ${table} has rows`, {
      next: 'Let the worker fill it from the source.',
    })
  }
  refuseMode(dataset, `the output ${address}`, modes)
  const lacks = dataset.keyed?.ignoreEqual
    ? 'what changes were left out as equal (ignoreEqual)'
    : replaces && !dataset.keyed && 'which of several rows of a key is the newest'
  if (lacks) {
    throw new MillraceError('OUTPUT_REFUSED', `${table} does not say ${lacks}, which ${address} needs`, {
      next: 'Let the worker fill it from the source.',
    })
  }
}

/** The data set with the columns that have come with its rows. */
function storedDataset(dataset: Dataset, { metadata }: Snapshot): Dataset {
  return dataset.onSchemaChange === 'evolve' ? { ...dataset, schema: schemaOf(metadata) } : dataset
}

const columnsOf = ({ schema }: Dataset) => schema.fields.map(({ name }) => quoteName(name)).join(', ')

/** Works with the rows and, of a keyed table, with the keys that were deleted: an older change must not bring them back. */
async function withChanges<T>(
  sql: string,
  { store, table: path, dataset }: OutputContext,
  connection: DuckDBConnection,
  work: (ready: ReadyRows) => Promise<T>,
): Promise<T> {
  const deleted = dataset.keyed && (await openTombstones({ store, path }, dataset, dataset.keyed).read())
  if (!deleted || !dataset.keyed) return work({ sql, connection })
  const { key, sequenceBy }: Keyed = dataset.keyed
  const columns = [...key, ...sequenceBy]
  return withScan(planScan(deleted, { columns }), connection, (scan) =>
    work({
      ...{ sql, connection },
      changes: `SELECT *, false AS ${DELETED} FROM (${sql})
        UNION ALL BY NAME SELECT ${columns.map(quoteName).join(', ')}, true AS ${DELETED} FROM (${scan})
        ANTI JOIN (${sql}) USING (${key.map(quoteName).join(', ')})`,
    }),
  )
}
