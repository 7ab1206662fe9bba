import { MillraceError } from '@millrace/base'
import type { Sidecar } from '../log/actions.ts'
import { decodeActions } from '../log/decode-actions.ts'
import type { Checkpoint } from '../log/listing.ts'
import { decodeUrl } from '../log/location.ts'
import { logKey, type TableRef } from '../log/log.ts'
import { lineOf, readAdds, readNamed } from './checkpoint-adds.ts'
import { openParquet } from './parquet/file.ts'
import { type Replay, startReplay, type TableState } from './replay.ts'

/** The state that a checkpoint keeps, whatever its kind: one file, parts, or a manifest with sidecars. */
export async function readCheckpoint(table: TableRef, { keys }: Checkpoint): Promise<TableState | 'gone'> {
  const replay = startReplay(table)
  const sidecars = await readFiles(table, keys, replay)
  if (sidecars === 'gone') return 'gone'
  if (sidecars.length > 0 && (await readParquet(table, sidecars, replay)) === 'gone') return 'gone'
  return replay.finish()
}

/** The keys of the sidecars that the files name. */
async function readFiles(table: TableRef, keys: readonly string[], replay: Replay): Promise<string[] | 'gone'> {
  const [first = ''] = keys
  const sidecars = first.endsWith('.json')
    ? await readManifest(table, first, replay)
    : await readParquet(table, keys, replay)
  if (sidecars === 'gone') return 'gone'
  return sidecars.map(({ path }) => {
    const name = decodeUrl(path)
    if (name === undefined) {
      const what = `checkpoint ${table.store.url}/${first} names a sidecar by a path that is no URL: ${path}`
      throw new MillraceError('TABLE_BROKEN', what)
    }
    return logKey(table, `_sidecars/${name.slice(name.lastIndexOf('/') + 1)}`)
  })
}

async function readManifest(table: TableRef, key: string, replay: Replay): Promise<readonly Sidecar[] | 'gone'> {
  const bytes = await table.store.get(key)
  if (!bytes) return 'gone'
  const actions = decodeActions(bytes, `${table.store.url}/${key}`)
  replay.apply(actions)
  return actions.sidecar
}

async function readParquet(
  table: TableRef,
  keys: readonly string[],
  replay: Replay,
): Promise<readonly Sidecar[] | 'gone'> {
  const sidecars: Sidecar[] = []
  for (const key of keys) {
    const where = `checkpoint ${table.store.url}/${key}`
    const found = await readActions(table, key, replay, where).catch((cause: unknown) => {
      if (cause instanceof MillraceError) throw cause
      throw new MillraceError('TABLE_BROKEN', `${where} can't be read`, { cause })
    })
    if (found === 'gone') return 'gone'
    sidecars.push(...found)
  }
  return sidecars
}

/** Returns the sidecars that the file names; the replay gets all else but tombstones. */
async function readActions(
  table: TableRef,
  key: string,
  replay: Replay,
  where: string,
): Promise<readonly Sidecar[] | 'gone'> {
  const file = await openParquet(table.store, key)
  if (!file) return 'gone'
  const lines: string[] = []
  for (const group of file.groups) {
    for (const name of ['protocol', 'metaData', 'txn', 'sidecar']) {
      for (const action of (await readNamed(file, group, name)).values) lines.push(lineOf({ [name]: action }))
    }
    await readAdds(file, group, replay)
  }
  if (lines.length === 0) return []
  const actions = decodeActions(new TextEncoder().encode(lines.join('\n')), where)
  replay.apply(actions)
  return actions.sidecar
}
