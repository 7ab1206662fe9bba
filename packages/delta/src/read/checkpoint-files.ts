import { MillraceError } from '@millrace/base'
import type { RowGroup } from 'hyparquet'
import type { Actions, Sidecar } from '../log/actions.ts'
import { checkedSidecar } from '../log/checked-action.ts'
import { decodeActions } from '../log/decode-actions.ts'
import type { Checkpoint } from '../log/listing.ts'
import { decodeUrl } from '../log/location.ts'
import { logKey, type TableRef } from '../log/log.ts'
import { readNamed } from './checkpoint-adds.ts'
import { openParquet, type ParquetFile } from './parquet/file.ts'

/** Receives the actions of a checkpoint. */
export interface CheckpointReader {
  /** The actions of a manifest. */
  apply(actions: Actions): void
  /** `where` names the file in error messages. */
  readGroup(file: ParquetFile, group: RowGroup, where: string): Promise<void>
}

/** Reads a checkpoint, whatever its kind: one file, parts, or a manifest with sidecars. */
export async function readCheckpointFiles(
  table: TableRef,
  { keys }: Checkpoint,
  reader: CheckpointReader,
): Promise<'whole' | 'gone'> {
  const [first = ''] = keys
  const sidecars = first.endsWith('.json')
    ? await readManifest(table, first, reader)
    : await readParquet(table, keys, reader)
  if (sidecars === 'gone') return 'gone'
  const inSidecars = sidecars.map((sidecar) => sidecarKey(table, first, sidecar))
  return (await readParquet(table, inSidecars, reader)) === 'gone' ? 'gone' : 'whole'
}

function sidecarKey(table: TableRef, checkpoint: string, { path }: Sidecar): string {
  const name = decodeUrl(path)
  if (name === undefined) {
    const what = `checkpoint ${table.store.url}/${checkpoint} names a sidecar by a path that is no URL: ${path}`
    throw new MillraceError('TABLE_BROKEN', what)
  }
  return logKey(table, `_sidecars/${name.slice(name.lastIndexOf('/') + 1)}`)
}

async function readManifest(
  table: TableRef,
  key: string,
  reader: CheckpointReader,
): Promise<readonly Sidecar[] | 'gone'> {
  const bytes = await table.store.get(key)
  if (!bytes) return 'gone'
  const actions = decodeActions(bytes, `${table.store.url}/${key}`)
  reader.apply(actions)
  return actions.sidecar
}

/** Returns the sidecars that the files name. */
async function readParquet(
  table: TableRef,
  keys: readonly string[],
  reader: CheckpointReader,
): Promise<readonly Sidecar[] | 'gone'> {
  const sidecars: Sidecar[] = []
  for (const key of keys) {
    const where = `checkpoint ${table.store.url}/${key}`
    const found = await readGroups(table, key, reader, where).catch((cause: unknown) => {
      if (cause instanceof MillraceError) throw cause
      throw new MillraceError('TABLE_BROKEN', `${where} can't be read`, { cause })
    })
    if (found === 'gone') return 'gone'
    sidecars.push(...found)
  }
  return sidecars
}

async function readGroups(
  table: TableRef,
  key: string,
  reader: CheckpointReader,
  where: string,
): Promise<readonly Sidecar[] | 'gone'> {
  const file = await openParquet(table.store, key)
  if (!file) return 'gone'
  const sidecars: Sidecar[] = []
  for (const group of file.groups) {
    const { values } = await readNamed(file, group, 'sidecar')
    for (const sidecar of values) sidecars.push(checkedSidecar(sidecar as Readonly<Record<string, unknown>>, where))
    await reader.readGroup(file, group, where)
  }
  return sidecars
}
