import type { ObjectStore } from '@millrace/store'
import type { RawObject } from '../manifest.ts'

/** What earlier runs have read. */
export interface ReadBefore {
  readonly watermarks: Readonly<Record<string, RawObject>>
  /** By key, as it was when it was read last; asked for only where the names alone don't tell. */
  seen(): Promise<ReadonlyMap<string, RawObject>>
  /** Refused as incomplete. */
  pending(): Promise<readonly RawObject[]>
}

export interface Landed {
  readonly objects: readonly RawObject[]
  readonly watermarks: Readonly<Record<string, RawObject>>
  readonly missed: readonly string[]
}

/** In the layout of Kafka Connect a folder's names are in the order in which they came. */
const IN_ORDER = /^(.*partition=\d+\/.+\+\d+\+)\d{10}\.[a-z.]+$/

/**
 * What is new in a landing. Where names come in order, the listing begins at the last one that was read; all
 * else is listed in full and compared with what has been read. `everything` trusts no order.
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
        // A topic that was made anew has written its first names once more: nothing in the folder is known then.
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

/** An object that is gone has been cleaned away; that alone says nothing. */
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

/** Those refused before that are not as they were. */
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
