import type { ObjectStore } from '@millrace/store'

/** Sorts right after everything that begins with the folder's name and a slash. */
const AFTER_SLASH = '0'

/** The folders of the lake that hold a table, in order. Asks for the first key of a folder, not for all of them. */
export async function listTables(store: ObjectStore): Promise<string[]> {
  const tables: string[] = []
  let after: string | undefined
  for (let key = await firstKey(store, '', after); key !== undefined; key = await firstKey(store, '', after)) {
    const table = await tableAround(store, key)
    if (table !== undefined) tables.push(table)
    after = table === undefined ? key : `${table}${AFTER_SLASH}`
  }
  return tables
}

/** The outermost folder on the way to `key` that has a log. */
async function tableAround(store: ObjectStore, key: string): Promise<string | undefined> {
  const folders = key.split('/').slice(0, -1)
  for (const depth of folders.keys()) {
    const folder = folders.slice(0, depth + 1).join('/')
    if ((await firstKey(store, `${folder}/_delta_log/`)) !== undefined) return folder
  }
  return undefined
}

async function firstKey(store: ObjectStore, prefix: string, after?: string): Promise<string | undefined> {
  for await (const key of store.keys(prefix, after)) return key
  return undefined
}
