import { MillraceError } from '@millrace/base'
import type { ObjectStore } from '@millrace/store'

/** Object of the raw landing as it was listed. A different size or time makes it a different object. */
export interface RawObject {
  readonly key: string
  readonly size: number
  /** Milliseconds since 1970. */
  readonly modified: number
}

/** Input of a run for one data set. */
export type TableInput =
  /** Rows that were added to a table of the lake after version `after` and up to `version`. */
  | { readonly kind: 'table'; readonly path: string; readonly after: number | null; readonly version: number }
  | { readonly kind: 'objects'; readonly objects: readonly RawObject[] }

/**
 * Plan of a run. It is written before anything is read, so that every try of the run reads the same input and gives the
 * same result.
 */
export interface Manifest {
  readonly date: string
  /** Number of the attempt at this date, from 1. */
  readonly attempt: number
  /** When the run was planned, in milliseconds since 1970. */
  readonly made: number
  /** Whether the run reads everything and replaces all earlier runs. */
  readonly full: boolean
  /** Hash of data sets, questions and rule versions. */
  readonly rules: string
  readonly source: string
  /** Address of the raw landing as it was given, or null for the tables of the lake. */
  readonly raw: string | null
  /** Inputs by data set. */
  readonly inputs: Readonly<Record<string, TableInput>>
  /** The run whose input this one continues. */
  readonly previous: RunName | null
  /** Number of runs in the chain of `previous`. */
  readonly depth: number
  /** Last object that was read, by folder, for folders whose names sort by arrival. */
  readonly watermarks: Readonly<Record<string, RawObject>>
  /** Raw objects that no data set claims. */
  readonly unclaimed: number
  /** Objects that arrived out of order and that a listing from the watermark would have missed. */
  readonly missed: readonly string[]
}

export interface RunName {
  readonly date: string
  readonly attempt: number
}

const FOLDER = '_millrace/batch/'

const keyOf = ({ date, attempt }: RunName) => `${FOLDER}${date}/${String(attempt).padStart(5, '0')}.json`

const utf8 = new TextDecoder()

/** Lists all planned runs by date and attempt. */
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

/** Writes the manifest unless one exists, and returns the one in the store. Concurrent planners get the same plan. */
export async function writeManifest(store: ObjectStore, manifest: Manifest): Promise<Manifest> {
  await store.putIfAbsent(keyOf(manifest), new TextEncoder().encode(JSON.stringify(manifest)))
  return readManifest(store, manifest)
}

/** Counts of one table of a run. They are kept for the row that marks the run as finished. */
export interface TableNotes {
  readonly records: number
  readonly rows: number
  readonly duplicates: number
  readonly filtered: number
  readonly rejected: number
  /** Objects that could not be read. Later runs read them again once they have changed. */
  readonly rejectedObjects: readonly RawObject[]
  /** The commonest kinds of reasons for which records are rejected, the most frequent first. */
  readonly reasons: readonly { readonly reason: string; readonly records: number }[]
}

const notesKey = ({ date, attempt }: RunName, table: string) =>
  `${FOLDER}${date}/${String(attempt).padStart(5, '0')}.${table}.notes`

export async function writeNotes(store: ObjectStore, run: RunName, table: string, notes: TableNotes): Promise<void> {
  await store.put(notesKey(run, table), new TextEncoder().encode(JSON.stringify(notes)))
}

/** Returns the notes, or undefined if the run did not get that far. */
export async function readNotes(store: ObjectStore, run: RunName, table: string): Promise<TableNotes | undefined> {
  const bytes = await store.get(notesKey(run, table))
  return bytes && (JSON.parse(utf8.decode(bytes)) as TableNotes)
}
