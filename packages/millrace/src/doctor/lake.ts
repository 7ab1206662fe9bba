import { rmdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Runtime } from '@millrace/base'
import { openTable, refuseExpiringProgress, refuseUnwritable, unknownProperties } from '@millrace/delta'
import { nullColumns } from '@millrace/outputs'
import { type ObjectStore, openLake, probeStore } from '@millrace/store'
import type { Dataset } from '@millrace/transform'
import { type Finding, find } from './finding.ts'

export interface LakeToCheck {
  readonly lake: string
  /** Whether the lake is the default, which need not exist. */
  readonly isDefault: boolean
  readonly tables: readonly TableToCheck[]
}

export interface TableToCheck {
  readonly path: string
  /** The data set that fills it. */
  readonly dataset?: () => Promise<Dataset>
  /** Columns that it need not fill. */
  readonly nullColumns?: readonly string[]
}

/** Whether the lake can be trusted with tables, and whether we can write to those that are there. */
export async function checkLake({ lake, isDefault, tables }: LakeToCheck, runtime: Runtime): Promise<Finding[]> {
  const folder = folderOf(lake)
  const isThere = folder === undefined || (await exists(folder))
  if (!isThere && isDefault) {
    return [{ check: 'lake', result: 'not set', detail: `${lake} is not there yet: the worker makes it` }]
  }
  const made = folder === undefined ? [] : await missingFolders(folder)
  try {
    const store = await openLake(lake)
    const probed = (await probeStore(store, runtime)).map(
      ({ check, ok, detail, next }): Finding => ({
        check: `lake: ${check}`,
        result: ok ? 'ok' : 'problem',
        detail,
        ...(next === undefined ? {} : { next }),
      }),
    )
    const looked = await Promise.all(
      tables.map((table) => find(`table ${table.path}`, () => lookAtTable(store, table))),
    )
    return [...probed, ...looked]
  } catch (error) {
    return [await find('lake', () => Promise.reject(error))]
  } finally {
    // Removes only folders that the check made and that are empty.
    for (const path of made) await rmdir(path).catch(() => {})
  }
}

async function lookAtTable(store: ObjectStore, { path, dataset, nullColumns: allowed }: TableToCheck): Promise<string> {
  const snapshot = await openTable({ store, path })
  if (!snapshot) return 'not there yet: the worker makes it'
  refuseUnwritable(snapshot)
  refuseExpiringProgress(snapshot)
  const empty = dataset ? await nullColumns({ store, path }, await dataset(), allowed) : []
  const { protocol, version, files } = snapshot
  const features = [...new Set([...(protocol.readerFeatures ?? []), ...(protocol.writerFeatures ?? [])])]
  const named = features.length === 0 ? '' : `, features ${features.join(', ')}`
  const versions = `reader ${protocol.minReaderVersion}, writer ${protocol.minWriterVersion}`
  const unknown = unknownProperties(snapshot.metadata.configuration)
  const strange = unknown.length === 0 ? '' : `, unknown properties ${unknown.join(', ')}`
  return `version ${version}, ${files.size} files, ${versions}${named}${strange}${empty.length === 0 ? '' : `, NULL in every new row: ${empty.join(', ')}`}`
}

function folderOf(lake: string): string | undefined {
  if (lake.startsWith('file:')) return fileURLToPath(lake)
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(lake) ? undefined : resolve(lake)
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

/** Folders that the store would make for the check, the innermost first. */
async function missingFolders(root: string): Promise<string[]> {
  const missing: string[] = []
  for (const inner of ['.millrace-tmp', '_millrace']) {
    if (!(await exists(join(root, inner)))) missing.push(join(root, inner))
  }
  for (let path = root; !(await exists(path)); path = dirname(path)) missing.push(path)
  return missing
}
