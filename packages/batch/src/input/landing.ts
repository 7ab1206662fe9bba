import type { ObjectStore } from '@millrace/store'
import type { RawObject } from '../manifest.ts'

/** Objects that earlier runs have read. */
export interface ReadBefore {
  readonly watermarks: Readonly<Record<string, RawObject>>
  /** Returns the objects as they were when last read, by key. It is called only if the names are not enough. */
  seen(): Promise<ReadonlyMap<string, RawObject>>
  /** Returns the objects that were rejected as incomplete. */
  pending(): Promise<readonly RawObject[]>
}

export interface Landed {
  readonly objects: readonly RawObject[]
  readonly watermarks: Readonly<Record<string, RawObject>>
  readonly missed: readonly string[]
}

/** Matches the layout of Kafka Connect, in which the names of a folder sort by time of arrival. */
const IN_ORDER = /^(.*partition=\d+\/.+\+\d+\+)\d{10}\.[a-z.]+$/

/**
 * Lists the new objects of a landing. In folders whose names sort by arrival, the listing starts at the last object that
 * was read. Other folders are listed in full and compared with `before`. `everything` does that for all folders.
 */
export async function listLanding(store: ObjectStore, before: ReadBefore, everything: boolean): Promise<Landed> {
  const { ordered, others } = await listBeyond(store, everything ? {} : before.watermarks)
  const seen = others.length > 0 || everything ? await before.seen() : new Map<string, RawObject>()
  const unread = (object: RawObject) => !sameObject(seen.get(object.key), object)
  const beyond = everything ? ordered.filter(unread) : ordered
  const watermarks: Record<string, RawObject> = { ...before.watermarks }
  const missed: string[] = []
  for (const object of beyond) {
    const folder = folderOf(object.key) ?? ''
    const last = watermarks[folder]
    if (last && object.key <= last.key) missed.push(object.key)
    else watermarks[folder] = object
  }
  const objects = [...beyond, ...others.filter(unread)]
  return { objects: [...objects, ...(await mended(store, await before.pending(), objects))], watermarks, missed }
}

const folderOf = (key: string) => IN_ORDER.exec(key)?.[1]

async function listBeyond(store: ObjectStore, watermarks: Readonly<Record<string, RawObject>>) {
  const [ordered, others]: [RawObject[], RawObject[]] = [[], []]
  const known = new Set<string>()
  let after: string | undefined
  for (let again = true; again; ) {
    again = false
    for await (const { key, size, modified } of store.list('', after)) {
      const folder = folderOf(key)
      const last = folder === undefined ? undefined : watermarks[folder]
      if (folder !== undefined && last && !known.has(folder) && key <= last.key) {
        known.add(folder)
        // A topic that was deleted and created again repeats its first names, so the whole folder is new.
        if (await isUnchanged(store, last)) {
          after = last.key
          again = true
          break
        }
      }
      const list = folder === undefined ? others : ordered
      list.push({ key, size, modified })
    }
  }
  return { ordered, others }
}

/** Returns false if the object has changed. A missing object may have been cleaned up, so it counts as unchanged. */
async function isUnchanged(store: ObjectStore, object: RawObject): Promise<boolean> {
  const there = await find(store, object.key)
  return there === undefined || sameObject(there, object)
}

async function find(store: ObjectStore, wanted: string): Promise<RawObject | undefined> {
  for await (const { key, size, modified } of store.list(wanted)) {
    return key === wanted ? { key, size, modified } : undefined
  }
  return undefined
}

/** Returns the pending objects that have changed since they were rejected. */
async function mended(
  store: ObjectStore,
  pending: readonly RawObject[],
  listed: readonly RawObject[],
): Promise<RawObject[]> {
  const there = new Set(listed.map(({ key }) => key))
  const found: RawObject[] = []
  for (const object of pending) {
    const now = there.has(object.key) ? undefined : await find(store, object.key)
    if (now && !sameObject(now, object)) found.push(now)
  }
  return found
}

function sameObject(a: RawObject | undefined, b: RawObject): boolean {
  return a?.size === b.size && a.modified === b.modified
}
