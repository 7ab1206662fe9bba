import { MillraceError } from '@millrace/base'
import type { ObjectStore } from '@millrace/store'

/** An object of the raw landing, as it was listed: another size or time is another object. */
export interface RawObject {
  readonly key: string
  readonly size: number
  /** Milliseconds since 1970. */
  readonly modified: number
}

/** Exactly what a run reads of one data set. */
export type TableInput =
  /** The rows that came into a table of the lake after one version and up to another. */
  | { readonly kind: 'table'; readonly path: string; readonly after: number | null; readonly version: number }
  | { readonly kind: 'objects'; readonly objects: readonly RawObject[] }

/**
 * A run's plan, written before anything is read: whoever does the run, and however often it is begun again,
 * reads the same and makes the same.
 */
export interface Manifest {
  readonly date: string
  /** 1, and one more each time that the date is done anew. */
  readonly attempt: number
  /** When it was planned, milliseconds since 1970. */
  readonly made: number
  /** Reads everything, and takes the place of all earlier runs. */
  readonly full: boolean
  /** Of all that decides what becomes of a record. */
  readonly rules: string
  readonly source: string
  /** The address of the raw landing as it was given; null: the tables of the lake. */
  readonly raw: string | null
  /** By data set. */
  readonly inputs: Readonly<Record<string, TableInput>>
  /** The run whose input this one goes on from. */
  readonly previous: RunName | null
  /** How many runs it goes on from. */
  readonly depth: number
  /** By folder of a landing whose names are in order: the last object that has been read. */
  readonly watermarks: Readonly<Record<string, RawObject>>
  /** Raw objects that no data set claims. */
  readonly unclaimed: number
  /** Objects that listing from the last one read would have missed. */
  readonly missed: readonly string[]
}

export interface RunName {
  readonly date: string
  readonly attempt: number
}

const FOLDER = '_millrace/batch/'

const keyOf = ({ date, attempt }: RunName) => `${FOLDER}${date}/${String(attempt).padStart(5, '0')}.json`

const utf8 = new TextDecoder()

/** Every run that was ever planned, in order of date and attempt. */
export async function listPlanned(store: ObjectStore): Promise<RunName[]> {
  const names: RunName[] = []
  for await (const key of store.keys(FOLDER)) {
    const match = /^(\d{4}-\d\d-\d\d)\/(\d+)\.json$/.exec(key.slice(FOLDER.length))
    if (match?.[1] && match[2]) names.push({ date: match[1], attempt: Number(match[2]) })
  }
  return names
}

export async function readManifest(store: ObjectStore, name: RunName): Promise<Manifest> {
  const bytes = await store.get(keyOf(name))
  if (bytes) return JSON.parse(utf8.decode(bytes)) as Manifest
  throw new MillraceError('TABLE_BROKEN', `${store.url}/${keyOf(name)} is gone: the plan of the run of ${name.date}`)
}

/** Two that plan the same run at once both get the plan that came first. */
export async function writeManifest(store: ObjectStore, manifest: Manifest): Promise<Manifest> {
  await store.putIfAbsent(keyOf(manifest), new TextEncoder().encode(JSON.stringify(manifest)))
  return readManifest(store, manifest)
}

/** What is known of a table of a run when it is written: kept for the row that ends the run. */
export interface TableNotes {
  readonly records: number
  readonly rows: number
  readonly duplicates: number
  readonly filtered: number
  readonly refused: number
  /** Objects that could not be read: tried again once they have changed. */
  readonly refusedObjects: readonly RawObject[]
}

const notesKey = ({ date, attempt }: RunName, table: string) =>
  `${FOLDER}${date}/${String(attempt).padStart(5, '0')}.${table}.notes`

export async function writeNotes(store: ObjectStore, run: RunName, table: string, notes: TableNotes): Promise<void> {
  await store.put(notesKey(run, table), new TextEncoder().encode(JSON.stringify(notes)))
}

/** Undefined: the run did not come so far. */
export async function readNotes(store: ObjectStore, run: RunName, table: string): Promise<TableNotes | undefined> {
  const bytes = await store.get(notesKey(run, table))
  return bytes && (JSON.parse(utf8.decode(bytes)) as TableNotes)
}
